#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Runs a command on a machine that stands still now and then.

usage: freeze.py COMMAND...

The command and all that it starts is frozen and goes on again, at random, for
less than these times and mostly for much less.  A test that fails here only
has a time limit that a busy machine breaks.  Needs root, and cgroups with a
freezer.
"""

import os
import random
import subprocess
import sys
import time

RUNS, STANDS = 0.1, 0.2         # seconds

# Where groups are, the file that freezes one, what to say to it.
KINDS = (("/sys/fs/cgroup/freezer", "freezer.state", "FROZEN", "THAWED"),
         ("/sys/fs/cgroup", "cgroup.freeze", "1", "0"))


def put(path, text):
    with open(path, "w") as f:
        f.write(text)


def remove(group):
    """Its last processes may still be on their way out."""
    for _ in range(50):
        try:
            return os.rmdir(group)
        except OSError:
            time.sleep(0.1)


def main():
    command = sys.argv[1:]
    if not command:
        sys.exit(__doc__)
    root, name, freeze, thaw = next(k for k in KINDS if os.path.isdir(k[0]))
    group = "%s/freeze.%d" % (root, os.getpid())
    os.mkdir(group)
    proc = subprocess.Popen(
        command, preexec_fn=lambda: put(group + "/cgroup.procs", "0"))
    while proc.poll() is None:
        time.sleep(random.random() ** 2 * RUNS)
        try:
            put(group + "/" + name, freeze)
            time.sleep(random.random() ** 4 * STANDS)
        finally:
            put(group + "/" + name, thaw)
    remove(group)
    sys.exit(proc.returncode if proc.returncode >= 0
             else 128 - proc.returncode)


if __name__ == "__main__":
    main()
