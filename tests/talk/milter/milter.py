#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A milter that does what the client says, for conversations.

usage: milter.py PATH|PORT [name=NAME] [offer=VERSION,ACTIONS,PROTOCOL]
           [macros=STAGE:NAME,NAME...] [negotiate=DEED]

Orders stand in the client's name, in HELO's, and in the local parts of
addresses, as EVENT=DEED, with EVENT one of connect, helo, mail, rcpt, data,
header, eoh, body, eom.  DEED is a reply's letter, or

    550, 451, 421          a reply of its own words; lines: one of several
    eof, half, short, long, zero, huge, unknown, edit, twice, silent, noise
    storm                  progress without end, then silence
    progress               some, and then it goes on
    slow-N                 goes on after N seconds
    bytes                  goes on, and from now on byte by byte
    restart                all connections are lost, a second without a socket
    deaf                   reads no more

"eom=a" and the like come after what the message wants changed, in order:

    X-Do: add|insert|change|body|rcpt|unrcpt|from|quarantine ARGUMENT|...
    X-Do: heard            X-Heard: the letters of what this connection heard
    X-Do: saw NAME         X-Saw: this field, as it was shown; the macro {NAME}
    X-Do: many             X-Many: the most connections at the same time

With a name, only "X-Do-NAME:" and "NAME.EVENT=DEED" are obeyed.  Says a line
when it listens.
"""

import os
import re
import select
import socket
import struct
import sys
import threading
import time

EVENTS = {"connect": "C", "helo": "H", "mail": "M", "rcpt": "R", "data": "T",
          "header": "L", "eoh": "N", "body": "B", "eom": "E"}
LINES = b"550-5.7.1 One\r\n550-5.7.1 two\r\n550 5.7.1 is 100%% no\0"
NO_REPLY = {"L": 0x80, "C": 0x1000, "H": 0x2000, "M": 0x4000, "R": 0x8000,
            "T": 0x10000, "U": 0x20000, "N": 0x40000, "B": 0x80000}
OPTIONS = dict(word.split("=", 1) for word in sys.argv[2:])
NAME = OPTIONS.get("name", "")
OPEN = set()
PEAK = 0


def frame(letter, data=b""):
    return struct.pack(">IB", len(data) + 1, ord(letter)) + data


class Gone(Exception):
    pass


class Session:
    def __init__(self, conn):
        self.conn = conn
        self.lines = conn.makefile("rb")
        self.heard = ""
        self.orders = {}
        self.wishes = []
        self.saw = {}
        self.bytewise = False
        self.protocol = 0

    def read(self):
        head = self.lines.read(4)
        if len(head) < 4:
            raise Gone
        length = struct.unpack(">I", head)[0]
        data = self.lines.read(length)
        if len(data) < length:
            raise Gone
        return chr(data[0]), data[1:]

    def send(self, data):
        if not self.bytewise:
            self.conn.sendall(data)
            return
        for i in range(len(data)):
            self.conn.sendall(data[i:i + 1])
            time.sleep(0.0005)

    def negotiate(self, data):
        mine = [int(n, 0) for n in
                OPTIONS.get("offer", "6,0x1ff,0x400").split(",")]
        theirs = struct.unpack(">III", data)
        if mine[0] <= theirs[0]:        # a milter takes what it is offered
            mine[2] &= theirs[2]
        self.protocol = mine[2]
        answer = struct.pack(">III", *mine)
        for word in OPTIONS.get("macros", "").split():
            stage, names = word.split(":")
            answer += struct.pack(">I", int(stage)) + \
                names.replace(",", " ").encode() + b"\0"
        if "negotiate" in OPTIONS:
            self.do(OPTIONS["negotiate"])
        self.send(frame("O", answer))

    def listen(self, data):
        """Orders in what was said."""
        prefix = re.escape(NAME + ".") if NAME else r"(?<![\w.])"
        for event, deed in re.findall(
                prefix + r"(%s)=([\w-]+)" % "|".join(EVENTS),
                data.decode("latin-1")):
            self.orders[EVENTS[event]] = deed

    def header(self, data):
        name, value = [p.decode("latin-1") for p in data.split(b"\0")[:2]]
        self.saw.setdefault(name, value)
        if name == ("X-Do-" + NAME if NAME else "X-Do"):
            self.wishes.append(value.strip())

    def wish(self, words):
        """The packet of one X-Do."""
        verb, _, rest = words.partition(" ")
        parts = [p.encode("latin-1").decode("unicode_escape").encode("latin-1")
                 for p in rest.split("|")]
        if verb in ("insert", "change"):
            return frame("i" if verb == "insert" else "m",
                         struct.pack(">I", int(parts[0])) +
                         parts[1] + b"\0" + parts[2] + b"\0")
        if verb == "heard":
            return frame("h", b"X-Heard\0" + self.heard.encode() + b"\0")
        if verb == "saw":
            return frame("h", b"X-Saw\0" + self.saw.get(
                rest, "nothing").encode("latin-1") + b"\0")
        if verb == "many":
            return frame("h", b"X-Many\0%d\0" % PEAK)
        if verb == "body":
            return b"".join(frame("b", p) for p in parts)
        letter = {"add": "h", "rcpt": "+", "unrcpt": "-", "from": "e",
                  "quarantine": "q"}[verb]
        return frame(letter, b"\0".join(parts) + b"\0")

    def do(self, deed):
        """One order."""
        word, _, number = deed.partition("-")
        if len(deed) == 1:
            return self.send(frame(deed))
        if deed.isdigit():
            return self.send(frame("y", b"%s %s.7.1 No, %s\0" % (
                deed.encode(), deed[:1].encode(), deed.encode())))
        return getattr(self, "do_" + word)(*([number] if number else []))

    def do_lines(self):
        self.send(frame("y", LINES))

    def do_eof(self):
        raise Gone

    def do_half(self):
        self.send(b"\0\0")
        raise Gone

    def do_short(self):
        self.send(b"\0\0\0\7c")
        raise Gone

    def do_long(self):
        self.send(frame("c", b"abc"))

    def do_zero(self):
        self.send(b"\0\0\0\0c")

    def do_huge(self):
        self.send(b"\x7f\xff\xff\xffc")

    def do_noise(self):
        self.send(b"220 mx.example.org ESMTP\r\n" * 100)

    def do_unknown(self):
        self.send(frame("Z", b"?"))

    def do_edit(self):
        self.send(frame("h", b"X-Early\0yes\0") + frame("c"))

    def do_twice(self):
        self.send(frame("c") * 2)

    def do_silent(self):
        while self.conn.recv(65536):
            pass
        raise Gone

    def do_deaf(self):
        time.sleep(30)
        raise Gone

    def do_storm(self):
        self.send(frame("p") * 5000)
        self.do_silent()

    def do_progress(self):
        for _ in range(4):
            time.sleep(0.5)
            self.send(frame("p"))
        self.send(frame("c"))

    def do_slow(self, seconds):
        time.sleep(float(seconds))
        self.send(frame("c"))

    def do_bytes(self):
        self.bytewise = True
        self.send(frame("c"))

    def do_restart(self):
        listener.restart(self)
        raise Gone

    def command(self, letter, data):
        """False: the session is over."""
        if letter == "O":
            self.negotiate(data)
            return True
        if letter == "D":
            words = data[1:].split(b"\0")
            self.saw.update((k.decode(), v.decode("latin-1"))
                            for k, v in zip(words[::2], words[1::2]))
            return True
        self.heard += letter
        if letter in "AMQ":
            self.orders, self.wishes = {}, []
        if letter in "AQ":
            return letter == "A"
        if letter in "CHMRU":
            self.listen(data)
        if letter == "L":
            self.header(data)
        if letter == "E":
            self.send(b"".join(map(self.wish, self.wishes)))
            self.wishes = []
        deed = self.orders.pop(letter, None)
        if deed is not None:
            self.do(deed)
        elif not self.protocol & NO_REPLY.get(letter, 0):
            self.send(frame("c"))
        return True

    def is_up(self):
        """Not one whose end is only yet to be read."""
        poll = select.poll()
        try:
            poll.register(self.conn, select.POLLRDHUP)
        except ValueError:
            return False
        return not poll.poll(0)

    def run(self):
        global PEAK
        OPEN.add(self)
        PEAK = max(PEAK, sum(session.is_up() for session in list(OPEN)))
        try:
            while self.command(*self.read()):
                pass
        except (OSError, Gone):
            pass
        OPEN.discard(self)
        self.lines.close()
        try:
            self.conn.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.conn.close()


class Listener:
    def __init__(self, where):
        self.where = where
        self.open()

    def open(self):
        if self.where.isdigit():
            self.sock = socket.create_server(("127.0.0.1", int(self.where)),
                                             backlog=500)
            return
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.bind(self.where)
        self.sock.listen(500)

    def restart(self, last):
        """Its caller's thread is the one that comes back.  Who sees the last
        one end can rely on it that the others have."""
        if not self.where.isdigit():
            os.unlink(self.where)
        self.sock.shutdown(socket.SHUT_RDWR)
        for other in sorted(OPEN, key=lambda s: s is last):
            other.conn.shutdown(socket.SHUT_RDWR)

    def loop(self):
        while True:
            try:
                conn, _ = self.sock.accept()
            except OSError:
                self.sock.close()
                time.sleep(1)
                self.open()
                continue
            threading.Thread(target=Session(conn).run, daemon=True).start()


if __name__ == "__main__":
    listener = Listener(sys.argv[1])
    print("ready")
    sys.stdout.flush()
    listener.loop()
