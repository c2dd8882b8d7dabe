# SPDX-License-Identifier: ISC
"""quickstart's greylist: by the filter itself, or with --postgrey by the real
postgrey.  A mail server that nobody knows is asked to come again, and does.
Raises (check() does) when something is not what should be.
"""

import os
import re
import shutil
import time

import mail
from client import Client
from greyservers import Postgrey
from harness import check, equal

DELAY = 2
KNOWN = "198.51.100.0/24"       # a network that does not have to wait
SRC = "203.0.113.40"
RCPT = "alice+polite@example.org"


def start_grey(t, real):
    """The filter's line of smtpd.conf."""
    where = os.path.join(t.dir, "grey")
    os.makedirs(where)
    known = os.path.join(where, "known")
    with open(known, "w") as file:
        file.write(KNOWN + "\n")
    shutil.chown(where, "opensmtpd", "opensmtpd")
    how = "-o db=%s/greylist.db -o delay=%ds" % (where, DELAY)
    if real:
        check(Postgrey.program(), "there is no postgrey")
        daemon = Postgrey(os.path.join(t.dir, "postgrey"), delay=DELAY)
        t.cleanup.append(daemon.close)
        how = "-s " + daemon.server
    return t.filter("grey", "filter-postgrey %s -o client-whitelist=%s" %
                    (how, known))


def logged(t, pattern):
    pattern = r"src=203\.0\.113\.40\b.*" + pattern
    t.server.wait_log(pattern)
    line = t.server.filters_logged(pattern)[-1]
    return re.sub(r"^.*?(?=[0-9a-f]{16} src=)", "", line)


def row_first(t, pause):
    """a mail server that nobody knows: it waits for the greeting"""
    start = time.monotonic()
    client = Client(25, src=SRC, dst="192.0.2.25")
    took = time.monotonic() - start
    check(pause - 0.2 < took < pause + 2, "the greeting took %.1f s", took)
    client.hello("mail.example")
    reply = client.send(mail.plain("from polite"), RCPT)
    check(reply[0] in (450, 451), "reply %s", reply)
    client.quit()
    return "greeted after %.1f s, and asked to come again" % took, [
        ("reply", reply[1]), ("log", logged(t, "action=pause")),
        ("log", logged(t, "action=(?:greylist reason=new|tempfail)"))]


def row_retry(t):
    """the same mail server, some seconds later"""
    time.sleep(max(0, DELAY - 1))       # and it waits for the greeting again
    client = Client(25, src=SRC, dst="192.0.2.25")
    client.hello("mail.example")
    message = mail.plain("from polite")
    reply = client.send(message, RCPT)
    equal(reply[0], 250, "reply to the message")
    client.quit()
    top, _, rest = mail.split(t.mail_to(RCPT))
    equal(rest, message, "the message that arrived")
    stamp = re.search(rb"^X-Greylist: delayed \d+ seconds by .*", top, re.M)
    check(stamp, "no X-Greylist in %s", top)
    return "delivered, and known from now on", [
        ("reply", reply[1]), ("header", stamp.group().decode()),
        ("log", logged(t, "action=pass reason=(?:triplet-found|policy)"))]
