#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A Redis for one conversation, on a Unix socket and nowhere else.

usage: redis.py PATH [STOP-AFTER]

Says a line when it answers.  The server ends with it (Linux), or after so many
seconds.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time


def answers(path):
    with socket.socket(socket.AF_UNIX) as s:
        try:
            s.connect(path)
            s.sendall(b"PING\r\n")
            return s.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)     # PR_SET_PDEATHSIG


def main():
    path = sys.argv[1]
    server = subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", path, "--save", "",
         "--dir", os.path.dirname(path), "--appendonly", "no"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        preexec_fn=die_with_parent)
    while not answers(path):
        if server.poll() is not None:
            sys.exit("redis-server did not start")
        time.sleep(0.02)
    print("ready", flush=True)
    if len(sys.argv) > 2:
        time.sleep(float(sys.argv[2]))
        server.kill()
        server.wait()
    while True:
        time.sleep(60)


main()
