# SPDX-License-Identifier: ISC
"""Clients that do harm: smtpd lives, and others' mail is not delayed.

Each test plays its client against all filters and at the same time keeps
sending ordinary mail, of which none may take long.
"""

import os
import threading
import time

import mail
from client import Client, send, wire
from harness import RUN, check, equal, soon, wait

PORTS = (2525, 2526, 2527)


class Ordinary(threading.Thread):
    """Sends a mail by each port again and again, and takes the time."""

    def __init__(self, t):
        super().__init__(daemon=True)
        self.t, self.sent, self.slow, self.over = t, {}, 0, threading.Event()
        self.error = None

    def run(self):
        try:
            while not self.over.is_set():
                self.round(len(self.sent))
                time.sleep(0.05)
        except Exception as error:
            self.error = error

    def round(self, n):
        port = PORTS[n % len(PORTS)]
        data = self.sent["alice+o%d" % n] = mail.plain("ordinary %d" % n)
        start = time.monotonic()
        equal(send(port, data, "alice+o%d@example.org" % n)[0], 250, "reply")
        self.slow = max(self.slow, time.monotonic() - start)

    def finish(self, patience):
        self.over.set()
        self.join()
        if self.error:
            raise self.error
        check(len(self.sent) > 2, "only %d ordinary mails", len(self.sent))
        for name, data in self.sent.items():
            got = mail.split(self.t.mail_to(name + "@example.org"))[2]
            equal(got, data, name)
        soon(self.slow, patience, "an ordinary mail")


def harm(t, attack, patience=1):
    """attack(port) against each filter, while others send their mail."""
    conf = t.filter("echo", "filter-echo") + t.filter("tag", "filter-tag") + \
        t.filter("pause", "filter-pause -s 0") + \
        'listen on 127.0.0.1 port 2525 filter "echo"\n' \
        'listen on 127.0.0.1 port 2526 filter "tag"\n' \
        'listen on 127.0.0.1 port 2527 filter { "pause", "echo", "tag" }\n'
    t.start(conf)
    ordinary = Ordinary(t)
    t.cleanup.append(ordinary.over.set)
    ordinary.start()
    wait(lambda: len(ordinary.sent) > 1 or ordinary.error, "first mails")
    for port in PORTS:
        attack(port)
        t.server.healthy()
    wait(lambda: len(ordinary.sent) > 5 or ordinary.error, "more mails")
    ordinary.finish(patience)


def in_data(port, rcpt="alice+h@example.org"):
    client = Client(port)
    client.hello()
    equal(client.envelope("joe@example.com", [rcpt])[0], 354, "DATA")
    return client


def test_long_lines(t):
    """At and around each limit, the last ones beyond smtpd's own."""
    def attack(port):
        for length in 65484, 65485, 65486, 65530, 65533, 65534, 65540, 200000:
            client = in_data(port)
            try:
                client.raw(b"Subject: x\r\n\r\n" + b"a" * length + b"\r\n")
                client.raw(b"." + b"b" * (length - 1) + b"\r\n.\r\n")
                code = client.reply()[0]
            except OSError:
                code = 500      # smtpd says so and closes while we send
                check(length > 65533, "%d bytes: cut off", length)
            if length > 65485:
                check(code >= 400, "%d bytes: %d", length, code)
            client.close()
    harm(t, attack)


def test_odd_bytes(t):
    """NULs, bare CRs, dots that bare LFs and NULs end."""
    bodies = [b"a\0b\r\n\0\r\n.\r\n", b"a\rb\r\r\n\r\r\n.\r\n",
              b"a\r\n.\n", b"a\n.\r\n", b"a\r\n.\0x\r\n", b"\r.\r\n.\r\n",
              b"..\r\n.\0\r\n", b"\xff\xfe\x80\r\n.\r\n"]

    def attack(port):
        for body in bodies:
            client = in_data(port)
            client.raw(b"Subject: odd\r\n\r\n" + body)
            check(client.reply()[0] in (250, 500, 550), "reply to %r", body)
            client.close()
        client = in_data(port)
        client.raw(b" folded into smtpd's own\r\nno header\r\n.\r\n")
        client.reply()
        client.close()
    harm(t, attack)


def test_odd_commands(t):
    """Separators of the protocol and controls where text is expected."""
    def attack(port):
        client = Client(port)
        for line in ("EHLO a|b", "EHLO x", "MAIL FROM:<a|b@example.com>",
                     "MAIL FROM:<\"a b|c\"@example.com>", "RSET", "NOOP x|y",
                     "MAIL FROM:<>", "RCPT TO:<a|b@example.org>",
                     "RCPT TO:<%n%s@example.org>", "RSET", "HELP", "VRFY |",
                     "MAIL FROM:<\xff\xfe@example.com>", "", "|", "HELO x"):
            client.cmd(line)
        client.raw(b"X" * 3000 + b"\r\n")
        client.close()
    harm(t, attack)


def test_large(t):
    """20 MB, which the filters keep in a file."""
    data = wire(mail.large(20 * 1024 * 1024))
    mbox = os.path.join(RUN, "home/bob/mbox")

    def attack(port):
        client = in_data(port, "bob@example.org")
        client.raw(data)
        equal(client.reply()[0], 250, "reply")
        client.quit()
    # smtpd itself needs most of a second per 20 MB and filter, for all lines
    harm(t, attack, patience=6)
    wait(lambda: os.path.getsize(mbox) > 60 * 1024 * 1024, "three of 20 MB")


def test_disconnect(t):
    """FIN and RST after each step of a session."""
    steps = [b"EHLO x\r\n", b"MAIL FROM:<a@example.com>\r\n",
             b"RCPT TO:<alice+gone@example.org>\r\n", b"DATA\r\n",
             b"Subject: gone\r\n\r\n", b"half a li"]

    def attack(port):
        for leave in "close", "reset":
            for upto in range(len(steps) + 1):
                for await_last in True, False:
                    client = Client(port)
                    for n, step in enumerate(steps[:upto]):
                        client.raw(step)
                        if n < 4 and (n < upto - 1 or await_last):
                            client.reply()
                    getattr(client, leave)()
    harm(t, attack)
    time.sleep(0.2)
    check(not any(b"alice+gone" in m for m in t.mails()), "half was delivered")


def test_gone_before_reply(t):
    """RST right after the final dot: all of it is delivered or nothing."""
    message = mail.plain("gone", b"a line\n" * 1000)

    def attack(port):
        for _ in range(10):
            client = in_data(port)
            client.raw(wire(message))
            client.reset()
    harm(t, attack)
    for got in t.mails():
        if b"alice+h@" in got[:500]:
            equal(mail.split(got)[2], message, "delivered")


def test_early_talk(t):
    """Commands before the banner, and pipelining that was never offered."""
    def attack(port):
        for early in b"EHLO x\r\n", b"EHLO x\r\nMAIL FROM:<a@b.c>\r\n", \
                b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"\0":
            client = Client(port, greet=False)
            client.raw(early)
            client.reply()
            client.close()
        client = in_data(port)
        client.raw(wire(mail.plain()) + b"MAIL FROM:<a@b.c>\r\nQUIT\r\n")
        client.close()
    harm(t, attack)


def test_many_at_once(t):
    """200 sessions that stop in the middle of a message."""
    def attack(port):
        clients = [in_data(port) for _ in range(60)]
        for client in clients:
            client.raw(b"Subject: x\r\n\r\n" + b"line\r\n" * 500)
        time.sleep(0.3)
        for n, client in enumerate(clients):
            client.reset() if n % 2 else client.close()
    harm(t, attack)
