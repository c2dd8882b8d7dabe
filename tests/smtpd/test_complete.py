# SPDX-License-Identifier: ISC
"""Addresses that smtpd completes, against what filter-dkimsign thinks of them.

Each field of addresses.txt goes through a plain smtpd, without any filter.
What is delivered must be what complete_addresses() said, and smtpd must leave
that alone when it comes again; where it says that there is no such text, smtpd
must change its own result once more.
"""

import os
import re
import subprocess

import harness
import mail
from client import Client
from harness import check, equal, wait

COMPLETED = ("from", "to", "cc")


def fields():
    """[(name with its ':', value)] of addresses.txt."""
    found = []
    with open(os.path.join(harness.HERE, "addresses.txt"), "rb") as file:
        for line in file.read().split(b"\n"):
            if line[:1] in (b" ", b"\t"):
                found[-1] += b"\n" + line
            elif line and not line.startswith(b"#"):
                found.append(line)
    cut = [re.match(rb"([^:]*:)(.*)", f, re.S).groups() for f in found]
    check(len(cut) > 90, "only %d fields", len(cut))
    return cut


def greeted():
    client = Client(2500)
    equal(client.hello()[0], 250, "reply to EHLO")
    return client


def predict(host, pairs):
    """What complete_addresses() says: [(verdict, value)]."""
    major, minor = str(harness.version()).split(".")
    version = "%d%02d00" % (int(major), int(minor))
    path = os.path.join(harness.BUILD, "tests/filters/complete-values")
    values = [v for n, v in pairs]
    said = subprocess.run([path, host, version], check=True,
                          input=b"".join(v + b"\0" for v in values),
                          stdout=subprocess.PIPE).stdout
    answers = [a.split(b":", 1) for a in said.split(b"\0")[:-1]]
    equal(len(answers), len(values), "answers of complete-values")
    return [(int(verdict), new if verdict == b"1" else value)
            for (verdict, new), value in zip(answers, values)]


def delivered(t, run, pairs):
    """Each field by a message of its own: the values that come out."""
    client = greeted()
    for n, (name, value) in enumerate(pairs):
        if n % 50 == 49:        # smtpd takes 100 in a session
            client.quit()
            client = greeted()
        message = b"%s%s\nSubject: %s %d\n\nbody\n" % (
            name, value, run.encode(), n)
        reply = client.send(message, "alice+%s@example.org" % run)
        equal(reply[0], 250, "reply to %r" % value)
    client.quit()

    def those():
        mails = [m for m in t.mails() if b"\nSubject: %s " % run.encode() in m]
        return mails if len(mails) == len(pairs) else None
    out = [None] * len(pairs)
    for message in wait(those, "%d mails" % len(pairs), 60):
        rest = mail.split(message)[2]
        n = int(re.search(rb"\nSubject: \w+ (\d+)\n", rest).group(1))
        out[n] = rest[len(pairs[n][0]):rest.index(b"\nSubject: ")]
        equal(rest[:len(pairs[n][0])], pairs[n][0], "name of the field")
    return out


def test_complete(t):
    t.start("listen on 127.0.0.1 port 2500\n")
    host = greeted().greeting[1].split()[1]
    pairs = fields()
    verdicts = predict(host, pairs)
    first = delivered(t, "first", pairs)
    again = []
    for (name, value), (verdict, new), got in zip(pairs, verdicts, first):
        if name[:-1].lower().decode() not in COMPLETED:
            equal(got, value, "%r, not to be touched" % name)
        elif verdict == 0:
            equal(got, value, "%r, to be left alone" % value)
        else:
            check(got != value, "%r was left alone, not %d", value, verdict)
            again.append((name, got, verdict))
            if verdict == 1:
                equal(got, new, "%r completed" % value)
    check(len(again) > 40, "only %d were changed", len(again))
    second = delivered(t, "second", [a[:2] for a in again])
    for (name, value, verdict), got in zip(again, second):
        equal(got == value, verdict == 1, "%r left alone again" % value)
