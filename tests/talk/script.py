# SPDX-License-Identifier: ISC
"""Conversation files: text to statements.

A statement is a verb, the rest of its line, maybe a block of lines (<<END)
or of statements (repeat).  Raises Wrong with file and line for what can't be
read; judges nothing else.  Bytes are kept as latin-1 throughout.
"""

import re

HEADER = ("run", "smtpd", "config", "subsystem", "loose", "strangers",
          "passwords", "patience", "chunk", "file", "start", "handshake")


class Wrong(Exception):
    """The conversation file is wrong, or did not go as it says."""


class Late(Wrong):
    """It went as the file says, but not as soon."""


class Statement:
    """One line of a file, with all that belongs to it."""

    def __init__(self, number, verb, rest):
        self.number = number
        self.verb = verb
        self.rest = rest
        self.block = None       # list of str, from <<END
        self.body = None        # list of Statement, from repeat

    def __repr__(self):
        return "%d: %s %s" % (self.number, self.verb, self.rest)


class Script:
    """A file: what its header settles, and its statements."""

    def __init__(self, path):
        self.path = path
        self.header = []
        self.statements = []
        with open(path, encoding="latin-1", newline="\n") as f:
            lines = f.read().split("\n")
        self.lines = list(enumerate(lines, 1))
        self.read_all()

    def wrong(self, number, text):
        return Wrong("%s:%d: %s" % (self.path, number, text))

    def read_all(self):
        while self.lines:
            st = self.read_one()
            if st is None:
                continue
            if st.verb in HEADER:
                if self.statements:
                    raise self.wrong(st.number, st.verb + " comes too late")
                self.header.append(st)
            else:
                self.statements.append(st)

    def read_one(self):
        number, line = self.lines.pop(0)
        if line.strip() == "" or line.startswith("#"):
            return None
        verb, _, rest = line.lstrip(" \t").partition(" ")
        st = Statement(number, verb, rest)
        m = re.search(r"(?:^|\s)<<([A-Z]+)$", rest)
        if m and verb not in (">", ">!", "raw", "<"):
            st.rest = rest[:m.start()]
            st.block = self.read_block(number, m.group(1))
        if verb == "repeat":
            st.body = self.read_body(number)
        return st

    def read_block(self, number, end):
        block = []
        while self.lines:
            _, line = self.lines.pop(0)
            if line == end:
                return block
            block.append(line)
        raise self.wrong(number, "no end: " + end)

    def read_body(self, number):
        body = []
        while self.lines:
            st = self.read_one()
            if st is None:
                continue
            if st.verb == "end":
                return body
            body.append(st)
        raise self.wrong(number, "repeat without end")

    def options(self, verb):
        """What the header says by that verb, a str each."""
        return [st.rest for st in self.header if st.verb == verb]


def expand(text, names):
    """%{x*9} repeats, %{0d0a} is bytes in hex, %{name} a name."""
    if "%{" not in text:
        return text

    def one(m):
        word = m.group(1)
        if word in names:
            return str(names[word])
        if re.fullmatch(r".+\*[0-9]+", word, re.S):
            what, _, times = word.rpartition("*")
            return what * int(times)
        if re.fullmatch(r"([0-9a-f]{2})+", word):
            return bytes.fromhex(word).decode("latin-1")
        raise Wrong("no such name: %{" + word + "}")
    return re.sub(r"%\{([^}]+)\}", one, text)


def split_answer(rest):
    """'A bob@x -> reject|550 No' into 'A bob@x' and 'reject|550 No'."""
    head, arrow, answer = rest.partition("->")
    if not arrow or not (head == "" or head.endswith(" ")):
        return rest.strip(), None
    return head.strip(), answer.strip()


def answer_matches(want, text):
    """want is the answer's text, or /regex/ for all of it."""
    if len(want) > 1 and want[0] == want[-1] == "/":
        return re.fullmatch(want[1:-1], text, re.S) is not None
    return want == text


def unstuff(line):
    """A data line as bytes, to the text that it stands for."""
    text = line.decode("latin-1")
    return text[1:] if text.startswith(".") else text
