# SPDX-License-Identifier: ISC
"""Rows of filter-postgrey: decisions a second, with the guard, for mail that
comes over the protocol.  Their bars are rates, not ratios, and what else the
machine does only lowers a rate: the best of the runs counts.
"""

import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "smtpd"))

from greyservers import Postgrey, Redis  # noqa: E402

POSTGREY = "filter-postgrey/filter-postgrey"
SHM = "/dev/shm"
MILLION = 1000000
ASKED = 20000


@contextlib.contextmanager
def memory_disk():
    """A directory on tmpfs, if there is one."""
    where = SHM if os.access(SHM, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="bench.", dir=where) as path:
        os.chmod(path, 0o755)
        yield path


def decisions(b, clients, *options, field="rate", more=()):
    return b.drive(field, ["-n", str(clients), *more], POSTGREY,
                   *options, driver="decisions")


def best(b, ours, bar):
    """A row of a rate that has a bar of its own."""
    ours(0)                 # once for the caches
    rate = max(ours(n + 1) for n in range(b.pairs))
    return ("%.0f/s" % rate, "%d/s" % bar, rate / bar, 1.0, rate >= bar)


def builtin(b, where, n, *more):
    return decisions(b, b.mails * 12, "-o", "db=%s/%d.db" % (where, n), *more)


def db(b):
    with memory_disk() as where:
        return best(b, lambda n: builtin(b, where, n), 20000)


def shared(missing):
    def measure(b):
        if not Redis.program():
            raise missing("there is no Redis")
        with memory_disk() as where:
            server = Redis(os.path.join(where, "redis"))
            try:
                return best(b, lambda n: builtin(
                    b, where, n, "-o", "redis=" + server.server, "-o",
                    "redis-prefix=%d:" % n), 30000)
            finally:
                server.close()
    return measure


@contextlib.contextmanager
def instant(b, where):
    """The server that greylists everybody."""
    path = os.path.join(where, "instant")
    with subprocess.Popen([b.path("tests/bench/instant"), path],
                          stdin=subprocess.PIPE) as server:
        while not os.path.exists(path):
            time.sleep(0.01)
        try:
            yield "unix:" + path
        finally:
            server.stdin.close()


def policy(b):
    with memory_disk() as where, instant(b, where) as server:
        return best(b, lambda n: decisions(
            b, b.mails * 12, "-s", server, "-o", "connections=16"), 40000)


def peer(missing):
    """The built-in store, and the same clients asked of postgrey."""
    def measure(b):
        if not Postgrey.program():
            raise missing("there is no postgrey")
        with memory_disk() as where:
            server = Postgrey(os.path.join(where, "postgrey"), delay=3600)
            try:
                return compare(b, where, server)
            finally:
                server.close()
    return measure


def compare(b, where, server):
    # Who came before is early: postgrey does the same work for them.
    counter = iter(range(1000))
    a, p, ratio = b.pair(
        lambda: builtin(b, where, next(counter)),
        lambda: decisions(b, b.mails * 2, "-s", server.server))
    return "%.0f/s" % a, "%.0f/s" % p, ratio, 2.0, ratio >= 2.0


def filled(b, where, rows):
    """A store that has had so many mails; its file.  Between any two tuples
    that the driver asks for there are some that it does not."""
    path = os.path.join(where, "%d.db" % rows)
    decisions(b, 10, "-o", "db=" + path)
    now = int(time.time() * 1000)
    keys = sorted("198.18.%d.0/joe@example.net/alice%d.%d@example.org" %
                  (n % ASKED // 256, n % ASKED, n // ASKED)
                  for n in range(rows))
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        file.executemany(
            "INSERT INTO tuple (key, first, last, blocked, passed) "
            "VALUES (?, %d, %d, 1, 0)" % (now, now), ((k,) for k in keys))
    return path


def ask(f, clients):
    """The driver's questions, one after the other."""
    for n in range(1, clients + 1):
        head = b"0.7|1795291025.976383|smtp-in|"
        sid = b"%016x" % n
        f.sock.sendall(b"".join((
            b"report|", head, b"link-connect|", sid, b"|mail.example.net|pass|",
            b"198.18.%d.%d:33124|192.0.2.25:25\n" % (n // 256, n % 256),
            b"report|", head, b"tx-begin|", sid, b"|b2857122\n",
            b"report|", head, b"tx-mail|", sid, b"|b2857122|ok|",
            b"joe@example.net\nfilter|", head, b"rcpt-to|", sid,
            b"|1ef1c203cc576e5d|alice%d@example.org\n" % n)))
        f.line()
        f.sock.sendall(b"report|%slink-disconnect|%s\n" % (head, sid))


def million(idle, pss):
    """Rates of a store with a million tuples, and of one with ten thousand;
    with the size of the file, and what the filter has in memory by then."""
    def measure(b):
        with memory_disk() as where:
            few, many = (filled(b, where, n) for n in (10000, MILLION))
            size = os.path.getsize(many)
            a, p, ratio = b.pair(
                lambda: decisions(b, ASKED, "-o", "db=" + many),
                lambda: decisions(b, ASKED, "-o", "db=" + few))
            f = idle(b.path(POSTGREY), "-o", "db=" + many)
            ask(f, ASKED)
            memory = pss(f.proc.pid)
            f.stop()
        return ("%.0f/s,file=%.0fMB,memory=%.1fMB" %
                (a, size / 1048576, memory / 1048576), "%.0f/s" % p, ratio,
                0.7, ratio >= 0.7)
    return measure


def rows(missing, idle, pss):
    return {
        "postgrey-policy": policy,
        "postgrey-db": db,
        "postgrey-redis": shared(missing),
        "postgrey-peer": peer(missing),
        "postgrey-million": million(idle, pss),
    }
