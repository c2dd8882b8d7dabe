#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""usage: stale.py PATH: the socket of a server that was killed."""

import socket
import sys
import time

with socket.socket(socket.AF_UNIX) as sock:
    sock.bind(sys.argv[1])
print("ready")
sys.stdout.flush()
time.sleep(300)
