#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Between smtpd and a filter: writes down what they say, as a conversation.

    filter "x" proc-exec "/path/record.py OUT.talk /path/filter args"

OUT.talk is for talk.py: sessions have names, tokens and times are gone, except
waits of more than 0.1 s.  Passes all bytes on as they are.  When smtpd stops,
or the filter ends, the file is complete; exits by the filter's status.
"""

import os
import re
import select
import socket
import subprocess
import sys
import time

WAIT = 0.1
NOISE = ("config", "register")


class Recorder:
    """Lines of both sides to statements of a conversation."""

    def __init__(self, path, command):
        # line buffered: a killed recorder still leaves what it saw
        self.out = open(path, "w", encoding="latin-1", newline="\n",
                        buffering=1)
        self.command = command
        self.names = {}
        self.last = None
        self.head = False
        self.config = []
        self.old = False        # 6.6: token before session

    def put(self, text):
        now = time.monotonic()
        if self.last is not None and now - self.last > WAIT:
            self.out.write("wait %.1f\n" % (now - self.last))
        self.last = now
        self.out.write(re.sub(r"%\{", "%{25}{", text) + "\n")

    def name(self, sid):
        """A, B, ... Z, S26, S27"""
        if sid not in self.names:
            n = len(self.names)
            self.names[sid] = chr(65 + n) if n < 26 else "S%d" % n
        return self.names[sid]

    def begin(self):
        """What only the whole handshake tells."""
        if self.head:
            return
        self.head = True
        self.out.write("# Recorded from smtpd with %s\n" %
                       os.path.basename(self.command[0]))
        for key, value in self.config:
            if key == "smtpd-version":
                self.out.write("smtpd %s\n" % value)
            elif key == "subsystem":
                self.out.write("subsystem %s\n" % value)
        self.out.write("loose\n\n")

    def from_smtpd(self, line):
        part = line.split("|")
        if part[0] == "config":
            self.config.append((part[1], "|".join(part[2:])))
            return
        self.begin()
        if part[0] == "report" and len(part) > 5:
            self.put("> report|%s|%s|%s%s" % (
                part[3], part[4], self.name(part[5]),
                self.fields(part[1], part[4], part[6:])))
        elif part[0] == "filter" and len(part) > 6:
            self.old = part[1] < "0.5"
            self.put("> filter|%s|%s|%s|%s" % (
                part[3], part[4], self.name(part[5]), "|".join(part[7:])))
        else:
            self.put("raw " + line)

    def fields(self, protocol, event, fields):
        """In the order of protocol 0.7."""
        if not fields:
            return ""
        if event == "link-auth" and protocol < "0.7":
            fields = [fields[-1]] + fields[:-1]
        if event in ("tx-mail", "tx-rcpt") and protocol < "0.6":
            fields = [fields[0], fields[-1]] + fields[1:-1]
        return "|" + "|".join(fields)

    def from_filter(self, line):
        part = line.split("|", 3)
        if part[0] in NOISE:
            return
        self.begin()
        if len(part) < 4:
            self.put("# < " + line)
            return
        name = self.name(part[2] if self.old else part[1])
        if part[0] == "filter-dataline":
            self.put("< %s line %s" % (name, part[3]))
        else:
            self.put("< %s %s" % (name, part[3]))


class Lines:
    """Bytes to whole lines."""

    def __init__(self, take):
        self.take = take
        self.partial = b""

    def add(self, data):
        *lines, self.partial = (self.partial + data).split(b"\n")
        for line in lines:
            self.take(line.decode("latin-1"))


def send(sock, data):
    """All of it; smtpd and filters read whatever comes."""
    try:
        sock.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        return False
    return True


def pump(smtpd, child, recorder):
    """Until one of them is gone."""
    heard = Lines(recorder.from_smtpd)
    said = Lines(recorder.from_filter)
    while True:
        for sock in select.select([smtpd, child], [], [])[0]:
            try:
                data = sock.recv(65536)
            except ConnectionResetError:
                data = b""
            if data == b"":
                return
            if sock is smtpd:
                heard.add(data)
                ok = send(child, data)
            else:
                said.add(data)
                ok = send(smtpd, data)
            if not ok:
                return


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    command = sys.argv[2:]
    recorder = Recorder(sys.argv[1], command)
    ours, theirs = socket.socketpair()
    proc = subprocess.Popen(command, stdin=theirs, stdout=theirs)
    theirs.close()
    smtpd = socket.socket(fileno=os.dup(0))
    pump(smtpd, ours, recorder)
    ours.close()
    recorder.begin()
    recorder.out.close()
    sys.exit(proc.wait())


if __name__ == "__main__":
    main()
