# SPDX-License-Identifier: ISC
"""quickstart's spam and ham: a spamd of its own, with a few rules that take no
time, and what its verdict did.  Raises (check() does) when that is not what
should be.
"""

import os
import re

import assassin
import mail
from client import Client
from harness import check, equal

SRC = "198.51.100.9"            # of a network that does not have to wait


def start_spamd(t):
    """The filter's line of smtpd.conf."""
    check(assassin.program(), "there is no spamd")
    spamd = assassin.Spamd(os.path.join(t.dir, "spamd"))
    t.cleanup.append(spamd.close)
    return t.filter("spam", "filter-spamassassin -s junk -o server=" +
                    spamd.server)


def deliver(t, name, body, folder):
    """What arrived in this folder: (fields of the filter, log line)."""
    message = mail.plain(name, body)
    head, _, text = message.partition(b"\n\n")
    forged = head + b"\nX-Spam-Status: No, score=-100\n\n" + text
    client = Client(25, src=SRC, dst="192.0.2.25")
    client.hello("mail.example")
    rcpt = "alice+%s@example.org" % name
    equal(client.send(forged, rcpt)[0], 250, "reply to the message")
    client.quit()
    top, _, rest = mail.split(t.mail_to(rcpt, folder=folder))
    equal(rest, message, "the message that arrived")
    wanted = re.findall(r"^X-Spam(?:-Flag|-Status)?: .*(?:\n[ \t].*)*",
                        top.decode(), re.M)
    pattern = r"src=198\.51\.100\.9\b.*action=%s spam=" % (
        "junk" if folder == "junk" else "pass")
    t.server.wait_log(pattern)
    line = t.server.filters_logged(pattern)[0]
    return [("header", re.sub(r"\s+", " ", field)) for field in wanted] + [
        ("log", re.sub(r"^.*?(?=[0-9a-f]{16} src=)", "", line))]


def row_ham(t):
    """an honest mail, though it says so itself"""
    proofs = deliver(t, "ham", b"We meet on Friday.\n", "new")
    equal([p[1].split(",")[0] for p in proofs[:-1]], ["X-Spam-Status: No"],
          "the fields")
    return "scored and delivered, without its own word for it", proofs


def row_spam(t):
    """a spam (GTUBE), with a forged verdict"""
    proofs = deliver(t, "spam", assassin.GTUBE, "junk")
    equal([p[1].split(",")[0] for p in proofs[:-1]],
          ["X-Spam: Yes", "X-Spam-Flag: YES", "X-Spam-Status: Yes"],
          "the fields")
    return "scored, in alice's junk folder", proofs
