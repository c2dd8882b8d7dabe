#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Filters whose worker or guard stands still all the time, a millisecond or
two, wherever it is, while the other side goes on as fast as it can and more
mail waits than a ring takes.  Neither may write over what the other one still
reads: tests/bench/mails compares each byte that comes back.

usage: overrun.py [BUILD]
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time

DKIM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../dkim/keys")
STOPS = 20              # less than that is no test
# Filter, the field that it puts on top, mails, their size.
CASES = (
    ("tests/filters/filter-tag", "X-Lines:", 40000, 2048),
    ("tests/filters/filter-tag", "X-Lines:", 40000, 600),
    ("tests/filters/filter-tag", "X-Lines:", 1500, 100000),
    ("tests/filters/filter-echo", "", 40000, 2048),
    ("tests/filters/osmtpd-echo", "", 40000, 2048),
    ("filter-dkimsign/filter-dkimsign -a ed25519-sha256 -d example.org "
     "-s test -o safe-keys=no -k %s/ed25519.pem" % DKIM, "DKIM-Signature:",
     8000, 2048),
)


def child(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
            return int(file.read().split()[0])
    except (IndexError, OSError):
        return None


def find(driver, which):
    """The guard, or its worker, once it is there; or None."""
    end = time.monotonic() + 10
    while time.monotonic() < end and driver.poll() is None:
        pid = guard = child(driver.pid)
        if guard and which == "worker":
            pid = child(guard)
        if pid:
            return pid
        time.sleep(0.001)
    return None


def stop(driver, pid):
    """Until the driver ends; how often."""
    stops, rand = 0, random.Random(5)
    while pid is not None and driver.poll() is None:
        try:
            os.kill(pid, signal.SIGSTOP)
            time.sleep(rand.uniform(0.0005, 0.002))
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            break
        stops += 1
        time.sleep(rand.uniform(0, 0.001))
    return stops


def run(build, which, program, field, mails, size):
    """What is wrong, or None."""
    argv = [os.path.join(build, "tests/bench/mails"), "-n", str(mails),
            "-s", str(size), "-w", "512", "-t", field]
    name, *options = program.split()
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        driver = subprocess.Popen(
            argv + [os.path.join(build, name)] + options,
            stdout=subprocess.DEVNULL, stderr=log)
        stops = stop(driver, find(driver, which))
        log.seek(0)
        said = [line for line in log if line.startswith("mails: ")]
    if driver.wait() != 0:
        return "after %d stops: %s" % (stops, "".join(said).strip())
    if stops < STOPS:
        return "only %d stops" % stops
    return None


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ".")
    failed = 0
    for which in "worker", "guard":
        for program, field, mails, size in CASES:
            wrong = run(build, which, program, field, mails, size)
            if wrong is not None:
                failed += 1
                print("%s, %d bytes, the %s stands still: %s" %
                      (program.split()[0], size, which, wrong))
    print("%d passed, %d failed" % (2 * len(CASES) - failed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
