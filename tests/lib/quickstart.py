# SPDX-License-Identifier: ISC
"""quickstart's second half, inside the sandbox: a server, mail, a table.

Each row of the table is a function: it plays one client and returns what
became of it, with the proof.  It raises (check() does) when that is not what
should be.  A filter that comes new adds its line to CONF and its rows to ROWS.
"""

import os
import re
import signal
import sys
import textwrap
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "smtpd")]

import harness  # noqa: E402
import mail  # noqa: E402
from client import Client  # noqa: E402
from greyed import DELAY, row_first, row_retry, start_grey  # noqa: E402
from harness import check, equal, wait  # noqa: E402
from outgoing import row_outgoing, sendmail, start_signer  # noqa: E402
from scored import row_ham, row_spam, start_spamd  # noqa: E402

PAUSE = 3
RULES = """\
# filter-pause -f FILE: see filter-pause(8)
seconds {pause}
early disconnect
rule 198.51.100.0/24 skip
rule .pool.example tempfail
"""
CONF = """\
listen on socket filter {{ "pause", "tag", "dkim" }}
listen on 192.0.2.25 port 25 filter {{ "pause", "grey", "spam", "tag" }}
"""


def logged(t, pattern):
    """The first line of smtpd's log like this, without its front."""
    wait(lambda: re.search(pattern, t.server.log()), "log line " + pattern)
    line = t.server.filters_logged(pattern)[0]
    return re.sub(r"^.*?(?=[0-9a-f]{16} src=|worker )", "", line)


def connect(src, **how):
    start = time.monotonic()
    client = Client(25, src=src, dst="192.0.2.25", **how)
    return client, time.monotonic() - start


def deliver(t, client, tag):
    """One mail through an open session: (reply, header of the filter)."""
    rcpt = "alice+%s@example.org" % tag
    message = mail.plain("from " + tag)
    client.hello("mail.example")
    reply = client.send(message, rcpt)
    equal(reply[0], 250, "reply to the message")
    client.quit()
    top, _, rest = mail.split(t.mail_to(rcpt))
    equal(rest, message, "the message that arrived")
    check(top.startswith(b"X-Lines: "), "filter-tag's header is missing")
    return reply[1], top.decode().split("\n")[0]


def row_early(t):
    """a bot that does not wait: it talks before it was greeted"""
    client, _ = connect("203.0.113.20", greet=False)
    client.raw(b"EHLO bot\r\n")
    reply = client.reply()
    equal(reply[0], 554, "reply")
    check(client.closed(), "the connection stayed open")
    client.close()
    return "refused and cut off", [
        ("reply", reply[1]), ("log", logged(t, r"src=203\.0\.113\.20\b.*talk"))]


def row_gone(t):
    """a bot in a hurry: it hangs up after a second without a greeting"""
    client, _ = connect("203.0.113.30", greet=False)
    time.sleep(1)
    equal(client.buf, b"", "what it was told")
    client.close()
    return "went away, sent nothing", [
        ("log", logged(t, r"src=203\.0\.113\.30\b.*gone"))]


def row_polite(t):
    return row_first(t, PAUSE)


row_polite.__doc__ = row_first.__doc__


def row_exempt(t):
    """a partner's mail server: its network is in the lists"""
    client, took = connect("198.51.100.7")
    check(took < 1, "the greeting took %.1f s", took)
    reply, header = deliver(t, client, "partner")
    return "greeted at once, delivered", [
        ("reply", reply), ("header", header),
        ("log", logged(t, r"src=198\.51\.100\.7\b.*action=skip"))]


def row_pool(t):
    """a dial-up host: its name has the rule `tempfail'"""
    client, _ = connect("203.0.113.9", greet=False)
    reply = client.reply()
    equal(reply[0], 421, "reply")
    client.close()
    return "sent away, may come back", [
        ("reply", reply[1]),
        ("log", logged(t, r"src=203\.0\.113\.9\b.*action=tempfail"))]


def row_local(t):
    """a user of this machine: sendmail(1)"""
    start = time.monotonic()
    sendmail("bob@example.org", "alice+local@example.org", mail.plain("hello"))
    got = t.mail_to("alice+local@example.org")
    check(time.monotonic() - start < PAUSE - 0.5, "it was made to wait")
    return "delivered at once", [
        ("header", re.search(rb"X-Lines: \d+", got).group().decode()),
        ("log", logged(t, r"reason=exempt-local"))]


def row_killed(t):
    """filter-tag killed (SIGKILL), as by a crash, and a mail after it"""
    pid = harness.worker_of("filter-tag")
    os.kill(pid, signal.SIGKILL)
    client, _ = connect("198.51.100.8")
    reply, header = deliver(t, client, "after")
    return "smtpd lives, mail goes on", [
        ("log", logged(t, r"worker \d+ died")), ("reply", reply),
        ("header", header)]


ROWS = (row_early, row_gone, row_polite, row_retry, row_exempt, row_pool,
        row_ham, row_spam, row_local, row_outgoing, row_killed)


def show(who, outcome, proofs):
    first = textwrap.wrap(who, 34)
    then = textwrap.wrap(outcome, 34)
    for n in range(max(len(first), len(then))):
        print("%-36s %s" % (first[n] if n < len(first) else "",
                            then[n] if n < len(then) else ""))
    for kind, text in proofs:
        print(textwrap.fill(text, 79, initial_indent="    %-7s " % kind,
                            subsequent_indent=" " * 12))
    print(flush=True)


def main():
    os.makedirs(os.path.join(harness.RUN, "bin"), exist_ok=True)
    t = harness.Test("quickstart")
    milter = "--milter" in sys.argv
    rules = os.path.join(t.dir, "pause.conf")
    with open(rules, "w") as file:
        file.write(RULES.format(pause=PAUSE))
    t.start(t.filter("pause", "filter-pause -f " + rules) +
            t.filter("tag", "filter-tag") +
            start_grey(t, "--postgrey" in sys.argv) + start_spamd(t) +
            start_signer(t, milter) + CONF.format())
    print("\nsmtpd %s, with filter-pause (%d s), filter-postgrey (%d s), "
          "filter-spamassassin\nand filter-tag in front, which counts "
          "lines, only to be killed below; and\n%s for what goes out:\n\n"
          "%-36s %s\n%s" % (harness.version(), PAUSE, DELAY,
                            "OpenDKIM, on libmilter," if milter else
                            "filter-dkimsign", "who came",
                            "what became of it, and the proof", "-" * 79))
    bad = 0
    for row in ROWS:
        try:
            outcome, proofs = row(t)
        except Exception as error:
            bad += 1
            outcome, proofs = "NOT AS IT SHOULD BE", [("why", str(error))]
        show(row.__doc__, outcome, proofs)
    try:
        t.server.healthy()
    except harness.Failure as failure:
        bad += 1
        print("smtpd is not well: %s" % failure)
    print("%d of %d as it should be\n" % (len(ROWS) - bad, len(ROWS)),
          flush=True)
    if bad:
        print("smtpd's log is in %s" % t.server.logname)
    if "--keep" in sys.argv and not bad:
        with open(os.path.join(harness.RUN, "kept"), "w") as file:
            file.write(t.dir)
        t.server.process.wait()
    elif not bad:
        t.stop()
    t.close()
    sys.exit(bad > 0)


main()
