# SPDX-License-Identifier: ISC
"""Mail servers that send through the chain, and the judge of what arrived.

Each is a client that keeps its mail until it was taken: refused with a 4xx, it
comes again.  Each mail must have an answer: one that was lost would have to be
sent again, and could come twice.  stop(), join() and judge() raise
harness.Failure.
"""

import hashlib
import itertools
import os
import random
import re
import threading
import time

import harness
import mail
from assassin import GTUBE
from chain import PORT
from client import Client, wire
from harness import check

RCPT = "alice@example.org"
PATIENCE = 120      # seconds that a mail is tried again
SILENCE = 60        # seconds that a reply may take
IN_A_SESSION = 90   # mails: smtpd has 100


def connect(source):
    """A client that was not greeted yet.  smtpd lets five of them wait to be
    taken, and when so many come at once some can't even connect: these try
    again soon, which is not silence."""
    try:
        client = Client(PORT, source, timeout=2, greet=False)
    except TimeoutError:
        raise ConnectionError
    client.sock.settimeout(SILENCE)
    return client


class Sender(threading.Thread):
    """One of them: its address, its senders, its session while there is one."""

    def __init__(self, load, n):
        super().__init__(daemon=True)
        self.load, self.rand = load, random.Random(n)
        self.source = "203.0.113.%d" % (10 + n % 200)
        self.senders = ["s%d.%d@example.com" % (n, i) for i in range(2)]
        self.client, self.count = None, 0
        self.start()

    def run(self):
        for number in self.load.todo():
            name = "m%d" % number
            data = message(name, self.rand)
            self.load.sent[name] = hashlib.sha256(data).digest()
            try:
                self.deliver(name, data, self.senders[number % 2])
            except Exception as error:
                self.load.odd.append("%s: %r" % (name, error))
                self.leave()
        self.leave()

    def leave(self):
        client, self.client = self.client, None
        try:
            if client:
                client.quit()
        except (OSError, EOFError):
            pass

    def deliver(self, name, data, sender):
        """Until it is taken, or its answer is lost."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                code = self.attempt(name, data, sender)
            except TimeoutError:
                check(False, "no reply for %d s", SILENCE)
            except (OSError, EOFError):
                code = 421
            if code == 250 or name in self.load.unsure:
                return
            check(code // 100 == 4, "reply %d", code)
            check(time.monotonic() < end, "never taken: %d", code)
            with self.load.lock:
                self.load.refusals += 1
            self.leave()
            time.sleep(self.rand.uniform(0.2, 1))

    def attempt(self, name, data, sender):
        """The reply that counts."""
        if self.count >= IN_A_SESSION:
            self.leave()
        if not self.client:
            self.client, self.count = connect(self.source), 0
            for code in self.client.reply()[0], self.client.hello("mx")[0]:
                if code >= 400:
                    return code
        began, self.count = time.monotonic(), self.count + 1
        code = self.client.envelope(sender, [RCPT])[0]
        if code == 354:
            self.load.unsure.add(name)
            self.client.raw(wire(data))
            code = self.client.reply()[0]
            self.load.unsure.discard(name)
        if code == 250:
            self.load.accepted.add(name)
            self.load.took.append(time.monotonic() - began)
        return code


class Load:
    """total mails, or as many as there is time for."""

    def __init__(self, chain, sessions, total=None):
        self.chain, self.total = chain, total
        self.numbers, self.lock = itertools.count(), threading.Lock()
        self.over = threading.Event()
        self.sent = {}              # name: digest of what has to arrive
        self.accepted, self.unsure, self.odd = set(), set(), []
        self.copies, self.damaged = {}, []      # of what was delivered
        self.refusals, self.took = 0, []
        self.began = time.monotonic()
        self.senders = [Sender(self, n) for n in range(sessions)]
        chain.t.cleanup.append(self.over.set)

    def todo(self):
        """Numbers of mails, until it is over."""
        while not self.over.is_set():
            with self.lock:
                number = next(self.numbers)
            if self.total and number >= self.total:
                break
            yield number

    def stop(self, seconds=PATIENCE + 30):
        """Each ends when its mail was taken."""
        self.over.set()
        self.join(seconds)

    def join(self, seconds):
        end = time.monotonic() + seconds
        for sender in self.senders:
            sender.join(max(0, end - time.monotonic()))
            check(not sender.is_alive(), "a client hangs")
        check(not self.odd, "%d odd things, as %s", len(self.odd),
              self.odd[:3])

    def collect(self):
        """Looks at what was delivered, and throws it away."""
        for path in self.chain.delivered():
            got = harness.read(path)
            os.unlink(path)
            rude = re.match(rb"Return-Path: <(r\d+@example\.com)>", got)
            found = rude or re.search(rb"^Subject: (m\d+)$", got, re.M)
            check(found, "%s is no mail of ours: %s", path, got[:300])
            name = found.group(1).decode()
            self.copies[name] = self.copies.get(name, 0) + 1
            if not rude and not whole(got, self.sent.get(name)):
                self.damaged.append(name)

    def judge(self):
        """All that was accepted is there once and as it was sent, seen by all
        filters, and nothing else is: the counts of what is not so, all 0."""
        self.chain.drained()
        self.collect()
        there = {name for name in self.copies if name[0] == "m"}
        check(not self.unsure, "no answer to %s", self.unsure)
        wrong = {
            "lost": sorted(self.accepted - there),
            "delivered twice": sorted(n for n in there if self.copies[n] > 1),
            "not as it was sent": self.damaged,
            "delivered, but not accepted": sorted(there - self.accepted)}
        for what, names in wrong.items():
            check(not names, "%d %s: %s", len(names), what, names[:5])
        return [(what, str(len(names))) for what, names in wrong.items()]


def message(name, rand):
    """Of any size, some spam, some changed by the milter."""
    lines = rand.choice((1, 5, 10, 10, 30, 30, 300))
    body = b"".join(b"%s%s %d %s\n" % (b"." * (i % 3), name.encode(), i,
                                       b"x" * rand.randint(0, 60))
                    for i in range(lines))
    data = mail.plain(name, body + (GTUBE if rand.random() < 0.1 else b""))
    if rand.random() < 0.3:
        data = b"X-Do: insert 0|X-Milter|was here\n" + data
    return data


def whole(got, digest):
    """As it was sent, and with the mark of each filter."""
    top, _, rest = mail.split(got)
    marks = [b"X-Spam-Score: ", b"DKIM-Signature: "]
    if rest.startswith(b"X-Do: "):
        marks.append(b"X-Milter: was here\n")
    return hashlib.sha256(rest).digest() == digest and \
        all(mark in top for mark in marks)


def percentiles(seconds, *ranks):
    """In milliseconds."""
    ordered = sorted(seconds)
    return [1000 * ordered[min(len(ordered) - 1, int(len(ordered) * r))]
            for r in ranks]
