# SPDX-License-Identifier: ISC
"""What smtpd does with a filter's output, judged line by line.

A model of lka_filter.c and of what the processes behind it do.  A line that
takes smtpd down, hangs a session or freezes all of them raises Broken with
the name of the rule; so does what smtpd swallows but no filter of ours ever
has a reason to say (see LINT).  Knows nothing of scripts, sockets or time.
"""

import re

# Each rule, and what becomes of smtpd when a filter breaks it.
RULES = {
    "exit": "lost processor: smtpd shuts down",
    "closed": "the filter closed its pipe: smtpd waits for ever",
    "empty-line": "Invalid filter message type: smtpd dies",
    "early-line": "Non-register message before register|ready: smtpd dies",
    "register-word": "Invalid register line received: smtpd dies",
    "register-direction": "Invalid message direction: smtpd dies",
    "register-name": "Unrecognized report name: smtpd dies",
    "register-wiz": "smtpd 7.9 has no wiz phase and dies",
    "never-ready": "register|ready did not come: smtpd never says a banner",
    "kind": "Invalid filter message type: smtpd dies",
    "report-line": "a filter's report line kills smtpd",
    "reqid": "Invalid reqid: smtpd dies",
    "token": "Invalid token: smtpd dies",
    "directive-missing": "Missing directive: smtpd dies",
    "parameter-missing": "Missing parameter: smtpd dies",
    "parameter-extra": "Unexpected parameter: smtpd dies",
    "directive": "Invalid directive: smtpd dies",
    "carriage-return": "a CR in an answer: smtpd dies",
    "nul": "smtpd drops what follows a NUL, or dies",
    "misbehaving": "misbehaving filter: token not of the phase, smtpd dies",
    "wrong-token": "acted upon without a look at the token",
    "second-answer": "tree_xpop: nobody waits for an answer, smtpd dies",
    "result-in-data": "filter-result in dataline phase: smtpd dies",
    "data-out-of-phase": "filter-dataline out of dataline phase: smtpd dies",
    "early-dot": "'.' before smtpd's own: message truncated",
    "line-after-dot": "a line after '.': smtpd dies, depending on timing",
    "junk-at-commit": "filter-response junk after DATA: smtpd dies",
    "rewrite-broken": "rewrite of this phase: client gets 500, or wedges",
    "rewrite-form": "rewritten argument is no argument: client gets 5xx",
    "reply-text": "client gets 421 Internal server error and is cut off",
    "long-line": "over 65,535 bytes: lka spins, all sessions freeze",
    "long-parameter": "a parameter of 512 bytes and more: cut, or worse",
    "partial-line": "a line without its newline: smtpd waits for ever",
    "no-answer": "no answer: the session hangs for ever",
    "no-dot": "'.' did not come back: the session hangs for ever",
    "stderr-line": "65,536 bytes on stderr without newline: lka spins",
    "eof-ignored": "alive 1 s after EOF: an orphan of a stopped smtpd",
    "eof-status": "EOF on stdin is an order to exit with status 0",
    "orphan": "a child outlived the filter",
    "worker-died": "the worker died, and nobody had killed it",
}

# What smtpd lives with, and no filter of this suite may do.
LINT = {
    "auth": "the auth phase carries passwords and is never registered",
    "register-late": "register after ready",
    "register-twice": "registered twice: reports come twice",
    "stranger": "an answer for a session that never was",
    "id-bytes": "ids are to be returned byte by byte",
    "reply-class": "reply code and enhanced code disagree, RFC 2034, 4",
    "reply-bytes": "control bytes in a reply",
    "data-cr": "a CR at the end of a line that the client did not send",
    "log-bytes": "raw bytes in the log",
    "log-crash": "a crash is in the log",
}

EVENTS = """link-connect link-disconnect link-greeting link-identify link-tls
link-auth tx-reset tx-begin tx-mail tx-rcpt tx-envelope tx-data tx-commit
tx-rollback protocol-client protocol-server filter-response filter-report
timeout""".split()
PHASES = """connect helo ehlo starttls auth mail-from rcpt-to data data-line
rset quit noop help wiz commit""".split()
REWRITABLE = ("helo", "ehlo", "mail-from", "rcpt-to")

LINE_MAX = 65535                # without newline; payload 65,485
PARAM_MAX = 511
OLD_LINE_MAX = 2047             # smtpd before 7.4 cuts answers there


class Broken(Exception):
    """The filter broke a rule."""

    def __init__(self, rule, detail=""):
        super().__init__(rule, detail)
        self.rule = rule
        self.what = RULES.get(rule) or LINT[rule]
        self.detail = detail

    def __str__(self):
        text = "rule %s: %s" % (self.rule, self.what)
        return text + ": " + self.detail if self.detail else text


def show(line):
    """Bytes for people, cut to a handy length."""
    text = line.decode("latin-1")
    if len(text) > 100:
        text = "%s... (%d bytes)" % (text[:80], len(text))
    return ascii(text)[1:-1]


def number(release):
    """6.8.0p2 -> (6, 8)"""
    return tuple(int(n) for n in release.split(".")[:2])


def protocol_of(release):
    """The version of the protocol that a release of smtpd speaks."""
    if number(release) < (6, 7):
        return "0.4"
    return "0.6" if number(release) < (7, 4) else "0.7"


class Answer:
    """One filter-result, as it came."""

    def __init__(self, text, phase, took):
        self.text = text        # "proceed", "reject|550 No"
        self.phase = phase
        self.took = took        # seconds from request to answer


class Session:
    """What smtpd knows of a session, as far as filters are concerned."""

    def __init__(self, name, sid):
        self.name = name
        self.sid = sid
        self.phase = None       # of the last request, answered or not
        self.pending = False    # a command request waits for its answer
        self.asked = 0.0
        self.gone = False
        self.answers = []       # of class Answer, not yet looked at
        self.sent = []          # lines of the message sent to the filter
        self.got = []           # and those that came back, as stored
        self.seen = 0           # lines of got looked at one by one
        self.dot_sent = self.dot_got = False
        self.checked = True     # got was compared with what it should be

    def waiting(self):
        """Would smtpd wait for the filter before it goes on?"""
        if self.gone:
            return False
        return self.pending or (self.phase == "data-line" and self.dot_sent
                                and not self.dot_got)


class Model:
    """smtpd's view of one filter."""

    def __init__(self, release):
        self.release = release
        self.protocol = protocol_of(release)
        self.cuts = number(release) < (7, 4)
        self.outgoing = self.protocol != "0.4"
        self.reports = set()    # "smtp-in|tx-mail"
        self.phases = set()
        self.ready = False
        self.sessions = {}      # by id, bytes
        self.late = 0           # answers for sessions that are gone
        self.truncated = 0      # lines that this release cuts
        self.passwords = False  # the filter may ask for them
        self.strangers = False  # answers for unknown sessions are expected

    def token(self, phase):
        """One for all sessions, another for each phase, as smtpd does it."""
        return b"%016x" % (0xf99759c400000000 + PHASES.index(phase) * 0x1d1b)

    def session(self, name, sid):
        s = self.sessions.get(sid)
        if s is None:
            s = self.sessions[sid] = Session(name, sid)
        return s

    def ask(self, s, phase, param, now):
        """smtpd sends a request; returns its last fields."""
        if phase == "data-line":
            if s.phase != "data-line" or s.dot_got:
                s.sent, s.got, s.seen = [], [], 0
                s.dot_sent = s.dot_got = False
                s.checked = False
            if param == b".":
                s.dot_sent = True
                s.asked = now
            else:
                s.sent.append(param)
        else:
            s.pending = True
            s.asked = now
        s.phase = phase
        return b"%s|%s|%s" % (s.sid, self.token(phase), param)

    def line(self, line, now):
        """A line of the filter's; raises Broken if it breaks a rule."""
        if len(line) > LINE_MAX:
            raise Broken("long-line", show(line))
        if b"\0" in line:
            raise Broken("nul", show(line))
        if not self.ready:
            self.register(line)
            return None
        if line == b"":
            raise Broken("empty-line")
        kind, _, rest = line.partition(b"|")
        if kind == b"register":
            raise Broken("register-late", show(line))
        if kind == b"report":
            raise Broken("report-line", show(line))
        if kind not in (b"filter-result", b"filter-dataline") or \
           b"|" not in line:
            raise Broken("kind", show(line))
        return self.answer(kind, rest, line, now)

    def register(self, line):
        if line == b"":
            raise Broken("early-line", "an empty line")
        if not line.startswith(b"register|"):
            raise Broken("early-line", show(line))
        if line == b"register|ready":
            self.ready = True
            return
        part = line.decode("latin-1").split("|")
        if part[1] not in ("report", "filter") or len(part) != 4:
            raise Broken("register-word", show(line))
        if part[2] not in ("smtp-in", "smtp-out") or \
           part[2] == "smtp-out" and (part[1] == "filter" or
                                      not self.outgoing):
            raise Broken("register-direction", show(line))
        self.register_name(part[1], part[2], part[3], show(line))

    def register_name(self, kind, direction, name, line):
        if kind == "filter":
            if name not in PHASES:
                raise Broken("register-name", line)
            if name in ("wiz", "help"):
                raise Broken("register-wiz", line)
            if name == "auth" and not self.passwords:
                raise Broken("auth", line)
            if name in self.phases:
                raise Broken("register-twice", line)
            self.phases.add(name)
            return
        if name != "*" and name not in EVENTS:
            raise Broken("register-name", line)
        for event in EVENTS if name == "*" else [name]:
            if direction + "|" + event in self.reports:
                raise Broken("register-twice", line)
            self.reports.add(direction + "|" + event)

    def answer(self, kind, rest, line, now):
        first, bar, rest = rest.partition(b"|")
        second, bar2, rest = rest.partition(b"|")
        sid, token = first, second
        if self.protocol == "0.4":
            sid, token = second, first
        if not re.fullmatch(b"[0-9a-fA-F]{1,16}", sid) or not bar:
            raise Broken("reqid", show(line))
        if not re.fullmatch(b"[0-9a-fA-F]{1,16}", token):
            raise Broken("token", show(line))
        if not bar2:
            raise Broken("directive-missing", show(line))
        s = self.sessions.get(sid)
        if s is None:
            if b"%016x" % int(sid, 16) in self.sessions:
                raise Broken("id-bytes", show(line))
            if not self.strangers:
                raise Broken("stranger", show(line))
            self.late += 1
            return None
        if s.gone:
            self.late += 1
            return None
        if kind == b"filter-dataline":
            self.data_line(s, token, rest, line)
        else:
            self.result(s, token, rest, line, now)
        return s

    def check_token(self, s, token, line):
        want = self.token(s.phase)
        if token != want:
            if int(token, 16) == int(want, 16):
                raise Broken("id-bytes", show(line))
            raise Broken("misbehaving", "%s, phase %s: %s" %
                         (s.name, s.phase, show(line)))

    def data_line(self, s, token, text, line):
        if s.phase != "data-line":
            raise Broken("data-out-of-phase", "%s, phase %s: %s" %
                         (s.name, s.phase, show(line)))
        self.check_token(s, token, line)
        if s.dot_got:
            raise Broken("line-after-dot", show(line))
        if text == b".":
            if not s.dot_sent:
                raise Broken("early-dot", s.name)
            s.dot_got = True
            return
        if text.endswith(b"\r") and \
           not any(sent.endswith(b"\r") for sent in s.sent):
            raise Broken("data-cr", show(line))
        if self.cuts and len(line) > OLD_LINE_MAX:
            text = text[:OLD_LINE_MAX - len(line)]
            self.truncated += 1
        s.got.append(text[1:] if text.startswith(b".") else text)

    def result(self, s, token, text, line, now):
        if s.phase == "data-line":
            raise Broken("result-in-data", show(line))
        if s.phase is None:
            raise Broken("second-answer", "%s was never asked" % s.name)
        if b"\r" in text:
            raise Broken("carriage-return", show(line))
        word, bar, param = text.partition(b"|")
        self.directive(s, word, bar, param, line)
        if token != self.token(s.phase) and word != b"proceed":
            raise Broken("wrong-token", show(line))
        self.check_token(s, token, line)
        if not s.pending:
            raise Broken("second-answer", "%s, phase %s: %s" %
                         (s.name, s.phase, show(line)))
        s.pending = False
        s.answers.append(Answer(text, s.phase, now - s.asked))

    def directive(self, s, word, bar, param, line):
        if word in (b"proceed", b"junk"):
            if bar:
                raise Broken("parameter-extra", show(line))
            if word == b"junk" and s.phase == "commit":
                raise Broken("junk-at-commit")
            return
        if not bar:
            raise Broken("parameter-missing", show(line))
        if word not in (b"rewrite", b"reject", b"disconnect"):
            raise Broken("directive", show(line))
        if len(param) > PARAM_MAX:
            raise Broken("long-parameter", show(line))
        if word == b"rewrite":
            check_rewrite(s.phase, param, line)
        else:
            check_reply(param, line)


def check_rewrite(phase, param, line):
    if phase not in REWRITABLE:
        raise Broken("rewrite-broken", "%s: %s" % (phase, show(line)))
    form = rb"[^ |<>\x00-\x1f]+"
    if phase in ("mail-from", "rcpt-to"):
        form = rb"<[^<>\x00-\x1f]*>( [!-~ ]+)?"
    if not re.fullmatch(form, param):
        raise Broken("rewrite-form", show(line))


def check_reply(param, line):
    if not re.match(rb"[45][0-9][0-9] .", param, re.S):
        raise Broken("reply-text", show(line))
    if re.search(rb"[\x00-\x1f\x7f]", param):
        raise Broken("reply-bytes", show(line))
    m = re.match(rb"(.).. ([245])\.[0-9]+\.[0-9]+ ", param)
    if m and m.group(1) != m.group(2):
        raise Broken("reply-class", show(line))
