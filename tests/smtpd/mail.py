# SPDX-License-Identifier: ISC
"""What a message is after smtpd: compare mail delivered with and without a
filter, or with what was sent.

smtpd puts Return-Path, Delivered-To and its Received above a message and adds
Date and Message-ID where they are missing; all of these differ from one
delivery to the next and are made equal here.  Every other byte counts.
"""

import glob
import os
import re

import harness

STAMP = re.compile(rb"\w{3}, +\d+ \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4} \(\w+\)")
RECEIVED = re.compile(rb"^Received: ?(?:from [^\n]*)?\n?\tby mx\.example\.org "
                      rb"\(OpenSMTPD\) with E?SMTPS?A? id [0-9a-f]{8}[^\n]*\n"
                      rb"(\tfor <[^\n]*>;\n)?\t[^\n]*", re.M)
ENVELOPE = re.compile(rb"\A(Return-Path: [^\n]*\n|Delivered-To: [^\n]*\n)*")


def split(mail):
    """(lines that filters put on top, smtpd's Received, the rest)."""
    mail = ENVELOPE.sub(b"", mail, 1)
    received = RECEIVED.search(mail)
    harness.check(received, "no Received of smtpd in %s", mail[:300])
    return (mail[:received.start()], received.group(),
            mail[received.end() + 1:])


def same(mail, sent):
    """The message as smtpd had it from the client."""
    head, separator, body = mail.partition(b"\n\n")
    names = {line.split(b":")[0].lower() for line in
             sent.partition(b"\n\n")[0].split(b"\n")}
    if b"date" not in names:
        head = re.sub(rb"^Date: " + STAMP.pattern, b"Date: x", head,
                      flags=re.M)
    if b"message-id" not in names:
        head = re.sub(rb"^Message-ID: <[0-9a-f]+@mx\.example\.org>",
                      b"Message-ID: x", head, flags=re.M)
    return head + separator + body


def difference(got, want):
    """Where two messages part, in words."""
    at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b),
              min(len(got), len(want)))
    return "byte %d of %d/%d: %r, not %r" % (
        at, len(got), len(want), got[max(0, at - 30):at + 40],
        want[max(0, at - 30):at + 40])


def own():
    """The project's messages: [(name, bytes)]."""
    return directory(os.path.join(harness.HERE, "..", "messages"))


def directory(path):
    return [(os.path.basename(p), harness.read(p)) for p in
            sorted(glob.glob(os.path.join(path, "*"))) if os.path.isfile(p) and
            not p.endswith(".md")]


def plain(subject="test", body=b"Hello.\n", **fields):
    """A small message with all that smtpd would else add."""
    head = "From: Joe <joe@example.com>\nTo: alice@example.org\n" \
        "Subject: %s\nDate: Tue, 03 Feb 2026 10:11:12 +0100\n" \
        "Message-ID: <%s@example.com>\n" % (subject, os.urandom(8).hex())
    head += "".join("%s: %s\n" % (k.replace("_", "-"), v)
                    for k, v in fields.items())
    return head.encode("latin-1") + b"\n" + body


def large(size):
    """A message of about so many bytes, no two lines the same."""
    lines, have, n = [], 0, 0
    while have < size:
        line = b"%08d " % n + b"x" * (n % 90) + b"\n"
        lines.append(b"." + line if n % 100 == 0 else line)
        have += len(line)
        n += 1
    return plain("large", b"".join(lines))
