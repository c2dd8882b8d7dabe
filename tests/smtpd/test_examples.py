# SPDX-License-Identifier: ISC
"""The set-ups of examples/, each with the mail that it is for."""

import os
import re
import shutil
import subprocess
import sys
import time

import dkim

import assassin
import harness
import mail
from client import Client, Sink, send
from examples import Example
from greyservers import Daemon, Postgrey
from harness import Skip, check, equal, soon, wait
from test_cluster import GATEWAY
from test_delivery import needs_tls
from threemx import ThreeMx

sys.path.append(os.path.join(harness.HERE, "..", "lib"))
from outgoing import sendmail   # noqa: E402

MX = "192.0.2.25"
STRANGER, FRIEND = "203.0.113.9", "198.51.100.7"    # they have names
NAMELESS = "203.0.113.40"
DELAY = 2


def deliver(tag, src, code=250, user="alice", **how):
    """A mail with this subject, to a user; the reply is as it should be."""
    reply = send(25, mail.plain(tag, **how), "%s+%s@example.org" % (user, tag),
                 src=src, dst=MX)
    equal(reply[0], code, "reply to %s (%s)" % (tag, reply[1]))
    return reply[1]


def greeted(src, dst=MX):
    """Seconds until the banner."""
    start = time.monotonic()
    Client(25, src, dst).quit()
    return time.monotonic() - start


def early(dst=MX, src="203.0.113.20"):
    """A bot that does not wait for the banner is cut off."""
    client = Client(25, src, dst, greet=False)
    client.raw(b"EHLO bot\r\n")
    equal(client.reply()[0], 554, "reply to a bot")
    check(client.closed(), "the bot is still connected")
    client.close()


def subject(t, text, user="alice", folder="new"):
    """The one mail with this subject, in a maildir."""
    def those():
        return [m for m in t.mails(user, folder)
                if b"\nSubject: %s\n" % text.encode() in m]
    found = wait(those, "the mail " + text)
    equal(len(found), 1, "copies of " + text)
    return found[0]


def verified(message, record):
    """dkimpy's word, with what dkim-genkey wrote as the DNS."""
    with open(record) as file:
        text = "".join(re.findall(r'"([^"]*)"', file.read()))

    def lookup(name, timeout=5):
        equal(name, b"mail._domainkey.example.org.", "what was looked up")
        return text.encode()
    check(re.match(rb"(?i)DKIM-Signature:", message), "not signed: %s",
          message[:200])
    return dkim.verify(message, dnsfunc=lookup)


def signed(message):
    """By the key of the example; and no other mail is."""
    record = "/etc/mail/dkim/mail.txt"
    head = message.index(b"DKIM-Signature:")
    check(verified(message[head:], record), "dkimpy says fail")
    check(not verified(message[head:].replace(b"Hello.", b"Hullo."), record),
          "dkimpy says pass to a forged one")


def test_one_host(t):
    example = Example(t, "one-host")
    example.do()
    example.start()
    early()
    took = greeted(NAMELESS)
    check(took > 1.8, "the banner took %.1f s", took)
    soon(took, 5, "the banner")
    soon(greeted(FRIEND), 0.4, "a friend's banner")
    deliver("friend", FRIEND)
    deliver("stranger", STRANGER, 451)
    time.sleep(DELAY + 0.1)
    deliver("stranger", STRANGER)
    check(b"X-Greylist: delayed " in subject(t, "stranger"), "no X-Greylist")
    subject(t, "friend")
    check(greeted(STRANGER) < 0.4, "who sent a mail had to wait")
    client = Client(25, STRANGER, MX)
    client.hello()
    equal(client.envelope("a@b.example", ["whoever@example.org"])[0], 550,
          "reply of an unknown recipient")
    client.close()
    sink = Sink(25, "198.51.100.50")
    t.cleanup.append(sink.close)
    sendmail("bob@example.org", "ann@[198.51.100.50]", mail.plain("out"))
    wait(lambda: sink.messages, "the mail that goes out")
    time.sleep(0.5)
    deliver("host", "198.51.100.50")


def listening():
    """All TCP ports that somebody listens on here."""
    ss = subprocess.run(["ss", "-Htln"], check=True, stdout=subprocess.PIPE)
    return sorted({int(line.split()[3].rsplit(b":", 1)[1])
                   for line in ss.stdout.splitlines()})


def test_spamassassin(t):
    for program in assassin.program(), shutil.which("procmail"):
        if not program:
            raise Skip("there is no spamd, or no procmail")
    example = Example(t, "spamassassin")
    example.do()
    with open("/etc/spamassassin/local.cf") as file:
        local = [line.strip() for line in file if line[0] not in "#\n"]
    spamd = assassin.Spamd(os.path.join(t.dir, "spamd"), port=783,
                           *["--cf=" + line for line in local])
    t.cleanup.append(spamd.close)
    example.start()
    equal(listening(), [25, 783], "ports: smtpd's, and spamd's")
    forged = {"X-Spam-Flag": "YES", "X-Spam-Status": "Yes, score=99"}
    for user in "alice", "bob":
        to = user + "@example.org"
        for tag, body in ("ham", b"Hello.\n"), \
                ("spam", b"spamword-nine\n"), ("worst", assassin.GTUBE):
            reply = send(25, mail.plain(tag, body, **forged), to, src=STRANGER,
                         dst=MX)
            equal(reply[0], 554 if tag == "worst" else 250, tag)
        ham = subject(t, "ham", user)
        check(b"X-Spam-Flag" not in ham and b"=99" not in ham and
              b"X-Spam-Status: No" in ham, "ham is %s", ham)
        spam = subject(t, "spam", user, "junk")
        check(spam.count(b"X-Spam-Flag: YES") == 1, "spam is %s", spam)
        equal([len(t.mails(user, f)) for f in ("new", "junk")], [1, 1],
              "mails of " + user)
    sink = Sink(25, "198.51.100.50")
    t.cleanup.append(sink.close)
    message = mail.plain("out").replace(b"joe@example.com", b"bob@example.org")
    sendmail("bob@example.org", "ann@[198.51.100.50]", message)
    wait(lambda: sink.messages, "the mail that goes out")
    signed(sink.messages[0][1])


def start_postgrey(t):
    """As its unit does, with the file of the example."""
    if not Postgrey.program():
        raise Skip("there is no postgrey")
    for path in "/etc/postgrey", "/var/lib/postgrey":
        os.makedirs(path)
    for name in "clients", "recipients":
        open("/etc/postgrey/whitelist_" + name, "w").close()
    shutil.chown("/var/lib/postgrey", "postgrey", "postgrey")

    class Unit(Daemon):
        argv = ["sh", "-c", ". /etc/default/postgrey; exec " +
                Postgrey.program() + " $POSTGREY_OPTS"]
        program = staticmethod(lambda: "/bin/sh")
        ping = Postgrey.ping

        def __init__(self, where):
            super().__init__(where, None, False)
            self.path = "/run/postgrey.sock"
            self.start()

    daemon = Unit(os.path.join(t.dir, "postgrey"))
    t.cleanup.append(daemon.close)
    return daemon


def test_debian(t):
    example = Example(t, "debian")
    example.do()
    daemon = start_postgrey(t)
    example.start()
    check(0.4 < greeted(STRANGER) < 3, "no pause")
    said = deliver("first", STRANGER, 450)
    check("Greylisted" in said, "said: %s", said)
    time.sleep(DELAY + 0.1)
    deliver("first", STRANGER)
    check(b"X-Greylist: delayed " in subject(t, "first"), "no X-Greylist")
    check("reason=triplet found" in daemon.log(), "%s", daemon.log())
    daemon.stop()
    daemon.start()
    deliver("second", STRANGER, 450)
    daemon.kill()
    deliver("third", STRANGER)
    t.server.wait_log("postgrey: .*action=fail")


def three(t):
    needs_tls()
    return ThreeMx(t, Example(t, "three-mx"))


def test_three_mx(t):
    """First on mx1, retry on mx2, known on all; and into Dovecot."""
    c = three(t)
    mx1, mx2, mx3 = c.hosts
    early(mx2.address)
    to = "alice@example.org"
    check(greeted(GATEWAY, mx1.address) > 0.4, "no pause")
    equal(mx1.rcpt(to, "198.51.100.31")[0], 451, "first, on mx1")
    time.sleep(DELAY + 0.1)
    mx2.send(mail.plain("retry"), to, src="198.51.100.31")
    got = subject(t, "retry")
    steps = [re.search(rb"\n%s" % step, got) for step in (
        rb"\tby \S+ with LMTP\n", rb"Received: .*\[10\.9\.0\.12\]",
        rb"X-Greylist: delayed ", rb"Received: .*\[198\.51\.100\.31\]")]
    check(all(steps), "delivered: %s", got[:1000])
    equal(sorted(s.start() for s in steps), [s.start() for s in steps],
          "order of its header")
    equal(c.rcpt(to, "198.51.100.31", "other@example.com"), [250] * 3, "known")
    check(c.doveadm("auth", "test", "alice", "secret"), "Dovecot: no password")
    for to, code in ("left@example.org", 550), ("whoever@example.org", 550):
        equal(c.rcpt(to, "198.51.100.31"), [code] * 3, to)
    equal(c.logged(r"redis:|\bdb "), [], "complaints")
    c.stop()


def test_lists(t):
    """Traps, the last MX, blocks, and who bypasses these."""
    c = three(t)
    mx1, mx2, mx3 = c.hosts
    to = "alice@example.org"
    equal(mx1.rcpt(to, "198.51.100.66")[0], 550, "in a range that is blocked")
    check("198.51.100.66 is on our list" in mx2.rcpt(to, "198.51.100.66")[1],
          "its text")
    equal(mx2.rcpt(to, "203.0.113.10")[0], 550, "in a network that is blocked")
    equal(mx2.rcpt(to, "203.0.113.9")[0], 451, "in it, but in the bypass")
    for trap, src, host in ("webmaster@example.org", "198.51.100.40", mx2), \
            ("x@elsewhere.example", "198.51.100.41", mx1), \
            (to, "198.51.100.42", mx3):
        equal(host.rcpt(trap, src)[0], 550, "%s on %s" % (trap, host.name))
        time.sleep(0.2)
        equal([h.rcpt(to, src)[0] for h in (mx1, mx2)], [550] * 2,
              "after " + trap)
    equal(mx1.rcpt(to, "198.51.100.43")[0], 451, "another client")
    c.stop()


def test_users(t):
    """By 465 and 587: AUTH, signed; and the answer may come at once."""
    c = three(t)
    mx1, mx2, mx3 = c.hosts
    sink = Sink(25, "198.51.100.50")
    t.cleanup.append(sink.close)
    friend = "ann@[198.51.100.50]"
    equal(mx2.rcpt("alice@example.org", "198.51.100.44", friend)[0], 451,
          "before")
    for n, port in enumerate((465, 587)):
        message = mail.plain("by %d" % port).replace(
            b"joe@example.com", b"alice@example.org")
        mx1.submit(port, message, "alice@example.org", friend)
        wait(lambda: len(sink.messages) > n, "the mail at the next host")
        signed(sink.messages[n][1])
    time.sleep(0.5)
    equal(c.rcpt("alice@example.org", "198.51.100.44", friend)[:2], [250] * 2,
          "the answer")
    equal(mx2.rcpt("alice@example.org", "198.51.100.50")[0], 250, "the host")
    equal(mx2.rcpt("alice@example.org", "198.51.100.44", "x@y.example")[0], 451,
          "another sender")
    c.stop()
