# SPDX-License-Identifier: ISC
"""OpenDKIM that dies, freezes, comes late or is asked by too many; and
filter-milter and libmilter killed at their work, in the real smtpd.

Whatever happens: smtpd lives, each client gets a reply, and a mail that is
not signed gets what on-failure says.  What was accepted is delivered once,
and nothing else is.
"""

import functools
import glob
import os
import random
import re
import select
import signal
import sys
import threading
import time

import harness
import mail
from client import Client, send, wire
from harness import check, equal, soon, wait
from milters import Asked, Daemon, KEY, OpenDKIM
from test_fault import Load, small_disk, strike
from test_milter import arrived, reference, verifiers, verify

NAME, GUEST = "filter-milter", "guest-dkim"
ACCEPT, TEMPFAIL, REJECT = 2525, 2526, 2527
POLICIES = {ACCEPT: "accept", TEMPFAIL: "tempfail", REJECT: "reject"}
CODES = {ACCEPT: 250, TEMPFAIL: 451, REJECT: 550}
LISTEN = 'listen on 127.0.0.1 port %d filter "%s"\n'
LOADED = range(2525, 2529)      # where Load sends to
BIG = 10 * 1024 * 1024   # the engine keeps 8 MB in memory
SIGNATURE = re.compile(rb"^DKIM-Signature:.*\n(?:[ \t].*\n)*", re.M)


def start(t, milter, terms=""):
    """One listener for each policy."""
    t.start("".join(
        t.filter(policy, "%s -s %s,on-failure=%s%s" %
                 (NAME, milter.name, policy, terms)) + LISTEN % (port, policy)
        for port, policy in POLICIES.items()))


@functools.lru_cache
def judge():
    check(verifiers.available()[0], "no verifier of signatures")
    return verifiers.available()[0][0]([reference.Key(KEY, "rsa")])


def is_valid(got):
    equal(len(SIGNATURE.findall(got)), 1, "signatures")
    verify(None, [judge()], [got])


class Mail:
    """Half of a message; end() sends the other half."""

    def __init__(self, t, port, client=None, sender="joe@example.com", **how):
        if not hasattr(t, "tried"):
            t.tried = []
        self.t, self.port = t, port
        self.rcpt = "alice+%s@example.org" % os.urandom(6).hex()
        self.sent = mail.plain("fault", b"".join(b"%d\n" % n
                                                 for n in range(200)))
        self.rest = wire(self.sent)
        self.client = client or Client(port, timeout=90, **how)
        if not client:
            self.client.hello()
        t.tried.append(self)
        self.begin(sender)

    def begin(self, sender):
        self.reply = self.client.envelope(sender, [self.rcpt])
        if self.reply[0] == 354:
            self.say(len(self.rest) // 2)

    def say(self, n):
        self.client.raw(self.rest[:n])
        self.rest = self.rest[n:]

    def dot(self):
        """All of it is sent, and the answer is not waited for."""
        equal(self.reply[0], 354, "reply to DATA")
        self.say(len(self.rest))
        return self

    def end(self):
        if self.reply[0] == 354:
            self.dot()
            self.reply = self.client.reply()
        return self.reply[0]

    def is_signed(self):
        equal(self.end(), 250, "reply at %d (%s)" % (self.port, self.reply))
        got = arrived(self.t, self.rcpt)
        is_valid(got)
        self.same(SIGNATURE.sub(b"", got))

    def is_failed(self):
        """As its listener's policy says."""
        equal(self.end(), CODES[self.port], "reply at %d (%s)" %
              (self.port, self.reply))
        if self.port == ACCEPT:
            self.same(arrived(self.t, self.rcpt))

    def same(self, got):
        got = got.replace(Asked.RECEIVED, b"", 1)
        check(got == self.sent, "%s", mail.difference(got, self.sent))


def over(t):
    """Delivered is what was accepted, once, and nothing else; only of those
    who did not wait for the answer nobody knows."""
    want = {m.rcpt for m in t.tried if m.reply[0] == 250}
    maybe = {m.rcpt for m in t.tried if m.reply[0] == 354}
    wait(lambda: len(t.mails()) >= len(want), "all mails", 60)
    time.sleep(0.3)
    found = [re.search(rb"^Delivered-To: (.*)", m, re.M).group(1).decode()
             for m in t.mails()]
    equal(len(set(found)), len(found), "mails that are not the same")
    equal(want - set(found), set(), "mails that were lost")
    equal(set(found) - want - maybe, set(), "mails that were refused")


def together(*functions):
    """Each in a thread; raises what the first of them does."""
    bad = []

    def call(function):
        try:
            function()
        except Exception as error:
            bad.append(error)
    threads = [threading.Thread(target=call, args=(f,), daemon=True)
               for f in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        check(not thread.is_alive(), "a client hangs")
    for error in bad:
        raise error


def half(t):
    return [Mail(t, port) for port in POLICIES]


def freeze_asked(milter, mails):
    """It has been shown the messages, and does not look at them."""
    milter.signal(signal.SIGSTOP)
    for m in mails:
        m.dot()
    time.sleep(0.3)


def fails(mails):
    together(*[m.is_failed for m in mails])


def all_fail(t):
    together(*[lambda port=port: Mail(t, port).is_failed()
               for port in POLICIES])


def signs(t, port):
    m = Mail(t, port)
    return m.end() == 250 and SIGNATURE.search(arrived(t, m.rcpt))


def works(t):
    """A milter that can be asked again is asked, after a second at most."""
    for port in POLICIES:
        wait(lambda p=port: signs(t, p), "the milter", 20)
        Mail(t, port).is_signed()


def test_away(t):
    """Not there at smtpd's start; stopped; killed; not for us."""
    milter = OpenDKIM(t)
    start(t, milter)
    all_fail(t)
    milter.start()
    works(t)
    milter.kill()
    all_fail(t)
    milter.start()
    works(t)
    os.chmod(milter.path, 0o600)
    all_fail(t)
    os.chmod(milter.path, 0o777)
    works(t)
    for why in "No such file", "Connection refused", "Permission denied":
        t.server.wait_log("milter=.* reason=.*" + why)
    over(t)


def test_killed(t):
    """In the middle of a message, and while it is asked about it."""
    milter = OpenDKIM(t).start()
    start(t, milter)
    mails = half(t)
    milter.kill()
    fails(mails)
    milter.start()
    works(t)
    mails = half(t)
    freeze_asked(milter, mails)
    milter.kill()
    fails(mails)
    milter.start()
    works(t)
    over(t)


def test_restarted(t):
    """Between two messages nobody notices; in one, the new one is not asked,
    but about the next it is."""
    milter = OpenDKIM(t).start()
    start(t, milter)
    mails = half(t)
    for m in mails:
        m.is_signed()
    milter.kill()
    milter.start()
    mails = [Mail(t, m.port, m.client) for m in mails]
    for m in mails:
        m.is_signed()
    mails = [Mail(t, m.port, m.client) for m in mails]
    freeze_asked(milter, mails)
    milter.kill()
    milter.start()
    fails(mails)
    for m in mails:
        Mail(t, m.port, m.client).is_signed()
    over(t)


def test_frozen(t):
    """At connect, between two messages, and in one: the time-outs end it."""
    milter = OpenDKIM(t).start()
    start(t, milter, ",connect=1s,command=2s,content=3s")
    works(t)
    mails, old = half(t), {port: Client(port) for port in POLICIES}
    for client in old.values():
        equal(client.hello()[0], 250, "EHLO")
    milter.signal(signal.SIGSTOP)
    began = time.monotonic()
    together(lambda: fails(mails), lambda: all_fail(t),
             *[lambda p=p, c=c: Mail(t, p, c).is_failed()
               for p, c in old.items()])
    took = time.monotonic() - began
    check(took >= 3, "it took %.1f s", took)
    soon(took, 30, "all of it")
    for word in "negotiation", "mail", "header":
        t.server.wait_log("timed out after " + word)
    milter.signal(signal.SIGCONT)
    works(t)
    over(t)


def unanswered(clients):
    """None of them has been told anything."""
    ready = select.select([c.sock for c in clients], [], [], 0)[0]
    equal(len(ready), 0, "clients that were answered")


def test_others(t):
    """A frozen milter keeps those waiting that need it, and no others."""
    frozen, other = OpenDKIM(t).start(), OpenDKIM(t, name="other").start()
    t.start(t.filter("one", "%s -o exempt=203.0.113.9 -s %s" %
                     (NAME, frozen.name)) + LISTEN % (2525, "one") +
            t.filter("two", "%s -s %s" % (NAME, other.name)) +
            LISTEN % (2526, "two"))
    mails = [Mail(t, 2525) for _ in range(10)]
    frozen.signal(signal.SIGSTOP)
    waiting = [m.dot().client for m in mails] + \
        [Client(2525, greet=False) for _ in range(10)]
    for _ in range(3):
        exempt = Mail(t, 2525, src="203.0.113.9")
        equal(exempt.end(), 250, "reply to one who is exempt")
        exempt.same(arrived(t, exempt.rcpt))
        Mail(t, 2526).is_signed()
    unanswered(waiting)
    frozen.signal(signal.SIGCONT)
    for m in mails:
        m.is_signed()
    for client in waiting[10:]:
        equal(client.reply()[0], 220, "greeting")
        client.close()
    over(t)


class Scripted(Daemon):
    """The one of tests/talk: it does as the sender's address says."""

    def __init__(self, t):
        super().__init__(t, "scripted")
        self.argv = [sys.executable, os.path.join(
            harness.HERE, "..", "talk", "milter", "milter.py"), self.path]


def test_slow(t):
    """A milter that thinks about some mails: others go on, and are signed."""
    milters = OpenDKIM(t).start(), Scripted(t).start()
    t.start(t.filter("both", "%s -s %s -s %s" %
                     (NAME, milters[0].name, milters[1].name)) +
            LISTEN % (2525, "both"))
    slow = [Mail(t, 2525, sender=event + "=silent@example.com").dot()
            for event in ("eoh", "eom") * 5]
    for _ in range(5):
        Mail(t, 2525).is_signed()
    unanswered([m.client for m in slow])
    milters[1].kill()
    for m in slow:
        equal(m.client.reply()[0], 451, "reply to a slow one")
    over(t)


def test_gone(t):
    """Clients that leave while it is frozen leave nothing behind."""
    milter = OpenDKIM(t).start()
    start(t, milter, ",max=2")
    mails = [Mail(t, TEMPFAIL) for _ in range(2)]
    milter.signal(signal.SIGSTOP)
    clients = [mails[0].dot().client, mails[1].client]
    clients += [Client(TEMPFAIL, greet=False) for _ in range(10)]
    time.sleep(0.3)
    for n, client in enumerate(clients):
        client.reset() if n % 2 else client.close()
    milter.signal(signal.SIGCONT)
    for _ in range(3):
        Mail(t, TEMPFAIL).is_signed()
    over(t)


def kill_workers():
    pairs = harness.processes(NAME)
    pids = {pid for pid, _ in pairs}
    workers = [pid for pid, parent in pairs if parent in pids]
    equal(len(workers), 3, "workers")
    for pid in workers:
        os.kill(pid, signal.SIGKILL)


def test_worker(t):
    """Killed in a message, or while OpenDKIM has it: 451, then it is signed."""
    milter = OpenDKIM(t).start()
    start(t, milter)
    for stop in False, True:
        mails = half(t)
        if stop:
            freeze_asked(milter, mails)
        kill_workers()
        for m in mails:
            equal(m.end(), 451, "reply at %d (%s)" % (m.port, m.reply))
        if stop:
            milter.signal(signal.SIGCONT)
        for port in POLICIES:
            Mail(t, port).is_signed()
    over(t)


class SignedLoad(Load):
    def rest(self, got):
        top, _, rest = mail.split(got)
        is_valid(top + rest)
        return SIGNATURE.sub(b"", top + rest)


def under_load(t, conf, action, times, pause):
    """Mails while action() is done so often: some fail, none is lost."""
    t.start(conf + "".join(LISTEN % (port, "dkim") for port in LOADED))
    Mail(t, 2525).is_signed()
    for path in glob.glob(os.path.join(harness.RUN, "home/alice/*/new/*")):
        os.unlink(path)
    load, rand = SignedLoad(t, 20), random.Random(times)
    for _ in range(times):
        time.sleep(rand.uniform(pause, 2 * pause))
        action(rand)
    time.sleep(pause)
    accepted, refused = load.stop()
    check(accepted > 10 and refused > 0, "%d accepted, %d refused", accepted,
          refused)
    Mail(t, 2525).is_signed()
    print("%d accepted, %d refused" % (accepted, refused))


def test_milter_load(t):
    """OpenDKIM is killed, and started, while mail comes."""
    milter = OpenDKIM(t).start()

    def restart(rand):
        milter.kill()
        time.sleep(rand.uniform(0, 0.3))
        milter.start()
    under_load(t, t.filter("dkim", "%s -s %s" % (NAME, milter.name)), restart,
               4, 0.5)


def test_worker_load(t):
    """filter-milter's worker is killed while mail comes."""
    milter = OpenDKIM(t).start()
    under_load(t, t.filter("dkim", "%s -s %s" % (NAME, milter.name)),
               lambda _: strike(harness.worker_of(NAME), signal.SIGKILL),
               20, 0.1)


def test_guest_load(t):
    """OpenDKIM as a filter is killed, and crashes, while mail comes."""
    conf = OpenDKIM(t).guest(t, "dkim")
    under_load(t, conf,
               lambda rand: strike(harness.worker_of(GUEST), rand.choice(
                   (signal.SIGKILL, signal.SIGSEGV))), 20, 0.1)


def test_guest(t):
    """As a filter, dead in a message: its guard refuses that, and goes on."""
    t.start(OpenDKIM(t).guest(t, "dkim") + LISTEN % (2525, "dkim"))
    Mail(t, 2525).is_signed()
    guard = harness.guard_of(GUEST)
    for sig in signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT:
        m, pid = Mail(t, 2525), harness.worker_of(GUEST)
        os.kill(pid, sig)
        equal(m.end(), 451, "reply after signal %d" % sig)
        t.server.wait_log(r"worker %d died: signal %d" % (pid, sig))
        Mail(t, 2525).is_signed()
        equal(harness.guard_of(GUEST), guard, "guard")
    m, pid = Mail(t, 2525), harness.worker_of(GUEST)
    os.kill(pid, signal.SIGSTOP)
    m.dot()
    time.sleep(0.5)
    unanswered([m.client])
    os.kill(pid, signal.SIGCONT)
    m.is_signed()
    over(t)


def both(t, milter, terms="", **how):
    """As a daemon behind filter-milter, and as a filter."""
    t.start(t.filter("daemon", "%s -s %s%s" % (NAME, milter.name, terms)) +
            LISTEN % (2525, "daemon") + milter.guest(t, "dkim") +
            LISTEN % (2526, "dkim"), **how)
    return 2525, 2526


def test_disk_full(t):
    """A big mail finds no room: 451.  Small ones are signed."""
    path = small_disk(t, "1m")
    for port in both(t, OpenDKIM(t).start(), env={"TMPDIR": path}):
        reply = send(port, mail.large(BIG), "bob@example.org", timeout=90)
        equal(reply[0], 451, "reply to a big one (%s)" % reply[1])
        Mail(t, port).is_signed()
    equal(glob.glob(path + "/*"), [], "files left behind")
    equal(glob.glob(os.path.join(harness.RUN, "home/bob/*")), [], "bob's mail")
    over(t)


def connections(milter):
    """Those that filters have to it."""
    rows = [line.split() for line in
            harness.read("/proc/net/unix").decode().splitlines()]
    return sum(row[5:6] + row[7:] == ["03", milter.path] for row in rows)


def test_crowd(t):
    """500 sessions at a time, for 128 connections: all mails are signed."""
    milter = OpenDKIM(t).start()
    for port in both(t, milter, ",connect=90s"):
        # One after the other: smtpd's queue of connections is short.
        clients = [Client(port, timeout=90) for _ in range(500)]
        together(*[c.hello for c in clients])
        if port == 2525:
            wait(lambda: connections(milter) == 128, "128 connections")
        together(*[lambda c=c: Mail(t, port, c).end() for c in clients])
        for client in clients:
            client.close()
    equal({m.reply[0] for m in t.tried}, {250}, "replies")
    over(t)
    for n, got in enumerate(t.mails()):
        equal(len(SIGNATURE.findall(got)), 1, "signatures")
        if n % 10 == 0:
            is_valid(b"".join(mail.split(got)[::2]))
