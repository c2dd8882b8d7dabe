#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Plays smtpd to a filter, by a conversation file.

usage: talk.py [-v] [-b BUILD] [-r RELEASE] [-f "FILTER ARGS"] FILE.talk

Prints "FILE:LINE: what" and exits 1 if the filter breaks a rule of smtpd's
(model.py) or does not do what the file says; README.md has the language.
"""

import getopt
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

from dialogue import Dialogue
from model import Broken, EVENTS, Model, number
from peer import Peer
from script import Late, Script, Wrong, expand, unstuff
from verbs import SYMBOLS, Verbs

SAMPLE = {"0.4": "6.6.4p1", "0.6": "6.8.0p2", "0.7": "7.8.0-portable"}


class Talk(Verbs):
    """One conversation with one filter, as one release of smtpd."""

    def __init__(self, script, release, command, build, verbose=False):
        self.script = script
        self.model = Model(release)
        self.verbose = verbose
        self.loose = bool(script.options("loose"))
        self.patience = float((script.options("patience") or ["20"])[-1])
        self.model.passwords = bool(script.options("passwords"))
        self.model.strangers = bool(script.options("strangers"))
        self.within = None
        self.log_seen = 0
        self.at = 0                     # line of the file
        self.over = False
        self.workers = None
        self.helpers = []
        self.names = {"here": os.path.dirname(os.path.abspath(script.path)),
                      "build": build, "protocol": self.model.protocol}
        self.dialogue = Dialogue(self)
        self.command = command
        self.peer = None

    # -- talking -------------------------------------------------------

    def expand(self, text):
        return expand(text, self.names)

    def session(self, name):
        if re.fullmatch("[0-9a-f]{16}", name):
            sid = name
        else:
            sid = hashlib.md5(name.encode("latin-1")).hexdigest()[:16]
        return self.model.session(name, sid.encode())

    def send(self, text):
        line = text.encode("latin-1")
        self.show(">", line)
        self.peer.send(line + b"\n")

    def stamp(self):
        now = time.time()
        return "%s|%d.%06d" % (self.model.protocol, now, now % 1 * 1000000)

    def report(self, direction, event, name, fields, hurry=False):
        """Say it, unless the filter did not register for it."""
        s = self.session(name)
        if event != "link-disconnect" and s.gone and not hurry:
            if self.loose:
                return
            raise Wrong("session %s is gone" % name)
        if not hurry and direction == "smtp-in":
            self.settle(s)
        if event == "link-disconnect":
            s.gone = True
        if direction + "|" + event not in self.model.reports and \
           not (hurry and event not in EVENTS):
            return
        fields = self.field_order(event, fields)
        self.send("report|%s|%s|%s|%s%s" % (
            self.stamp(), direction, event, s.sid.decode(),
            "" if fields is None else "|" + fields))

    def field_order(self, event, fields):
        """From protocol 0.7's order to what older ones have."""
        old = self.model.protocol
        if fields is None:
            return None
        if event == "link-auth" and old < "0.7" and "|" in fields:
            result, _, user = fields.partition("|")
            return user + "|" + result
        if event in ("tx-mail", "tx-rcpt") and old < "0.6" and \
           fields.count("|") >= 2:
            msgid, result, address = fields.split("|", 2)
            return "|".join((msgid, address, result))
        return fields

    def ask(self, phase, name, param, hurry=False):
        """Returns whether the filter is asked at all."""
        s = self.session(name)
        if phase not in self.model.phases:
            return False
        if s.gone and not hurry:
            if self.loose:
                return False
            raise Wrong("session %s is gone" % name)
        if phase != "data-line" and not hurry:
            self.settle(s)
        if phase == "data-line" and (s.dot_got or s.phase != phase):
            self.check_stored(s)
        tail = self.model.ask(s, phase, param.encode("latin-1"),
                              time.monotonic())
        self.send("filter|%s|smtp-in|%s|%s" % (self.stamp(), phase,
                                               tail.decode("latin-1")))
        return True

    def data_line(self, name, text):
        self.ask("data-line", name, text)

    def on_line(self, line, now):
        self.show("<", line)
        self.model.line(line, now)

    def show(self, sign, line):
        """With -v: what was said, and when."""
        if self.verbose:
            print("%.3f %s %s" % (time.time() % 1000, sign,
                                  ascii(line)[2:-1][:500]))

    # -- waiting -------------------------------------------------------

    def pump_until(self, done, rule, what=""):
        end = time.monotonic() + self.patience
        while not done():
            left = end - time.monotonic()
            if left <= 0:
                if rule is None:
                    raise Wrong(what)
                raise Broken(rule, what)
            self.peer.pump(min(left, 0.2))

    def settle(self, s):
        """smtpd does not go on in a session before it has its answer."""
        if s.gone:
            return
        if s.pending:
            self.pump_until(lambda: not s.pending, "no-answer",
                            "%s at %s" % (s.name, s.phase))
        elif s.waiting():
            self.pump_until(lambda: not s.waiting(), "no-dot", s.name)

    def rest(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.peer.pump(left)

    def answer(self, name):
        """The next answer in that session, as text."""
        s = self.session(name)
        if not s.answers and not s.pending:
            raise Wrong("%s: nothing was asked, or not registered" % name)
        self.pump_until(lambda: s.answers, "no-answer",
                        "%s at %s" % (name, s.phase))
        a = s.answers.pop(0)
        if self.within:
            low, high = self.within
            self.within = None
            if not low <= a.took <= high:
                raise (Wrong if a.took < low else Late)(
                    "%s: answered after %.3f s, not within %s and %s" %
                    (name, a.took, low, high))
        return a.text.decode("latin-1")

    def check_stored(self, s, want=None):
        """The message that came back, against what it should be."""
        if want is None:
            if s.checked or self.loose or not s.dot_got:
                s.checked = True
                return
            want = ["@sent"]
        s.checked = True
        lines = []
        for line in want:
            part = {"@sent": s.sent, "@smtpd": s.sent[:4],
                    "@client": s.sent[4:],
                    "@unmarked": unmarked(s.sent)}.get(line)
            if part is None:
                lines.append(self.expand(line))
            else:
                lines += [unstuff(text) for text in part]
        got = [text.decode("latin-1") for text in s.got]
        for i, line in enumerate(lines):
            if i >= len(got) or not line_matches(line, got[i]):
                raise Wrong("%s: line %d of the message: wanted %s, got %s" %
                            (s.name, i + 1, ascii(line)[:120],
                             ascii(got[i])[:120] if i < len(got) else "none"))
        if len(got) > len(lines):
            raise Wrong("%s: line %d of the message is one too many: %s" %
                        (s.name, len(lines) + 1, ascii(got[len(lines)])))

    # -- statements ----------------------------------------------------

    def perform(self, statements):
        for st in statements:
            self.at = st.number
            rest = self.expand(st.rest)
            name = "do_" + SYMBOLS.get(st.verb, st.verb)
            macro = getattr(self.dialogue, name, None)
            if macro is not None:
                macro(rest, st.block)
                continue
            method = getattr(self, name, None)
            if method is None:
                raise Wrong("no such verb: " + st.verb)
            method(rest, st)

    # -- beginning and end ---------------------------------------------

    def write_file(self, name, block):
        """As a whole or not at all, so that nobody sees half of it."""
        path = os.path.join(self.names["dir"], name)
        with open(path + ".new", "w", encoding="latin-1", newline="\n") as f:
            f.writelines(self.expand(line) + "\n" for line in block)
        os.rename(path + ".new", path)

    def prepare(self):
        for st in self.script.header:
            self.at = st.number
            if st.verb == "file":
                self.write_file(st.rest, st.block)
            elif st.verb == "start":
                self.start_helper(self.expand(st.rest))
        command = self.command or (self.script.options("run") or [None])[-1]
        if command is None:
            raise Wrong("no filter was named")
        argv = shlex.split(self.expand(command))
        argv[0] = find_program(argv[0], self.names["build"],
                               self.names["here"])
        self.peer = Peer(argv, self.names["dir"], dict(os.environ),
                         self.on_line, lambda line: self.show("!", line))
        self.peer.chunk = int((self.script.options("chunk")
                               or [self.peer.chunk])[-1])

    def start_helper(self, command):
        """A server that the filter needs; it says one line when ready."""
        helper = subprocess.Popen(shlex.split(command), cwd=self.names["dir"],
                                  stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE)
        self.helpers.append(helper)
        if helper.stdout.readline() == b"":
            raise Wrong("did not start: " + command)

    def shake_hands(self):
        if self.script.options("handshake"):
            return
        self.send("config|smtpd-version|" + self.model.release)
        if number(self.model.release) >= (7, 6):
            self.send("config|protocol|" + self.model.protocol)
        self.send("config|smtp-session-timeout|300")
        if self.model.protocol != "0.4":
            for name in self.script.options("subsystem") or ["smtp-in"]:
                self.send("config|subsystem|" + name)
            self.send("config|admd|mx.example.org")
        for line in self.script.options("config"):
            self.send("config|" + self.expand(line))
        self.send("config|ready")
        self.pump_until(lambda: self.model.ready, "never-ready")
        self.workers = self.peer.find_children()
        self.peer.guarded = bool(self.workers)

    def end(self):
        """All that was asked is answered, nothing else was said."""
        if self.over:
            return
        self.peer.reading = True
        for s in list(self.model.sessions.values()):
            self.settle(s)
            self.check_stored(s)
        self.rest(0.05)
        for s in self.model.sessions.values():
            if s.answers and not self.loose and not s.gone:
                raise Wrong("%s: unexpected answer: %s" %
                            (s.name, s.answers[0].text.decode("latin-1")))
        if self.peer.partial:
            raise Broken("partial-line", ascii(self.peer.partial[:80]))
        if self.workers is not None and \
           self.peer.find_children() != self.workers:
            raise Broken("worker-died", "; ".join(self.peer.log[-3:]))
        self.peer.finish()

    def hold(self):
        """The whole conversation; raises Broken or Wrong."""
        with tempfile.TemporaryDirectory(prefix="talk.") as where:
            os.chmod(where, 0o755)
            self.names["dir"] = where
            try:
                self.prepare()
                self.shake_hands()
                self.perform(self.script.statements)
                self.end()
            finally:
                if self.peer:
                    self.peer.destroy()
                for helper in self.helpers:
                    helper.kill()
                    helper.wait()
                    helper.stdout.close()


def unmarked(lines):
    """Without the X-Spam fields in the header, folded ones too."""
    kept, skip = [], False
    for i, line in enumerate(lines):
        if line == b"":
            return kept + lines[i:]
        if i == 0 or line[:1] not in (b" ", b"\t"):
            skip = re.match(rb"X-Spam(-[!-9;-~]*)?[ \t]*:", line,
                            re.I) is not None
        if not skip:
            kept.append(line)
    return kept


def line_matches(want, got):
    """A line that begins with '~ ' is a regex for the whole line."""
    if want.startswith("~ "):
        return re.fullmatch(want[2:], got, re.S) is not None
    return want == got


def find_program(name, build, here):
    """By path, beside the conversation, or in the build directory."""
    places = [os.path.join(here, name), os.path.join(build, name, name),
              os.path.join(build, "tests/filters", name)]
    if "/" in name:
        places = [name, os.path.join(here, name)]
    for path in places:
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return os.path.abspath(path)
    found = shutil.which(name)
    if found is None:
        raise Wrong("no such program: " + name)
    return found


def releases(script):
    """Which releases of smtpd the file is for."""
    words = " ".join(script.options("smtpd")).split() or list(SAMPLE)
    for word in words:
        if not re.match(r"[67]\.[0-9]+\.", SAMPLE.get(word, word)):
            raise Wrong("%s: no such smtpd: %s" % (script.path, word))
    return [SAMPLE.get(word, word) for word in words]


def hold(*talk):
    """Returns the talk, and None or why it failed.  A busy machine is late now
    and then, a filter that is late is so three times."""
    for _ in range(3):
        held, why = Talk(*talk), None
        try:
            held.hold()
        except (Broken, Wrong, AssertionError, OSError) as e:
            why = e
        if not isinstance(why, Late) and \
           getattr(why, "rule", "") not in ("eof-ignored", "orphan"):
            break
    return held, why


def converse(path, command=None, build=".", only=None, verbose=False):
    """All of a file's releases; returns [(release, None or why not)]."""
    script = Script(path)
    results = []
    for release in releases(script):
        if only not in (None, release):
            continue
        talk, why = hold(script, release, command, build, verbose)
        text = why and "%s:%d: smtpd %s: %s%s" % (
            path, talk.at, release, command + ": " if command else "", why)
        results.append((release, text, why))
    return results


def main():
    try:
        opts, files = getopt.getopt(sys.argv[1:], "b:f:r:v")
    except getopt.GetoptError as e:
        sys.exit("%s\n%s" % (e, __doc__))
    opts = dict(opts)
    if len(files) != 1:
        sys.exit(__doc__)
    bad = 0
    build = opts.get("-b", os.environ.get("BUILD", "."))
    only = SAMPLE.get(opts.get("-r"), opts.get("-r"))
    for release, text, _ in converse(files[0], opts.get("-f"), build, only,
                                     "-v" in opts):
        print(text or "%s: smtpd %s: ok" % (files[0], release))
        bad += text is not None
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
