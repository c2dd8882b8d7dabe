# SPDX-License-Identifier: ISC
"""What the pages of doc/milters say, put in place and run.

Files are written where the page says, which the sandbox keeps to itself; the
milter is started as the user that its package makes, the lines for smtpd.conf
are taken as they stand.  Changed are only the places of the library and of a
milter's program, which is a copy.  Raises Failure if a page lacks what is asked
for.
"""

import os
import re
import shutil
import socket
import threading

import harness
from examples import by_name
from harness import check
from milters import Daemon, library, need, program

DOC = os.path.join(harness.HERE, "..", "..", "doc", "milters")
LIBRARY = "/usr/lib/opensmtpd-filters/libmilter/lib"
BLOCK = r"((?:^    .*\n|^\n(?=    ))+)"
USERS = ("opendkim", "opendmarc", "clamav", "spamass-milter", "rspamd")


def add_users():
    for n, name in enumerate(USERS):
        with open("/etc/passwd", "r+") as users, open("/etc/group", "a") as \
                groups:
            if name + ":" not in users.read():
                users.write("%s:x:%d:%d::/nonexistent:/bin/false\n" %
                            (name, 960 + n, 960 + n))
                groups.write("%s:x:%d:\n" % (name, 960 + n))


def indented(block):
    return re.sub(r"^    ", "", block, flags=re.M).strip("\n") + "\n"


def write(path, text, user=None):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    if user:
        shutil.chown(path, user)
        os.chmod(path, 0o600)
    return path


class Page:
    """One of them; files is what it has, by path."""

    def __init__(self, name, *programs):
        need(*programs)
        add_users()
        os.environ["PATH"] = by_name()
        with open(os.path.join(DOC, name + ".md")) as file:
            self.text = file.read()
        self.programs = {name: program(name) for name in programs}
        self.files, last = {}, None
        for path, same, block in re.findall(
                r"^(/etc/[^\s,:]+)(.*?):?\n(?:.+\n)*\n" + BLOCK, self.text,
                re.M):
            lines = indented(block)
            if "is the same file but for" in same:
                lines = override(last, lines)
            self.files[path] = last = lines
            write(path, lines)
        check(self.text.count("\n/etc/") == len(self.files),
              "not all files of %s were understood", name)

    def section(self, title):
        found = re.search(r"^## %s\n(.*?)(?=^## |\Z)" % title, self.text,
                          re.M | re.S)
        check(found, "no section %s", title)
        return found.group(1)

    def conf(self, title):
        """The lines for smtpd.conf under this title."""
        found = [indented(b) for b in re.findall(BLOCK, self.section(title),
                                                 re.M) if "proc-exec" in b]
        check(len(found) == 1, "%d blocks for smtpd.conf", len(found))
        text = found[0].replace(LIBRARY, library())
        for name, path in self.programs.items():
            text = re.sub(r"/usr/(sbin|local/libexec)/%s\b" % name,
                          copied(name, path), text)
        return text

    def script(self, name):
        """The page's own program, by this name."""
        found = [indented(b) for b in re.findall(BLOCK, self.text, re.M)
                 if b.lstrip().startswith("#!")]
        check(len(found) == 1, "%d programs", len(found))
        path = write(os.path.join(harness.RUN, "scripts", name), found[0])
        os.chmod(path, 0o755)
        self.programs[name] = path
        return path

    def said(self):
        """What the log shall have, as it stands in the page."""
        block = re.findall(BLOCK, self.section("Does it work\\?"), re.M)
        return [line.strip() for b in block for line in b.splitlines()]


def copied(name, path):
    """The program under a name that tells it from the daemon."""
    copy = os.path.join(harness.RUN, "bin", "guest-" + name)
    return shutil.copy(path, copy)


def override(base, lines):
    """A file of `key value' with these lines in place of its own."""
    names = {line.split()[0] for line in lines.splitlines()}
    return "".join(line + "\n" for line in base.splitlines()
                   if line.split()[0] not in names) + lines


class Started(Daemon):
    """A milter as its package starts it: name is the place of its socket, as
    filter-milter has it, and the milter itself sees to the rights."""

    mode = None

    def __init__(self, t, name, user, *argv):
        super().__init__(t, os.path.basename(argv[0]) + "-daemon")
        self.name, self.user, self.argv = name, user, list(argv)
        where = "/run/" + user
        if name.startswith("unix:"):
            self.path = name[5:]
            where = os.path.dirname(self.path)
        os.makedirs(where, exist_ok=True)
        os.chmod(where, 0o755 if self.path in name else 0o750)
        shutil.chown(where, user, user)

    def connect(self):
        found = re.match(r"inet:(\d+)@(.*)", self.name)
        if not found:
            return super().connect()
        return socket.create_connection((found.group(2), int(found.group(1))))

    def kill(self):
        """With what it has forked."""
        super().kill()
        harness.wait(self.gone, self.name + " to be gone", 5)

    def gone(self):
        try:
            self.connect().close()
            return False
        except OSError:
            return True


class Dns:
    """A name server that knows these texts, and nothing else."""

    ADDRESS = "192.0.2.53"

    def __init__(self, t, **texts):
        self.texts = {name.lower().encode(): text.encode()
                      for name, text in texts.items()}
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((self.ADDRESS, 53))
        with open("/etc/resolv.conf", "w") as file:
            file.write("lookup file\nnameserver %s\n" % self.ADDRESS)
        t.cleanup.append(self.close)
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def close(self):
        self.sock.sendto(b"", self.sock.getsockname())
        self.thread.join()
        self.sock.close()

    def loop(self):
        while True:
            query, client = self.sock.recvfrom(4096)
            if not query:
                return
            self.sock.sendto(self.answer(query), client)

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].lower())
            at += 1 + query[at]
        name, question = b".".join(labels), query[12:at + 5]
        text = self.texts.get(name)
        if text is None or query[at + 1:at + 3] != b"\0\x10":
            code = b"\x81\x80" if text else b"\x81\x83"
            return query[:2] + code + b"\0\1" + bytes(6) + question
        data = b"".join(bytes([len(text[i:i + 255])]) + text[i:i + 255]
                        for i in range(0, len(text), 255))
        return query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + question + \
            b"\xc0\x0c\0\x10\0\1\0\0\0\x3c" + \
            len(data).to_bytes(2, "big") + data
