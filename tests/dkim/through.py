# SPDX-License-Identifier: ISC
"""Messages through a filter, as smtpd would push them: strictly (the talk
driver does it), several in a session, several sessions in a process.

What a message becomes is judged elsewhere; Broken is raised for what smtpd
would not survive.
"""

import os
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "talk"))

from model import LINE_MAX, OLD_LINE_MAX  # noqa: E402
from script import unstuff  # noqa: E402
from talk import SAMPLE, Talk  # noqa: E402

PREFIX = len("filter-dataline|") + 2 * 17
HOST = "mx.example.org"         # as the talk driver says in link-greeting


class NoScript:
    """For Talk, which is made for conversation files."""
    path = os.path.join(HERE, "none")
    header = []

    @staticmethod
    def options(verb):
        return ["1"] if verb == "loose" else \
            ["60"] if verb == "patience" else []


class Result:
    """What became of one message."""

    def __init__(self, answer, sent, got, took):
        self.answer = answer    # to commit
        self.sent = sent        # lines as the filter was given them
        self.got = got          # and as smtpd would store them
        self.took = took        # seconds from smtpd's '.' to ours


class Through(Talk):
    """A filter, from its start to its end."""

    PER_SESSION = 4

    def __init__(self, command, protocol, build):
        super().__init__(NoScript, SAMPLE[protocol], command, build)
        self.where = tempfile.TemporaryDirectory(prefix="dkim.")
        os.chmod(self.where.name, 0o755)
        self.names["dir"] = self.where.name
        self.last = None
        self.count = 0
        self.host = HOST.encode()
        self.new = not self.model.cuts      # what smtpd does to addresses
        self.prepare()
        self.shake_hands()

    def answer(self, name):
        self.last = super().answer(name)
        return self.last

    def longest(self, lines):
        """Bytes on a filter's line, dot-stuffing counted."""
        return max((len(x) + x.startswith(b".") for x in lines), default=0)

    def too_long(self, lines):
        return self.longest(lines) + PREFIX > LINE_MAX

    def cut(self, lines):
        """As this smtpd leaves lines that came through any filter."""
        if not self.model.cuts or self.longest(lines) + PREFIX <= OLD_LINE_MAX:
            return lines
        room = OLD_LINE_MAX - PREFIX
        return [x[:room - x.startswith(b".")] for x in lines]

    def message(self, lines, received=True):
        """One message, of lines in bytes, not stuffed."""
        name = "s%d" % (self.count // self.PER_SESSION)
        if self.count % self.PER_SESSION == 0:
            self.dialogue.do_session(name, None)
        self.count += 1
        self.dialogue.do_mail(name + " joe@example.com", None)
        self.dialogue.do_rcpt(name + " alice@example.org", None)
        self.last = None
        if received:
            self.dialogue.do_data(name, None)
        else:
            self.dialogue.client(name).tx_data = True
            if "data" in self.model.phases:
                self.ask("data", name, "")
                self.answer(name)
        for line in lines:
            text = line.decode("latin-1")
            self.data_line(name, "." + text if text[:1] == "." else text)
        result = self.finish_message(name)
        if self.count % self.PER_SESSION == 0:
            self.dialogue.do_quit(name, None)
        return result

    def finish_message(self, name):
        s = self.session(name)
        start = time.monotonic()
        while self.peer.out:            # smtpd's queue is not our matter
            self.peer.pump(0.2)
            start = time.monotonic()
        self.dialogue.do_dot(name, None)
        self.settle(s)
        took = time.monotonic() - start
        got, sent = list(s.got), list(s.sent)
        self.dialogue.do_commit(name + " -> /.*/", None)
        return Result(self.last, [unstuff(x).encode("latin-1") for x in sent],
                      got, took)

    def close(self):
        try:
            self.end()
        finally:
            self.peer.destroy()
            self.where.cleanup()


def read_lines(path):
    """A message's lines as smtpd takes them from a client."""
    with open(path, "rb") as f:
        data = f.read()
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return [(x[:-1] if x.endswith(b"\r") else x).partition(b"\0")[0]
            for x in lines]
