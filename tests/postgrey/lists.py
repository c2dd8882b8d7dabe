#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""usage: lists.py [BUILD]

The same whitelists, the same questions: to postgrey, by its policy protocol,
and to us, by BUILD/tests/postgrey/listed.  Where we mean to differ is said in
differs().  The last line is "N passed, N failed"; exit 77 without postgrey.
"""

import grp
import os
import pwd
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

QUESTIONS = 1500
LABELS = ["a", "mx", "mail", "mail-7", "dyn1", "example", "EXAMPLE", "org",
          "test", "a-b", "xn--p1ai"]
USERS = ["joe", "Joe", "ann", "postmaster", "joe+x", "joe+x+y", "ann+", "+x",
         "a.b", "joe-x"]
CLIENT_LIST = r"""# by hand
example.org
mail.test   # a comment
/^mail-\d+\.example\./
/^(?!dyn)[a-z]+\.a\.test$/
/(\w+)\.\1\./
/a-b$/
192.0.2.7
192.0.2.128/25
10.0.0.0/9
198.51
203.0.113
2001:db8::/33
2001:db8:ffff::1
xn--p1ai
"""
RECIPIENT_LIST = r"""postmaster@
joe@example.org
ann@
joe+x@mail.test
a-b.test
/^a\.b@.*\.org$/
/^joe-x@[^.]*$/
xn--p1ai
"""


class Postgrey:
    """One that listens in where."""

    def __init__(self, where, clients, recipients):
        self.path = os.path.join(where, "sock")
        self.log = open(os.path.join(where, "log"), "w+")
        user = pwd.getpwuid(os.geteuid()).pw_name
        group = grp.getgrgid(os.getegid()).gr_name
        self.process = subprocess.Popen(
            ["postgrey", "--unix=" + self.path, "--user=" + user,
             "--group=" + group, "--dbdir=" + where, "--hostname=mx.test",
             "--auto-whitelist-clients=0", "--whitelist-clients=" + clients,
             "--whitelist-recipients=" + recipients],
            stdout=self.log, stderr=self.log)
        for _ in range(100):
            try:
                self.conn = socket.socket(socket.AF_UNIX)
                self.conn.connect(self.path)
                break
            except OSError:
                self.conn.close()
                time.sleep(0.1)
        else:
            self.close()
            self.log.seek(0)
            raise RuntimeError("no postgrey: " + self.log.read())
        self.answers = self.conn.makefile("r")
        self.asked = 0

    def listed(self, address, name, recipient):
        """Does it pass a mail that it never saw?"""
        self.asked += 1
        self.conn.sendall((
            "request=smtpd_access_policy\nprotocol_state=RCPT\n"
            "client_address=%s\nclient_name=%s\nsender=%s@s.test\n"
            "recipient=%s\n\n" % (address, name,
                                  chr(97 + self.asked % 26) * (
                                      1 + self.asked // 26),
                                  recipient)).encode())
        answer = self.answers.readline().strip()
        assert self.answers.readline() == "\n"
        if answer == "action=DUNNO":
            return True
        assert answer.startswith("action=DEFER_IF_PERMIT"), answer
        return False

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def some_name(rng):
    return ".".join(rng.choice(LABELS) for _ in range(rng.randint(1, 4)))


def some_address(rng):
    base, size = rng.choice((
        ("192.0.2.%d", 256), ("198.51.%d.9", 256), ("198.52.0.%d", 256),
        ("203.0.113.%d", 256), ("203.0.112.%d", 256), ("10.%d.0.1", 256),
        ("2001:db8:%x::1", 65536), ("2001:db9::%x", 65536)))
    return base % rng.choice((0, 1, 7, size // 2 - 1, size // 2, size - 1,
                              rng.randrange(size)))


def differs(kind, question):
    """postgrey takes 198.51 for 198.51.0.0/24; we, for what it says."""
    return kind == "clients" and re.match(r"198\.51\.(?!0\.)", question)


def ours(build, kind, path, questions):
    done = subprocess.run(
        [os.path.join(build, "tests/postgrey/listed"), kind, path],
        input="".join(q + "\n" for q in questions), text=True, check=True,
        stdout=subprocess.PIPE)
    return [word == "1" for word in done.stdout.split()]


def compare(kind, questions, we, they):
    """How many differ and should not."""
    failed = 0
    for question, mine, theirs in zip(questions, we, they, strict=True):
        if differs(kind, question):
            failed += not mine
        elif mine != theirs:
            failed += 1
            print("%s: %s: we say %s, postgrey %s" %
                  (kind, question, mine, theirs))
    print("%s: %d questions, %d are listed" %
          (kind, len(questions), sum(we)))
    # Else the comparison would be of nothing.
    return failed + (not 100 < sum(we) < len(we) - 100)


def run(build, where):
    rng = random.Random(5)
    paths = {}
    for kind, text in (("clients", CLIENT_LIST),
                       ("recipients", RECIPIENT_LIST)):
        paths[kind] = os.path.join(where, kind)
        with open(paths[kind], "w") as f:
            f.write(text)
    postgrey = Postgrey(where, paths["clients"], paths["recipients"])
    try:
        clients = ["%s %s" % (some_address(rng), some_name(rng))
                   for _ in range(QUESTIONS)]
        they = [postgrey.listed(*c.split(), "nobody@nowhere.invalid")
                for c in clients]
        failed = compare("clients", clients, ours(
            build, "clients", paths["clients"], clients), they)
        boxes = ["%s@%s" % (rng.choice(USERS), some_name(rng))
                 for _ in range(QUESTIONS)]
        they = [postgrey.listed("100.64.0.1", "unknown", b) for b in boxes]
        failed += compare("recipients", boxes, ours(
            build, "recipients", paths["recipients"], boxes), they)
    finally:
        postgrey.close()
    return failed


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ".")
    if not shutil.which("postgrey"):
        print("no postgrey here")
        return 77
    with tempfile.TemporaryDirectory(prefix="osf-lists.") as where:
        failed = run(build, where)
    print("%d passed, %d failed" % (2 * QUESTIONS - failed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
