# SPDX-License-Identifier: ISC
"""Other people's verifiers, behind one face: verify(message) gives a list of
(domain, selector, result), result "pass" or why not.

Those that are not installed are left out and named; a verifier that dies
answers so for the message it died of.
"""

import logging
import os
import struct
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


class Dkimpy:
    name = "dkimpy"
    algorithms = (b"rsa-sha256", b"ed25519-sha256")

    def __init__(self, keys):
        import dkim
        self.dkim = dkim
        logging.getLogger("dkimpy").setLevel(logging.CRITICAL)
        self.records = {k.selector: k.record.encode() for k in keys}
        self.logger = logging.getLogger("quiet")
        self.logger.addHandler(logging.NullHandler())
        self.logger.propagate = False

    def lookup(self, name, timeout=5):
        name = name.decode() if isinstance(name, bytes) else name
        return self.records.get(name.split(".")[0])

    def verify(self, message):
        try:
            d = self.dkim.DKIM(message, logger=self.logger)
            count = sum(name.lower() == b"dkim-signature"
                        for name, _ in d.headers)
        except Exception as e:
            return [("-", "-", "raised %r" % e)]
        return [self.one(d, n) for n in range(count)]

    def one(self, d, n):
        d.domain, d.selector = b"-", b"-"
        try:
            ok = d.verify(n, self.lookup)
            why = "pass" if ok else "fail"
        except Exception as e:      # whatever it stumbles over
            why = "raised %r" % e
        return d.domain.decode("latin-1"), d.selector.decode("latin-1"), why

    def close(self):
        pass


class Process:
    """A program that answers a line for each message; see maildkim.pl."""

    def __init__(self, keys):
        self.args = [k.selector + "=" + k.record for k in keys
                     if k.algorithm in self.algorithms]
        self.proc = None

    def start(self):
        self.proc = subprocess.Popen(self.command() + self.args,
                                     stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE)

    def verify(self, message):
        if self.proc is None:
            self.start()
        try:
            self.proc.stdin.write(struct.pack(">I", len(message)) + message)
            self.proc.stdin.flush()
        except BrokenPipeError:
            pass
        line = self.proc.stdout.readline().decode("latin-1").rstrip("\n")
        if self.proc.poll() is not None:
            self.close()
            return [("-", "-", "the verifier died")]
        return [tuple((part + "  ").split(" ", 2)[:2]) +
                (part.split(" ", 2)[-1],) for part in line.split(";") if part]

    def close(self):
        if self.proc:
            self.proc.stdin.close()
            self.proc.wait(10)
            self.proc.stdout.close()
            self.proc = None


class MailDKIM(Process):
    name = "Mail::DKIM"
    algorithms = (b"rsa-sha256",)       # Debian 12's has no other

    def command(self):
        return [os.path.join(HERE, "maildkim.pl")]


class OpenDKIM(Process):
    name = "OpenDKIM"
    algorithms = (b"rsa-sha256", b"ed25519-sha256")

    def command(self):
        return [built_opendkim()]


BUILT = []


def built_opendkim():
    """The C program, compiled once for all."""
    if not BUILT:
        where = tempfile.TemporaryDirectory(prefix="dkim.")
        path = os.path.join(where.name, "opendkim-verify")
        subprocess.run(["cc", "-O", "-o", path, "-Wall",
                        os.path.join(HERE, "opendkim-verify.c"), "-lopendkim"],
                       check=True)
        BUILT.append((where, path))
    return BUILT[0][1]


def have_dkimpy():
    try:
        import dkim  # noqa: F401
        return True
    except ImportError:
        return False


def have_maildkim():
    return subprocess.run(["perl", "-MMail::DKIM", "-e1"],
                          stderr=subprocess.DEVNULL).returncode == 0


def have_opendkim():
    return os.path.exists("/usr/include/opendkim/dkim.h")


def available():
    """(classes that can be used, names of those that can't)"""
    all_of_them = ((Dkimpy, have_dkimpy), (MailDKIM, have_maildkim),
                   (OpenDKIM, have_opendkim))
    can = [cls for cls, have in all_of_them if have()]
    return can, [cls.name for cls, _ in all_of_them if cls not in can]
