#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""usage: trace.py FILE

A filter that lets everything pass and writes each protocol line to FILE:
what a test needs to see what smtpd tells its filters, and the simplest
peer of filter-echo.  Exits when smtpd does.
"""

import sys

PHASES = ("connect helo ehlo starttls mail-from rcpt-to data data-line rset "
          "quit noop commit").split()


def answer(line, out):
    field = line.split(b"|", 7)
    if field[0] != b"filter":
        return
    session, token = field[5], field[6]
    if field[4] == b"data-line":
        out.write(b"filter-dataline|%s|%s|%s\n" % (session, token, field[7]))
    else:
        out.write(b"filter-result|%s|%s|proceed\n" % (session, token))


def main():
    out, trace = sys.stdout.buffer, open(sys.argv[1], "ab", buffering=0)
    systems = []
    for line in iter(sys.stdin.buffer.readline, b""):
        line = line.rstrip(b"\n")
        trace.write(line + b"\n")
        if line.startswith(b"config|subsystem|"):
            systems.append(line.split(b"|")[2])
        elif line == b"config|ready":
            for system in systems:
                out.write(b"register|report|%s|*\n" % system)
            if b"smtp-in" in systems:
                for phase in PHASES:
                    out.write(b"register|filter|smtp-in|%s\n" % phase.encode())
            out.write(b"register|ready\n")
        else:
            answer(line, out)
        out.flush()


main()
