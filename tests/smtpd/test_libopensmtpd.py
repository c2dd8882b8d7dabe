# SPDX-License-Identifier: ISC
"""Filters as Debian has them, or linked as Debian links them, on our library:
their binaries are not touched, only LD_LIBRARY_PATH is.  With its guard they
may be killed.
"""

import glob
import os
import random
import signal
import time

import harness
import mail
import signed
from client import Client, send
from harness import Skip, check, equal, wait
from test_fault import Load, strike

import lint             # of tests/dkim, found by signed

LISTEN = 'listen on 127.0.0.1 port %d filter "%s"\n'
DEBIAN = "filter-dkimsign"


def with_ours(path):
    """smtpd's command for a program that looks for libopensmtpd.so.0."""
    where = os.path.join(harness.RUN, "lib")
    os.makedirs(where, exist_ok=True)
    for name, place in (("libopensmtpd.so.0", where),
                        (os.path.basename(path),
                         os.path.join(harness.RUN, "bin"))):
        source = path if place != where else os.path.join(
            harness.BUILD, "libopensmtpd", name)
        check(os.path.exists(source), "%s is not there", source)
        os.makedirs(place, exist_ok=True)
        copy = os.path.join(place, name)
        with open(source, "rb") as one, open(copy, "wb") as other:
            other.write(one.read())
        os.chmod(copy, 0o755)
    return "/usr/bin/env LD_LIBRARY_PATH=%s %s" % (where, copy)


def runs_on_ours(name):
    """Guard and worker have our library mapped, and no other."""
    guard = harness.guard_of(name)
    wait(lambda: harness.worker_of(name), "a worker")
    for pid in guard, harness.worker_of(name):
        maps = {line.split()[-1].decode() for line in
                harness.read("/proc/%d/maps" % pid).splitlines()
                if b"libopensmtpd" in line}
        equal(maps, {os.path.join(harness.RUN, "lib/libopensmtpd.so.0")},
              "libraries of %d" % pid)


class DebianSigner(signed.Signer):
    """Debian's filter.  What it makes need not be as ours would make it."""

    def __init__(self, t):
        super().__init__(t)
        cache = os.environ.get("OSF_CACHE",
                               "/var/cache/opensmtpd-filters-tests")
        found = glob.glob(os.path.join(cache, "opensmtpd-filter-dkimsign",
                                       "usr/libexec/opensmtpd", DEBIAN))
        if not found:
            raise Skip("fetch filters was not run")
        ours = harness.program(DEBIAN)
        os.unlink(ours)
        self.line = self.line.replace(ours, with_ours(found[0]))

    def check(self, got, what="mail"):
        strict, lint.check = lint.check, lambda *args: None
        try:
            return super().check(got, what)
        finally:
            lint.check = strict


def test_dkimsign(t):
    """Each of our small messages is signed, and nothing else of it changes."""
    signer = DebianSigner(t)
    t.start(signer.line + LISTEN % (2525, "dkim"))
    equal(send(2525, mail.plain(), "alice+first@example.org")[0], 250, "reply")
    signer.check(t.mail_to("alice+first@example.org"))
    runs_on_ours(DEBIAN)
    client = Client(2525)
    client.hello()
    for n in range(30):
        name = "n%d" % n
        data = mail.plain(name, b"".join(
            b"%s%s\n" % (b"." * (i % 4), b"x" * (i * n)) for i in range(n)))
        rcpt = "alice+%s@example.org" % name
        equal(client.send(data, rcpt)[0], 250, "reply to " + name)
        got = t.mail_to(rcpt)
        signer.check(got, name)
        equal(mail.split(got)[2], data, name)
    client.quit()


def test_dkimsign_killed(t):
    """Its worker dies at random moments: what was accepted is signed."""
    signer = DebianSigner(t)
    signer.others = []
    t.start(signer.line + "".join(LISTEN % (port, "dkim")
                                  for port in range(2525, 2529)))
    equal(send(2525, mail.plain(), "bob@example.org")[0], 250, "first mail")
    load, killed, rand = Load(t, 10), 0, random.Random(1)
    while killed < 20:
        time.sleep(rand.uniform(0.1, 0.2))      # below 10 a second
        killed += strike(harness.worker_of(DEBIAN),
                         rand.choice((signal.SIGKILL, signal.SIGSEGV)))
    accepted, refused = load.stop()
    check(accepted > 10 and refused > 0, "%d accepted, %d refused", accepted,
          refused)
    for got in t.mails():
        signer.check(got)
    runs_on_ours(DEBIAN)


def test_state(t):
    """Timers, refusals and facts of a filter that is linked with Debian's."""
    path = os.path.join(harness.BUILD, "tests/filters/peer-state")
    if not os.path.exists(path):
        raise Skip("no libopensmtpd to link with")
    t.start('filter "state" proc-exec "%s mark"\n' % with_ours(path) +
            LISTEN % (2525, "state"))
    client = Client(2525)
    equal(client.hello("refuse.example"), (550, "550 No, refuse.example"),
          "reply to a name")
    client.hello("late.example")
    equal(client.send(mail.plain(), "alice+1@example.org")[0], 250, "reply")
    got = t.mail_to("alice+1@example.org")
    check(b"\nX-State: late.example <" in got, "%r", got[:200])
    equal(client.send(mail.plain().replace(
        b"\nSubject: ", b"\nSubject: refuse\nX-Was: ", 1),
        "alice+2@example.org")[0], 550, "reply to a subject")
    client.quit()
    runs_on_ours("peer-state")
