#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""filter-postgrey ends when smtpd does: what it decided a moment before is in
its file, and the next one knows it.  Run by make check, in the build tree."""

import socket
import subprocess
import sys
import tempfile
import time

S, T = "00000000000000aa", "0123456789abcdef"


def once(db, wanted):
    """Recipients are asked about, and that is the end."""
    ours, theirs = socket.socketpair()
    with theirs:
        proc = subprocess.Popen(
            ["filter-postgrey/filter-postgrey", "-o", "db=" + db, "-o",
             "delay=0.2"], stdin=theirs, stdout=theirs)
    ours.settimeout(20)
    stream = ours.makefile("rw", newline="\n")

    def say(*lines):
        for line in lines:
            kind, rest = line.split("|", 1)
            stream.write("%s|0.7|1795291025.000001|smtp-in|%s\n" %
                         (kind, rest) if kind != "config" else line + "\n")
        stream.flush()

    say("config|smtpd-version|7.8.0-portable", "config|protocol|0.7",
        "config|subsystem|smtp-in", "config|ready")
    for line in stream:
        if line == "register|ready\n":
            break
    say("report|link-connect|%s|mx.example.net|pass|192.0.2.1:4711|"
        "192.0.2.25:25" % S,
        "report|link-identify|%s|EHLO|mx.example.net" % S,
        "report|tx-begin|%s|b2857122" % S,
        "report|tx-mail|%s|b2857122|ok|bob@example.net" % S)
    for i in range(20):
        say("filter|rcpt-to|%s|%s|alice%d@example.org" % (S, T, i))
        got = stream.readline()
        if "|%s|%s|%s" % (S, T, wanted) not in got:
            sys.exit("wanted %s, got %s" % (wanted, got))
        time.sleep(0.01)
    began = time.monotonic()
    stream.close()
    ours.close()
    if proc.wait(20) != 0:
        sys.exit("ended with status %d" % proc.returncode)
    if time.monotonic() - began > 1:
        sys.exit("took %.1f s to end" % (time.monotonic() - began))


with tempfile.TemporaryDirectory() as tmp:
    once(tmp + "/db", "reject|451 ")
    time.sleep(0.3)
    once(tmp + "/db", "proceed")
