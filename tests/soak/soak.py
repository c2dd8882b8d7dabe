# SPDX-License-Identifier: ISC
"""Many mails over many sessions: nothing is lost, nothing comes twice, and the
filters need no more memory at the end than in the middle.
"""

import re
import threading
import time

import harness
from chain import FILTERS, Chain
from harness import check, wait
from load import Load, percentiles

GROWTH = 1024       # KB that a process may have more in the last third


class Memory(threading.Thread):
    """Samples of what is a process' own, in KB: {name: [KB, ...]}."""

    def __init__(self, chain):
        super().__init__(daemon=True)
        self.over, self.samples = threading.Event(), {}
        self.pids = chain.guards()
        for name, pid in list(self.pids.items()):
            self.pids[name + " worker"] = wait(
                lambda p=pid: chain.worker(p), "the worker of " + name)
        self.start()

    def run(self):
        while not self.over.wait(0.5):
            for name, pid in self.pids.items():
                self.samples.setdefault(name, []).append(own(pid))

    def finish(self):
        self.over.set()
        self.join()
        return {name: judge(name, sizes)
                for name, sizes in self.samples.items()}


def own(pid):
    """All of it that is in memory but for files."""
    status = harness.read("/proc/%d/status" % pid)
    return sum(int(kb) for kb in
               re.findall(rb"^Rss(?:Anon|Shmem):\s+(\d+)", status, re.M))


def judge(name, sizes):
    """(the most, growth of the last third); a process that ended has 0."""
    check(len(sizes) >= 6, "%s: %d samples", name, len(sizes))
    check(min(sizes) > 0, "%s is not the process that began", name)
    third = len(sizes) * 2 // 3
    grown = max(sizes[third:]) - max(sizes[:third])
    check(grown <= GROWTH, "%s grew by %d KB in the last third (%d KB)", name,
          grown, sizes[-1])
    return max(sizes), grown


class Soak:
    def __init__(self, sessions, mails, seconds):
        self.sessions, self.seconds = sessions or 200, seconds
        self.mails = mails or (None if seconds else 10000)
        self.chain = None

    def run(self):
        chain = self.chain = Chain("soak")
        memory = Memory(chain)
        load = Load(chain, self.sessions, self.mails)
        if self.seconds:
            while time.monotonic() - load.began < self.seconds:
                time.sleep(min(self.seconds, 20))
                load.collect()
            load.stop()
        else:
            load.join(3600)
        took = time.monotonic() - load.began
        sizes = memory.finish()
        wrong = load.judge()
        if self.mails:
            check(len(load.accepted) == self.mails, "%d of %d were accepted",
                  len(load.accepted), self.mails)
        return self.rows(load, took, sizes, wrong)

    def rows(self, load, took, sizes, wrong):
        p50, p95, p99, most = percentiles(load.took, 0.5, 0.95, 0.99, 1)
        rows = [
            ("smtpd", str(harness.version())),
            ("mails accepted", "%d over %d sessions" % (len(load.accepted),
                                                        self.sessions)),
            ("time", "%.0f s, %.0f mails a second" % (
                took, len(load.accepted) / took)),
            ("refused for now, and taken later", str(load.refusals)),
            *wrong,
            ("MAIL to 250, median / p95 / p99 / most",
             "%.0f / %.0f / %.0f / %.0f ms" % (p50, p95, p99, most))]
        for name in FILTERS:
            most, grown = sizes[name + " worker"]
            guard, _ = sizes[name]
            rows.append(("memory of %s, with its guard" % name,
                         "%.1f MB, last third %+d KB" % (
                             (most + guard) / 1024, grown)))
        return rows
