# SPDX-License-Identifier: ISC
"""The plain verbs of conversation files; dialogue.py has the SMTP steps.

Each method is a verb: rest is the rest of its line, expanded, st the
statement.  Fails by Wrong, or by Broken where smtpd itself would suffer.
"""

import os
import re
import signal

from script import Wrong, answer_matches, unstuff

SYMBOLS = {">": "say", ">!": "say", "<": "expect"}


class Verbs:
    """Mixed into Talk, which has the peer and the model."""

    def do_say(self, rest, st):
        hurry = st.verb == ">!"
        kind, _, line = rest.partition("|")
        part = line.split("|", 3)
        if kind not in ("report", "filter") or len(part) < 3:
            raise Wrong("not a line of smtpd's: " + rest)
        fields = part[3] if len(part) > 3 else None
        if kind == "report":
            self.report(part[0], part[1], part[2], fields, hurry)
        else:
            self.ask(part[1], part[2], fields or "", hurry)

    def do_raw(self, rest, st):
        self.send(rest)

    def do_part(self, rest, st):
        """Bytes without an end of line."""
        self.peer.send(rest.encode("latin-1"))

    def do_expect(self, rest, st):
        name, _, want = rest.partition(" ")
        if self.loose:
            self.settle(self.session(name))
            return
        if want.startswith("line ") or want == "line":
            self.expect_line(self.session(name), want[5:])
            return
        text = self.answer(name)
        if not answer_matches(want, text):
            raise Wrong("%s: wanted %s, got %s" % (name, want, text))

    def expect_line(self, s, want):
        s.checked = True
        if want == ".":
            self.settle(s)
            if s.seen < len(s.got):
                raise Wrong("%s: unexpected line: %s" %
                            (s.name, ascii(s.got[s.seen])))
            return
        self.pump_until(lambda: len(s.got) > s.seen, None,
                        "%s: no line came, wanted %s" % (s.name, want))
        got = s.got[s.seen].decode("latin-1")
        s.seen += 1
        if got != unstuff(want.encode("latin-1")):
            raise Wrong("%s: wanted line %s, got %s" %
                        (s.name, ascii(want), ascii(got)))

    def do_stored(self, rest, st):
        name, _, what = rest.partition(" ")
        s = self.session(name)
        self.settle(s)
        if "data-line" not in self.model.phases:
            return
        self.check_stored(s, st.block or what.split() or ["@sent"])

    def do_ignore(self, rest, st):
        """Whatever came back of that message is fine."""
        s = self.session(rest)
        self.settle(s)
        s.checked = True

    def do_within(self, rest, st):
        low, high = rest.split()
        self.within = float(low), float(high)

    def do_quiet(self, rest, st):
        before = self.peer.lines
        self.rest(float(rest))
        if self.peer.lines != before:
            raise Wrong("not quiet: %d lines" % (self.peer.lines - before))

    def do_wait(self, rest, st):
        self.rest(float(rest))

    def do_log(self, rest, st):
        def found():
            for i in range(self.log_seen, len(self.peer.log)):
                if re.search(rest, self.peer.log[i]):
                    self.log_seen = i + 1
                    return True
            return False
        self.pump_until(found, None, "not in the log: %s (last: %s)" %
                        (rest, self.peer.log[-1:]))

    def do_nolog(self, rest, st):
        self.rest(0.05)
        for line in self.peer.log:
            if re.search(rest, line):
                raise Wrong("in the log: " + line)

    def do_logmax(self, rest, st):
        """However often it happened, the log has no more lines than that."""
        self.rest(0.05)
        if len(self.peer.log) > int(rest):
            raise Wrong("%d lines in the log" % len(self.peer.log))

    def do_late(self, rest, st):
        self.rest(0.05)
        if self.model.late != int(rest):
            raise Wrong("%d late answers" % self.model.late)

    def do_truncated(self, rest, st):
        """Lines that this smtpd cuts; none where it does not."""
        self.rest(0.05)
        want = int(rest) if self.model.cuts else 0
        if self.model.truncated != want:
            raise Wrong("%d lines were cut by smtpd" % self.model.truncated)

    def do_eof(self, rest, st):
        if self.over:
            raise Wrong("eof comes twice")
        self.over = True
        self.flush()
        self.peer.finish()

    def flush(self):
        """What was said is on its way, as far as the filter takes it."""
        while self.peer.out and self.peer.pump(0):
            pass

    def do_kill(self, rest, st):
        what, *sig = rest.split()
        if what != "worker":
            raise Wrong("kill what?")
        self.flush()
        self.peer.kill_worker(getattr(signal, sig[0] if sig else "SIGKILL"))
        self.workers = None

    def do_crash(self, rest, st):
        """From here on the worker may die by itself."""
        self.peer.crash_ok = True
        self.workers = None

    def do_signal(self, rest, st):
        self.flush()
        self.peer.proc.send_signal(getattr(signal, rest))

    def do_stop(self, rest, st):
        self.peer.reading = False

    def do_read(self, rest, st):
        self.peer.reading = True

    def do_corpus(self, rest, st):
        """All messages of a directory, and what comes back of each."""
        where = os.environ.get("CORPUS", rest)
        names = sorted(name for name in os.listdir(where)
                       if name.endswith(".eml"))
        if not names:
            raise Wrong("no messages in " + where)
        for name in names:
            with open(os.path.join(where, name), "rb") as f:
                lines = message_lines(f.read())
            self.dialogue.do_session(name, None)
            self.dialogue.do_mailing(name, lines)
            try:
                self.check_stored(self.session(name), st.block)
            except Wrong as e:
                raise Wrong("%s: %s" % (where, e)) from e
            self.dialogue.do_quit(name, None)

    def do_replace(self, rest, st):
        self.write_file(rest, st.block)

    def do_repeat(self, rest, st):
        outer = self.names.get("i")
        for i in range(int(rest)) if rest.isdigit() else rest.split():
            self.names["o"], self.names["i"] = outer, i
            self.perform(st.body)
        self.names["i"] = outer


def message_lines(data):
    """As smtpd reads them: LF or CRLF end a line, NUL cuts it."""
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    out = []
    for line in lines:
        line = line[:-1] if line.endswith(b"\r") else line
        line = line.partition(b"\0")[0].decode("latin-1")
        out.append(line.replace("%{", "%{25}{"))
    return out
