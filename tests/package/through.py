#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Mail through the installed filters, as new.conf has them, into a maildir.

usage: through.py MAILDIR

A stranger waits for the banner, is told to come back, and does; the mail of a
user is signed.  Exits with what is not so.
"""

import os
import sys
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TESTS, "smtpd"))

from client import send  # noqa: E402

HERE = {"src": "198.51.100.7", "dst": "192.0.2.25"}
MESSAGE = """From: Alice <alice@example.org>
To: alice@example.org
Subject: %s
Date: Tue, 03 Feb 2026 10:11:12 +0100
Message-ID: <%s@example.org>

Hello.
"""


def mail(port, subject):
    return send(port, (MESSAGE % (subject, subject)).encode(), **HERE)


def expect(what, ok):
    if not ok:
        sys.exit("through: " + str(what))


def delivered(maildir, subject):
    new = os.path.join(maildir, "new")
    for _ in range(50):
        for name in os.listdir(new) if os.path.isdir(new) else []:
            with open(os.path.join(new, name), "rb") as f:
                message = f.read()
            if b"Subject: " + subject in message:
                return message
        time.sleep(0.2)
    return sys.exit("through: not in the maildir: " + subject.decode())


def main(maildir):
    start = time.monotonic()
    reply = mail(25, "stranger")
    expect(reply, reply[0] == 451 and "reylist" in reply[1])
    expect("the banner came at once", time.monotonic() - start >= 1)
    time.sleep(1.5)
    reply = mail(25, "stranger")
    expect(reply, reply[0] == 250)
    expect("no trace of greylisting",
           b"X-Greylist" in delivered(maildir, b"stranger"))
    reply = mail(2525, "signed")
    expect(reply, reply[0] == 250)
    expect("no signature",
           b"DKIM-Signature" in delivered(maildir, b"signed"))


main(sys.argv[1])
