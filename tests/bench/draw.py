# SPDX-License-Identifier: ISC
"""What whole measured, as a picture: two bars a row, the longer one is the
larger figure.  Its text can be read on light and on dark ground, also where
nobody asks which of them it is.

usage: draw.py whole.json whole.svg
"""

import html
import json
import sys

SHOWN = {
    "in_rate": "Incoming mails a second", "out_rate": "Outgoing mails a second",
    "in_accept": "MAIL to 250, incoming", "out_accept": "MAIL to 250, outgoing",
    "in_there": "A mail alone, to the mailbox",
    "out_there": "A mail alone, to the next server",
    "in_cpu": "CPU of an incoming mail", "out_cpu": "CPU of an outgoing mail",
    "memory": "Memory", "memory_else": "Memory, without SpamAssassin",
    "processes": "Processes", "ports": "TCP ports"}
WIDTH, LEFT, BAR, ROW, TOP = 760, 250, 400, 46, 64
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #6e7781 }
.title { font-weight: 600; font-size: 15px }
.small { font-size: 11px }
.proxies { fill: #8c959f }
.filters { fill: #1a7f37 }
@media (prefers-color-scheme: light) {
  text { fill: #24292f }
}
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .proxies { fill: #6e7681 }
  .filters { fill: #3fb950 }
}
"""


def bar(row, name, top, most):
    width = max(2, BAR * row[name] / most)
    label = row["form"] % row[name]
    return ('<rect class="%s" x="%d" y="%d" width="%.1f" height="15" rx="2"/>'
            '<text class="small" x="%.1f" y="%d">%s</text>\n' % (
                name, LEFT, top, width, LEFT + width + 6, top + 12,
                html.escape(label)))


def times(row):
    """What the ratio says, in a word."""
    ratio = row["ratio"]
    if ratio >= 1:
        return "%.1f times" % ratio if ratio > 1.05 else "the same"
    return "1/%.1f" % (1 / ratio) if ratio < 0.95 else "the same"


def draw(rows, path):
    rows = [row for row in rows if row["key"] in SHOWN]
    height = TOP + ROW * len(rows)
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
             'viewBox="0 0 %d %d" role="img" aria-label="A mail server with '
             'filters beside one with proxies">\n<style>%s</style>\n' % (
                 WIDTH, height, WIDTH, height, STYLE),
             '<text class="title" x="12" y="24">The same smtpd, mails and '
             'SpamAssassin with nine rules</text>\n']
    for n, (name, what) in enumerate((
            ("proxies", "spampd and a signing proxy"),
            ("filters", "filters: pause, greylist, score, sign"))):
        x = LEFT + n * 220
        parts.append('<rect class="%s" x="%d" y="36" width="12" height="12" '
                     'rx="2"/><text class="small" x="%d" y="46">%s</text>\n' %
                     (name, x, x + 18, what))
    for n, row in enumerate(rows):
        top = TOP + n * ROW
        most = max(row["proxies"], row["filters"])
        parts.append('<text x="12" y="%d">%s</text>\n<text class="small" '
                     'x="12" y="%d">%s</text>\n' % (
                         top + 13, html.escape(SHOWN[row["key"]]), top + 29,
                         times(row)))
        parts.append(bar(row, "proxies", top, most))
        parts.append(bar(row, "filters", top + 17, most))
    with open(path, "w") as file:
        file.writelines(parts + ["</svg>\n"])


if __name__ == "__main__":
    with open(sys.argv[1]) as data:
        draw(json.load(data), sys.argv[2])
