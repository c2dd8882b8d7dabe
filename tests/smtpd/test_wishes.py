# SPDX-License-Identifier: ISC
"""What milters wish and smtpd can't do by itself: copies, marks, discards."""

import os
import subprocess
import sys
import time

import mail
from client import send
from harness import HERE, check, equal, soon, wait

MILTER = os.path.join(HERE, "..", "talk", "milter", "milter.py")


def start(t, options="", more=""):
    """smtpd with a milter that obeys its mails, and a listener without."""
    path = os.path.join(t.dir, "milter")
    milter = subprocess.Popen([sys.executable, MILTER, path],
                              stdout=subprocess.PIPE)
    t.cleanup.append(milter.kill)
    milter.stdout.readline()
    os.chmod(path, 0o777)
    conf = t.filter("m", "filter-milter -s unix:%s %s" % (path, options))
    return t.start(conf + 'listen on 127.0.0.1 port 2525 filter "m"\n' + more)


def message(*orders):
    return b"".join(b"X-Do: %s\n" % o.encode() for o in orders) + mail.plain()


def test_copies(t):
    """Added recipients get the message as it became, and only they."""
    start(t, "-o inject=127.0.0.1:2500", "listen on 127.0.0.1 port 2500\n")
    equal(send(2525, message("rcpt <alice+copy@example.org>", "add X-A|1",
                             "from <new@example.org>", "body .\\r\\n..\\r\\n"),
               "alice+1@example.org")[0], 250, "reply")
    mine = t.mail_to("alice+1@example.org")
    copy = t.mail_to("alice+copy@example.org")
    check(b"\nX-A: 1\n" in mine, "no field in %s", mine)
    check(copy.startswith(b"Return-Path: <new@example.org>"), "%s", copy)
    check(mail.split(mine)[1] in copy, "not the same mail: %s", copy)
    equal(copy.partition(b"\n\n")[2], mine.partition(b"\n\n")[2], "body")
    t.server.wait_log("action=injected rcpts=1")


def test_behind_others(t):
    """A filter before it that keeps MAIL or RCPT from it hides no mail."""
    chains = [(word, phase) for phase in ("mail-from", "rcpt-to")
              for word in ("junk", "bypass")]
    more = "table here { 127.0.0.1 }\n"
    for n, (word, phase) in enumerate(chains):
        more += 'filter "f%d" phase %s match src <here> %s\n' \
            'listen on 127.0.0.1 port %d filter { "f%d", "m" }\n' % (
                n, phase, word, 2600 + n, n)
    start(t, more=more)
    for n, (word, _) in enumerate(chains):
        began, rcpt = time.monotonic(), "alice+%d@example.org" % n
        equal(send(2600 + n, message("add X-A|%d" % n), rcpt)[0], 250, "reply")
        soon(time.monotonic() - began, 5, "the reply")
        mine = t.mail_to(rcpt, folder="junk" if word == "junk" else "new")
        check(b"\nX-A: %d\n" % n in mine, "no field in %s", mine)


def test_copies_not_of_refused(t):
    """What smtpd did not take, nobody gets."""
    start(t, "-o inject=127.0.0.1:2500 -o quarantine=reject",
          "listen on 127.0.0.1 port 2500\n")
    equal(send(2525, message("rcpt alice+copy@example.org", "quarantine virus"),
               "alice+1@example.org")[0], 550, "reply")
    equal(send(2525, message("rcpt alice+copy@example.org"),
               "alice+2@example.org")[0], 250, "reply")
    t.mail_to("alice+2@example.org")
    t.mail_to("alice+copy@example.org")
    equal(len(t.mails()), 2, "mails")


def test_copy_waits(t):
    """Nobody listens there: the mail is accepted, the copy tried again."""
    start(t, "-o inject=127.0.0.1:2511")
    equal(send(2525, message("rcpt alice+copy@example.org"),
               "alice+1@example.org")[0], 250, "reply")
    t.mail_to("alice+1@example.org")
    t.server.wait_log("action=inject ")
    t.server.wait_log("2511.*[Rr]efused")


def test_quarantine(t):
    start(t)
    equal(send(2525, message("quarantine a virus"),
               "alice+1@example.org")[0], 250, "reply")
    got = wait(lambda: t.mails() + t.mails(folder="junk"), "the mail")[0]
    check(b"X-Spam: Yes\nX-Milter-Quarantine: a virus\n" in got, "%s", got)


def test_discard(t):
    """At RCPT to the address that throws away; at the end as the key says."""
    start(t, "-o discard-to=alice+sink@example.org -o discard=tempfail")
    equal(send(2525, message(), "alice+rcpt=d@example.org")[0], 250, "reply")
    t.mail_to("alice+sink@example.org")
    equal(len(t.mails()), 1, "mails")
    equal(send(2525, message(), "alice+eom=d@example.org")[0], 451, "reply")
    equal(send(2525, message("unrcpt <alice+1@example.org>"),
               "alice+1@example.org")[0], 451, "reply")
    equal(len(t.mails()), 1, "mails")


def test_discard_as_in_the_manual(t):
    """discard-to and the lines of smtpd.conf in EXAMPLES: silence."""
    start(t, "-o discard-to=nobody@localhost",
          'action "sink" mda "cat > /dev/null"\n'
          'match from any for rcpt-to "nobody@localhost" action "sink"\n')
    equal(send(2525, message(), "alice+rcpt=d@example.org")[0], 250, "reply")
    equal(send(2525, message(), "alice+1@example.org")[0], 250, "reply")
    t.mail_to("alice+1@example.org")
    equal(len(t.mails()), 1, "mails")
