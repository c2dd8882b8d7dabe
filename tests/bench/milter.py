# SPDX-License-Identifier: ISC
"""Rows of filter-milter and libmilter: CPU a mail of 2 KB, each in a session
of its own, with a milter that wants to know everything and does next to
nothing.  Peer is the same milter as a daemon on the system's libmilter: at the
other end of filter-milter's wire, and together with filter-milter, instead of
which the milter can be a filter itself.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

FILTER = 'filter-milter/filter-milter'
QUICK = 'tests/filters/milter-quick'
DAEMON = 'tests/filters/milter-peer-quick'
WIRE, LIBRARY = 0.7, 0.8


def mails(b, program, *options):
    return b.drive('cpu_us', ['-n', str(b.mails // 2), '-t', 'X-Milter: yes'],
                   program, *options, driver='mails')


def wait_for(path):
    end = time.monotonic() + 10
    while not os.path.exists(path):
        if time.monotonic() > end:
            sys.exit('the milter does not listen')
        time.sleep(0.01)


def wire(b):
    """Microseconds a mail of (filter-milter, the daemon)."""
    with tempfile.TemporaryDirectory(prefix='milter.', dir=b.where.name) as d:
        path = os.path.join(d, 'socket')
        daemon = subprocess.Popen([b.path(DAEMON), 'unix:' + path],
                                  stdin=subprocess.DEVNULL)
        try:
            wait_for(path)
            ours = mails(b, FILTER, '-s', 'unix:' + path)
        finally:
            daemon.kill()       # asked to end, it takes seconds
            used = os.wait4(daemon.pid, 0)[2]
            daemon.returncode = 0
    return ours, (used.ru_utime + used.ru_stime) * 1e6 / (b.mails // 2)


def row(b):
    wire(b)                 # once for the caches
    runs = [wire(b) for _ in range(b.pairs)]
    a, p = (statistics.median(column) for column in zip(*runs))
    ratio = statistics.median(a / p for a, p in runs)
    return '%.0fus' % a, '%.0fus' % p, ratio, WIRE, ratio <= WIRE


def library(b):
    a, p, ratio = b.pair(lambda: mails(b, QUICK), lambda: sum(wire(b)))
    return '%.0fus' % a, '%.0fus' % p, ratio, LIBRARY, ratio <= LIBRARY


ROWS = {
    'milter': row,
    'milter-lib': library,
}
