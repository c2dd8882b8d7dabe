#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A correct filter: says yes to all, and returns lines as they came.

The wrong filters beside it are this one with a single mistake each; the word
after "rule:" in their first lines is what the driver has to say about them.
Runs until EOF.
"""

import os

PHASES = """connect helo ehlo starttls mail-from rcpt-to data data-line rset
quit noop commit""".split()


class Echo:
    """Overridden in part by those who are wrong."""

    phases = PHASES
    answered = 0

    def __init__(self):
        self.old = False        # smtpd 6.6: token before session

    def say(self, text):
        data = text.encode("latin-1")
        while data:
            data = data[os.write(1, data):]

    def register(self):
        self.say("register|report|smtp-in|*\n")
        for phase in self.phases:
            self.say("register|filter|smtp-in|%s\n" % phase)
        self.say("register|ready\n")

    def answer(self, kind, sid, token, text):
        first, second = (token, sid) if self.old else (sid, token)
        self.say("%s|%s|%s|%s\n" % (kind, first, second, text))

    def request(self, phase, sid, token, param):
        self.answer("filter-result", sid, token, "proceed")

    def data_line(self, sid, token, line):
        self.answer("filter-dataline", sid, token, line)

    def report(self, event, sid, fields):
        pass

    def line(self, line):
        part = line.split("|")
        if line == "config|ready":
            self.register()
        elif part[0] == "filter":
            self.old = part[1] < "0.5"
            param = line.split("|", 7)[7]
            if part[4] == "data-line":
                self.data_line(part[5], part[6], param)
            else:
                self.request(part[4], part[5], part[6], param)
        elif part[0] == "report":
            self.report(part[4], part[5], part[6:])

    def run(self):
        data = b""
        while True:
            more = os.read(0, 65536)
            if not more:
                break
            *lines, data = (data + more).split(b"\n")
            for line in lines:
                self.line(line.decode("latin-1"))


if __name__ == "__main__":
    Echo().run()
