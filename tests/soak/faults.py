# SPDX-License-Identifier: ISC
"""All that can fail does, while mail comes and some clients are rude: smtpd
lives, what was accepted is there once, and after each fault mail goes on.
"""

import contextlib
import os
import random
import signal
import subprocess
import threading
import time

import harness
from chain import FILTERS, Chain, freeze, strike
from harness import SPOOL, check, equal, wait
from load import Load, percentiles
from rude import Rude

DEATHS = (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS)
SMALL = {"spool": "256m,nr_inodes=4000", "home": "96m", "tmp": "64m"}
BIG = 9 << 20           # more than a filter keeps in memory
SIZE = 11 << 20         # more than smtpd takes


class Faults:
    def __init__(self, sessions, mails, seconds):
        self.sessions, self.seconds = sessions or 20, seconds or 50
        self.chain, self.counts, self.back = None, {}, []
        self.rand = random.Random(4711)

    def count(self, what, more=1):
        self.counts[what] = self.counts.get(what, 0) + more

    def run(self):
        chain = self.chain = Chain("faults", SMALL)
        guards = self.guards = chain.guards()
        self.load, self.rude = Load(chain, self.sessions), Rude(chain)
        began = time.monotonic()
        wait(lambda: len(self.load.accepted) > 5 * self.sessions,
             "the first mails", 60)
        while True:
            for phase in PHASES:
                self.phase(phase)
            self.load.collect()
            if time.monotonic() - began > self.seconds * 0.7:
                break
        self.phase(Faults.limits)
        self.rude.stop()
        self.load.stop()
        took = time.monotonic() - began
        wrong = self.load.judge()
        accepted = self.rude.judge(self.load.copies)
        equal(chain.guards(), guards, "guards")
        return self.rows(took, wrong, accepted)

    def phase(self, phase):
        """Some faults, and then mail goes on."""
        before, began = len(self.load.accepted), time.monotonic()
        phase(self)
        during, ended = len(self.load.accepted) - before, time.monotonic()
        wait(lambda: len(self.load.accepted) >= before + during + 10 or
             not self.chain.alive() or self.load.odd,
             "mail to go on after " + phase.__name__, 40)
        self.back.append(time.monotonic() - ended)
        self.chain.server.healthy()
        check(not self.load.odd, "%s: %s", phase.__name__, self.load.odd)
        print("%-10s %5.1f s, %4d mails taken, 10 more %.1f s later" % (
            phase.__name__, ended - began, during, self.back[-1]),
            flush=True)

    def backends(self):
        """Each is killed, frozen and restarted."""
        for name, backend in self.chain.backends.items():
            backend.kill()
            self.pause()
            backend.start()
            self.pause()
            backend.freeze()
            self.pause()
            backend.thaw()
            self.pause()
            backend.stop()
            backend.start()
            for what in "killed", "frozen", "restarted":
                self.count("backends " + what)

    def pause(self):
        time.sleep(self.rand.uniform(0.1, 0.5))

    def workers(self, seconds=6):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pid = self.chain.worker(self.rand.choice(list(
                self.guards.values())))
            self.count("workers killed",
                       strike(pid, self.rand.choice(DEATHS)))
            time.sleep(self.rand.uniform(0.02, 0.12))

    def frozen(self):
        """All workers at once."""
        freeze([self.chain.worker(pid) for pid in self.guards.values()], 1)
        self.count("workers frozen", len(FILTERS))

    def together(self):
        """Both at the same time."""
        thread = threading.Thread(target=self.workers, args=(3,))
        thread.start()
        self.backends()
        thread.join()

    def spool(self):
        """Its disk has no room for another file.  For more bytes is not asked:
        on Linux smtpd does not notice at the end of a mail that it could not
        write it, and half of it is 250, with filters or without."""
        hogs = []
        with contextlib.suppress(OSError):
            while True:
                hogs.append(os.path.join(SPOOL, "hog%d" % len(hogs)))
                open(hogs[-1], "w").close()
        self.refused(5)
        for hog in hogs[:-1]:
            os.unlink(hog)
        self.count("disks full")

    def home(self):
        """No room where mail goes: what was accepted waits."""
        self.full(self.chain.home, lambda: wait(
            lambda: "Temporary failure" in self.chain.server.log() or
            "TempFail" in self.chain.server.log(), "a delivery to fail", 10))
        self.chain.hurry()

    def tmp(self):
        """No room for what filters write: big mails wait, others pass."""
        before = len(self.load.accepted)
        self.full(self.chain.tmp, lambda: check(
            not self.send_big(), "a big mail was accepted"))
        check(len(self.load.accepted) > before, "none was accepted meanwhile")
        check(self.send_big(), "a big mail was not accepted, with room for it")

    def send_big(self):
        return self.rude.one(self.rude.big, BIG)

    def refused(self, more):
        want = self.load.refusals + more
        wait(lambda: self.load.refusals >= want, "mails to be refused", 10)

    def full(self, path, meanwhile):
        hog = os.path.join(path, "hog")
        with contextlib.suppress(OSError), open(hog, "wb", 0) as file:
            while True:
                file.write(b"x" * 4096)
        meanwhile()
        time.sleep(1)
        os.unlink(hog)
        self.count("disks full")

    def descriptors(self):
        """A worker can open nothing more."""
        def used(pid):
            return len(os.listdir("/proc/%d/fd" % pid))
        self.limited("nofile", used)

    def memory(self):
        """A worker has a megabyte left."""
        def size(pid):
            pages = harness.read("/proc/%d/statm" % pid).split()[0]
            return int(pages) * 4096 + (1 << 20)
        self.limited("as", size)

    def limited(self, what, value):
        """For all of them, for three seconds; then they die, and those who
        come have no such limit."""
        pids = [self.chain.worker(pid) for pid in self.guards.values()]
        for pid in filter(None, pids):
            limit(pid, what, value(pid))
            self.count("workers without " + WORDS[what])
        time.sleep(3)
        for pid in pids:
            strike(pid, signal.SIGKILL)

    def limits(self):
        """Those of smtpd: a mail's size, its recipients, a session's mails."""
        for beyond, most in ((self.rude.big, SIZE), (self.rude.crowd, 1000),
                             (self.rude.chatter, 100)):
            check(not self.rude.one(beyond, most), "%s: there is no limit",
                  beyond.__name__)

    def rows(self, took, wrong, accepted):
        p50, p95, p99, most = percentiles(self.load.took, 0.5, 0.95, 0.99, 1)
        mails = len(self.load.accepted)
        return [
            ("smtpd", str(harness.version())),
            ("load held", "%d mails over %d sessions in %.0f s" % (
                mails, self.sessions, took)),
            ("refused for now, and taken later", str(self.load.refusals)),
            ("faults survived", str(sum(self.counts.values()))),
            *((what, str(n)) for what, n in self.counts.items()),
            ("after a fault mail goes on within", "%.1f s" % max(self.back)),
            ("bad inputs tried", "%d, %d of them were mails" % (
                self.rude.tried, accepted)),
            *wrong,
            ("MAIL to 250, median / p95 / p99 / most",
             "%.0f / %.0f / %.0f / %.0f ms" % (p50, p95, p99, most))]


WORDS = {"nofile": "descriptors", "as": "memory"}
PHASES = (Faults.backends, Faults.workers, Faults.frozen, Faults.together,
          Faults.spool, Faults.home, Faults.tmp, Faults.descriptors,
          Faults.memory)


def limit(pid, what, value):
    """The lower limit only, which its own user may set."""
    subprocess.run(["prlimit", "--pid", str(pid), "--%s=%d:" % (what, value)],
                   check=True, user=990, group=990, extra_groups=[])
