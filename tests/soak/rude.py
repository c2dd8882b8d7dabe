# SPDX-License-Identifier: ISC
"""Clients that do what nobody should, while others send their mail.

Each bad input has a sender of its own, by which judge() knows what became of
it: what was accepted is there once, what was refused is not, and of what
nobody was told about there is one at most.  A reply is a fine end of any of
them, and so is a closed connection; silence is not.
"""

import itertools
import random
import threading
import time

import mail
from client import wire
from harness import check, equal
from load import RCPT, SILENCE, connect

HEAD = b"Subject: rude\r\n\r\n"
STEPS = (b"EHLO x\r\n", b"MAIL FROM:<%s>\r\n", b"RCPT TO:<%s>\r\n",
         b"DATA\r\n", HEAD, b"half a li")
BODIES = [
    # Ends of lines and of messages.
    HEAD + b"a\0b\r\n\0\r\n.\r\n", HEAD + b"a\rb\r\r\n\r\r\n.\r\n",
    HEAD + b"a\r\n.\n", HEAD + b"a\n.\r\n", HEAD + b"a\r\n.\0x\r\n",
    HEAD + b"\r.\r\n.\r\n", HEAD + b"..\r\n.\0\r\n",
    HEAD + b"\xff\xfe\x80\r\n.\r\n", b"Subject: x\n\nbare\n.\n",
    # What is no message.
    b".\r\n", b"\r\n.\r\n", b" folded\r\nno header\r\n.\r\n",
    b"no header\r\n\r\nat all\r\n.\r\n", b"Subject: head only\r\n.\r\n",
    b"From: a@b\r\nFrom: c@d\r\n" + HEAD + b".\r\n",
    b"X-Spam: Yes\r\nX-Spam-Status: No\r\n" + HEAD + b".\r\n",
    b"DKIM-Signature: v=1; a=rsa-sha256; b=\r\n" + HEAD + b"x\r\n.\r\n",
    # Too much of something.
    b"Received: by x; y\r\n" * 120 + HEAD + b".\r\n",
    b"To: a@example.org" + b",\r\n a@example.org" * 5000 + b"\r\n" + HEAD +
    b".\r\n", b"X-A: b\r\n" * 3000 + HEAD + b".\r\n",
    b"X-A:" + b"\r\n x" * 20000 + b"\r\n" + HEAD + b".\r\n"] + [
    # Lines at each limit, the last beyond smtpd's own.
    HEAD + b"a" * n + b"\r\n." + b"b" * (n - 1) + b"\r\n.\r\n"
    for n in (998, 1997, 1998, 2048, 65484, 65485, 65486, 65533, 65534,
              200000)]
EARLY = [b"EHLO x\r\n", b"EHLO x\r\nMAIL FROM:<a@b.c>\r\n", b"\0",
         b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"QUIT\r\n"]
COMMANDS = ["EHLO a|b", "MAIL FROM:<a|b@example.com>", "RSET", "NOOP x|y",
            "MAIL FROM:<\"a b|c\"@example.com>", "RSET", "MAIL FROM:<>",
            "RCPT TO:<a|b@example.org>", "RCPT TO:<%n%s@example.org>",
            "RSET", "HELP", "VRFY |", "MAIL FROM:<\xff\xfe@example.com>", "",
            "|", "EHLO x", "AUTH PLAIN", "STARTTLS", "BDAT 3",
            "MAIL FROM:<" + "a" * 300 + "@example.com>", "RSET",
            "X" * 2040, "MAIL FROM:<a@b.c> SIZE=99999999999999999999",
            "filter-result|1|2|proceed", "HELO " + "h" * 500]


class Rude:
    """Clients of a network that is not greylisted, until stop()."""

    def __init__(self, chain, clients=3):
        self.chain, self.over = chain, threading.Event()
        self.tried, self.odd, self.outcome = 0, [], {}
        self.numbers = itertools.count()
        self.kinds = [(f, x) for f, things in (
            (self.body, BODIES), (self.gone, range(len(STEPS) + 1)),
            (self.early, EARLY), (self.commands, [0]), (self.after, [0]),
            (self.many, [0]), (self.slow, [0]), (self.unheard, [0]))
            for x in things]
        self.threads = [threading.Thread(target=self.loop, args=(n,),
                                         daemon=True) for n in range(clients)]
        chain.t.cleanup.append(self.over.set)
        for thread in self.threads:
            thread.start()

    def loop(self, n):
        rand = random.Random(n)
        while not self.over.is_set():
            rand.shuffle(mine := list(self.kinds))
            for function, thing in mine:
                if self.over.is_set():
                    return
                self.one(function, thing)
                time.sleep(rand.uniform(0, 0.05))

    def sender(self):
        sender = "r%d@example.com" % next(self.numbers)
        self.outcome[sender] = None
        return sender

    def one(self, function, thing):
        """The outcome is True: accepted, False: not, None: who knows."""
        sender = self.sender()
        client = None
        try:
            client = connect("198.51.100.7")
            self.outcome[sender] = function(client, sender, thing)
        except TimeoutError:
            self.odd.append("%s %r: silence" % (function.__name__, thing))
        except (OSError, EOFError):
            pass
        finally:
            self.tried += 1
            if client:
                client.close()
        return self.outcome[sender]

    def begin(self, client, sender):
        """True if it may send its message."""
        return client.reply()[0] == 220 and client.hello()[0] == 250 and \
            client.envelope(sender, [RCPT])[0] == 354

    def body(self, client, sender, data):
        if not self.begin(client, sender):
            return False
        client.raw(data)
        return client.reply()[0] == 250

    def big(self, client, sender, size):
        """Long lines, so that it costs smtpd little."""
        line = b"x" * 60000 + b"\r\n"
        return self.body(client, sender, HEAD + line * (size // len(line)) +
                         b".\r\n")

    def gone(self, client, sender, step):
        """Says so much, and is gone; every other time by a RST."""
        client.reply()
        for n, text in enumerate(STEPS[:step]):
            client.raw(text.replace(b"%s", (sender if n == 1 else
                                            RCPT).encode()))
            if n < 4 and n < step - 1:
                client.reply()
        client.reset() if self.tried % 2 else client.close()
        return False

    def early(self, client, sender, data):
        client.raw(data)
        client.reply()
        return False

    def commands(self, client, sender, thing):
        client.reply()
        for line in COMMANDS:
            client.cmd(line)
        client.raw(b"X" * 3000 + b"\r\n")
        client.reply()
        return False

    def after(self, client, sender, thing):
        """More than one line after the end of the message."""
        if not self.begin(client, sender):
            return False
        client.raw(wire(mail.plain("after")) + b"MAIL FROM:<a@b>\r\nQUIT\r\n")
        return True if client.reply()[0] == 250 else None

    def many(self, client, sender, thing):
        """Recipients, most of them nobody; then it thinks better of it."""
        client.reply()
        client.hello()
        client.cmd("MAIL FROM:<%s>" % sender)
        for n in range(30):
            client.cmd("RCPT TO:<nobody%d@elsewhere.example>" % n)
        client.cmd("RSET")
        client.cmd("DATA")
        return False

    def slow(self, client, sender, thing):
        """Byte by byte."""
        if not self.begin(client, sender):
            return False
        for byte in HEAD + b"slow\r\n.\r\n":
            client.raw(bytes([byte]))
            time.sleep(0.01)
        return client.reply()[0] == 250

    def unheard(self, client, sender, thing):
        """Gone before it is told."""
        if not self.begin(client, sender):
            return False
        client.raw(wire(mail.plain("unheard", b"a line\n" * 100)))
        client.reset()
        return None

    # What follows goes beyond smtpd's own limits, when it is called.

    def crowd(self, client, sender, most):
        """Recipients."""
        client.reply()
        client.hello()
        client.cmd("MAIL FROM:<%s>" % sender)
        taken = tries = 0       # some may be refused for now, under load
        while taken < most and tries < 2 * most:
            taken += client.cmd("RCPT TO:<%s>" % RCPT)[0] == 250
            tries += 1
        check("Too many recipients" in client.cmd("RCPT TO:<%s>" % RCPT)[1],
              "%d recipients were taken", most + 1)
        client.cmd("RSET")
        return False

    def chatter(self, client, sender, most):
        """Mails of one session, each from a sender of its own."""
        client.reply()
        client.hello()
        taken = 0
        while "Too many messages" not in client.cmd(
                "MAIL FROM:<%s>" % sender)[1]:
            client.cmd("RSET")
            mine = self.sender()
            self.outcome[mine] = client.send(
                mail.plain("one of many"), RCPT, mine)[0] == 250
            taken += self.outcome[mine]
            self.tried += 1
        equal(taken, most, "mails of a session")
        return False

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(2 * SILENCE)
            check(not thread.is_alive(), "a rude client hangs")
        check(not self.odd, "%d odd things, as %s", len(self.odd),
              self.odd[:3])

    def judge(self, copies):
        """How many were accepted: those are there once."""
        for sender, took in self.outcome.items():
            count = copies.get(sender, 0)
            check(count == took if took is not None else count < 2,
                  "%s: %s, and there %d times", sender, took, count)
        return sum(took is True for took in self.outcome.values())
