# SPDX-License-Identifier: ISC
"""filter-spamassassin with a spamd that is not there, dies, freezes or is too
busy, in the real smtpd.

Whatever happens to spamd: with on-failure tempfail nothing is delivered that
it has not seen, with accept nothing is lost and no client's own verdict
passes; and as soon as spamd can be asked again, it is.
"""

import os
import signal
import socket
import threading
import time

import harness
import mail
from assassin import GTUBE
from client import Client, send
from harness import check, equal, soon, wait
from test_spamassassin import FORGED, HAM, line, marked, spamd, unscanned

ACCEPT, TEMPFAIL = 2525, 2526


def start(t, daemons, more=""):
    """One listener for each policy."""
    t.start("".join(
        line(t, daemons, "-o on-failure=%s %s" % (policy, more)).replace(
            '"spam"', '"%s"' % policy, 1) +
        'listen on 127.0.0.1 port %d filter "%s"\n' % (port, policy)
        for port, policy in ((ACCEPT, "accept"), (TEMPFAIL, "tempfail"))))


class Mail:
    """A mail with a forged verdict, sent by a thread or here."""

    count = 0

    def __init__(self, t, port, body=HAM, score=0, name="fault"):
        Mail.count += 1
        self.t, self.score = t, score
        self.rcpt = "alice+%d.%d@example.org" % (port, Mail.count)
        self.name = "%s.%d" % (name, Mail.count)
        head = b"From: Joe <joe@example.com>\nDate: Tue, 03 Feb 2026 " \
            b"10:11:12 +0100\nMessage-ID: <%s@example.com>\n" % \
            self.name.encode()
        self.sent = head + b"\n" + body
        self.reply, self.took = None, None
        self.thread = threading.Thread(
            target=self.send, args=(port, head + FORGED + b"\n" + body),
            daemon=True)
        self.thread.start()

    def send(self, port, message):
        began = time.monotonic()
        self.reply = send(port, message, self.rcpt, timeout=120)
        self.took = time.monotonic() - began

    def wait(self):
        self.thread.join(120)
        check(self.reply, "no reply to %s", self.rcpt)
        return self.reply[0]

    def got(self):
        equal(self.wait(), 250, "reply to " + self.name)
        return self.t.mail_to(self.rcpt, folder="junk" if self.score >= 5
                              else "new", seconds=60)

    def is_scanned(self):
        marked(self.got(), self.sent, self.score >= 5, self.score)

    def is_unscanned(self, why=b"error=spamd"):
        unscanned(self.got(), self.sent, why)

    def is_refused(self):
        equal(self.wait(), 451, "reply to " + self.name)
        check("Spam filter failed" in self.reply[1], "%s", self.reply)


def both_fail(t, seconds, why=b"error=spamd", **how):
    """A mail by each policy, neither takes longer."""
    mails = Mail(t, ACCEPT, **how), Mail(t, TEMPFAIL, **how)
    mails[0].is_unscanned(why)
    mails[1].is_refused()
    for m in mails:
        soon(m.took, seconds, m.name)


def both_scan(t, seconds=5):
    mails = Mail(t, ACCEPT), Mail(t, TEMPFAIL, GTUBE, 1000)
    for m in mails:
        m.is_scanned()
        soon(m.took, seconds, m.name)


def over(t, delivered):
    """Nothing was delivered but what was asked for."""
    time.sleep(0.3)
    equal(len(t.mails()) + len(t.mails(folder="junk")), delivered, "mails")


def test_not_yet(t):
    """spamd comes after smtpd, and is used at once; until then, on-failure."""
    daemon = spamd(t, start=False)
    start(t, [daemon], "-o tries=1")
    both_fail(t, 4)
    both_fail(t, 3)
    daemon.start()
    both_scan(t, 3)
    t.server.wait_log("No such file or directory")
    over(t, 4)


def test_wait(t):
    """A mail waits while spamd starts."""
    daemon = spamd(t, start=False)
    start(t, [daemon])
    mails = [Mail(t, port) for port in (ACCEPT, TEMPFAIL) * 3]
    time.sleep(1)
    daemon.start()
    for m in mails:
        m.is_scanned()
    over(t, 6)


def test_stopped(t):
    """Stopped: ENOENT; killed: a stale socket.  Started again: used."""
    daemon = spamd(t)
    start(t, [daemon], "-o tries=1")
    for end in daemon.stop, daemon.kill:
        both_scan(t)
        end()
        both_fail(t, 3)
        daemon.start()
        both_scan(t)
    t.server.wait_log("No such file or directory")
    t.server.wait_log("Connection refused")
    over(t, 10)


def stream(t, seconds, action, port=TEMPFAIL):
    """Mails one after the other while spamd is changed; all are scanned."""
    thread = threading.Thread(target=action)
    thread.start()
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end or thread.is_alive():
        mails = [Mail(t, port, *how) for how in ((HAM, 0), (GTUBE, 1000))]
        for m in mails:
            m.is_scanned()
        count += 2
    thread.join()
    return count


def test_reload(t):
    """HUP while mail comes: spamd begins anew, and no mail notices."""
    daemon = spamd(t)
    start(t, [daemon])

    def reloads():
        for n in range(1, 4):
            time.sleep(0.5)
            daemon.reload()
            wait(lambda n=n: daemon.log().count("server started on") > n,
                 "the reload")
    over(t, stream(t, 4, reloads))
    check(daemon.log().count("server started on") > 3, "it was not reloaded")


def test_restart(t):
    """A new one while mail comes."""
    daemon = spamd(t)
    start(t, [daemon])

    def restarts():
        for end in daemon.stop, daemon.kill:
            time.sleep(0.5)
            end()
            time.sleep(0.3)
            daemon.start()
    over(t, stream(t, 3, restarts))


def test_killed_child(t):
    """The child that scans 2 MB is killed: another one scans it."""
    daemon = spamd(t, children=3)
    start(t, [daemon], "-l 0")
    body = b"spamword-four sleep-for-2\n" + mail.large(2000000)
    for port in ACCEPT, TEMPFAIL:
        m = Mail(t, port, body, 4.0, "victim")
        pid = wait(lambda m=m: daemon.checks(m.name), "the scan of 2 MB")
        os.kill(pid, signal.SIGKILL)
        wait(lambda m=m, pid=pid: daemon.checks(m.name) != pid, "another")
        m.is_scanned()
    over(t, 2)


def test_killed_children(t):
    """Each child that scans it dies: so often it is tried, and no more."""
    daemon = spamd(t, children=3)
    start(t, [daemon], "-l 0")
    body = b"sleep-for-5\n" + mail.large(2000000)
    for port in ACCEPT, TEMPFAIL:
        m, pids = Mail(t, port, body, name="victim"), set()
        while m.thread.is_alive():
            pid = daemon.checks(m.name)
            if pid and pid not in pids:
                pids.add(pid)
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
        m.is_unscanned() if port == ACCEPT else m.is_refused()
        equal(len(pids), 3, "children that died of it")
    daemon.wait()
    both_scan(t)
    over(t, 3)


def test_frozen(t):
    """It takes all and says nothing: the deadline ends it."""
    daemon = spamd(t)
    start(t, [daemon], "-o deadline=2s")
    both_scan(t)
    daemon.freeze()
    both_fail(t, 4, b"error=timeout")
    t.server.wait_log("timed out")
    daemon.thaw()
    wait(daemon.ping, "spamd")
    time.sleep(1)           # what it was asked meanwhile is done first
    both_scan(t)
    over(t, 5)


def test_backlog(t):
    """So many wait for it that the kernel takes no more of them."""
    daemon = spamd(t)
    start(t, [daemon], "-o tries=1")
    daemon.freeze()
    crowd = []
    while True:
        sock = socket.socket(socket.AF_UNIX)
        crowd.append(sock)
        sock.setblocking(False)
        try:
            sock.connect(daemon.path)
        except BlockingIOError:
            break
    both_fail(t, 9, b"error=timeout")
    both_fail(t, 9, b"error=timeout")
    t.server.wait_log("connect: timed out")
    for sock in crowd:
        sock.close()
    daemon.thaw()
    # It hears of all those first.
    wait(lambda: daemon.ping(10), "spamd", 60)
    both_scan(t, 10)
    over(t, 4)


def test_overload(t):
    """One child, and many slow mails: those in time are scanned."""
    daemon = spamd(t, children=1)
    start(t, [daemon], "-o max-concurrent=1 -o queue-timeout=3s")
    mails = [Mail(t, TEMPFAIL, b"sleep-for-1\n") for _ in range(8)]
    codes = [m.wait() for m in mails]
    check(2 <= codes.count(250) <= 5, "replies: %s", codes)
    for m in mails:
        m.is_scanned() if m.reply[0] == 250 else m.is_refused()
    t.server.wait_log(r"waited for 3 s")
    over(t, codes.count(250))


def test_overload_spamd(t):
    """More than spamd has children for: it is silent, and the clock goes."""
    daemon = spamd(t, children=1)
    start(t, [daemon], "-o deadline=3s")
    mails = [Mail(t, port, b"sleep-for-2\n")
             for port in (ACCEPT, TEMPFAIL) * 3]
    scanned = 0
    for m in mails:
        if m.wait() == 451:
            m.is_refused()
        elif b"No, error=timeout" in m.got():
            m.is_unscanned(b"error=timeout")
        else:
            m.is_scanned()
            scanned += 1
    check(0 < scanned < 6, "%d were scanned", scanned)
    over(t, 6 - [m.reply[0] for m in mails].count(451))


def test_slow(t):
    """spamd gives up a message: 79.  SpamAssassin does: what it found."""
    daemon = spamd(t, "--timeout-child=1", "--cf=add_header all Slow _SLOW_")
    start(t, [daemon])
    both_fail(t, 5, b"error=timeout", body=b"slow-for-9\n")
    t.server.wait_log("79 Timeout")
    m = Mail(t, TEMPFAIL, b"sleep-for-9\n")
    check(b"TIME_LIMIT_EXCEEDED" in m.got(), "%s", m.got())
    over(t, 2)


def test_refuses_us(t):
    """-A: it hangs up as soon as it sees who we are."""
    daemon = spamd(t, "-A", "192.0.2.99", port=7783, start=False)
    daemon.start(wait=False)
    wait(lambda: "server started on" in daemon.log(), "spamd")
    start(t, [daemon], "-o retry-delay=0")
    both_fail(t, 5)
    both_fail(t, 5)
    over(t, 2)


def test_second(t):
    """Two servers: the second one does the work of one that is no more."""
    one, two = spamd(t, name="one"), spamd(t, port=7783, name="two")
    start(t, [one, two], "-o deadline=10s")
    both_scan(t)
    check("clean message" not in two.log(), "the second was asked")
    one.stop()
    both_scan(t, 2)
    one.start()
    two.kill()
    both_scan(t, 2)
    over(t, 6)


def test_worker(t):
    """The filter's worker dies while spamd scans: refused, not lost."""
    daemon = spamd(t)
    start(t, [daemon])
    both_scan(t)
    mails = [Mail(t, port, b"sleep-for-2\n", name="victim")
             for port in (ACCEPT, TEMPFAIL)]
    for m in mails:
        wait(lambda m=m: daemon.checks(m.name), "the scan")
    for pid, parent in harness.processes("filter-spamassassin"):
        if any(parent == p for p, _ in
               harness.processes("filter-spamassassin")):
            os.kill(pid, signal.SIGKILL)
    for m in mails:
        equal(m.wait(), 451, "reply")
    over(t, 2)


def test_client_gone(t):
    """Clients that hang up while spamd scans: nothing of theirs stays."""
    daemon = spamd(t)
    start(t, [daemon], "-o max-concurrent=2")
    for _ in range(6):
        client = Client(TEMPFAIL)
        client.hello()
        client.envelope("joe@example.com", ["alice@example.org"])
        client.raw(b"Subject: x\r\n\r\nsleep-for-1\r\n.\r\n")
        time.sleep(0.1)
        client.reset()
    both_scan(t, 10)
