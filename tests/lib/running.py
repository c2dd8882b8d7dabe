# SPDX-License-Identifier: ISC
"""Every filter, started as smtpd starts it, with options that it runs with on
any machine.  For tests of what all of them have in common."""

import os
import shutil
import socket
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
HANDSHAKE = b"""config|smtpd-version|7.9.0-portable
config|protocol|0.7
config|smtp-session-timeout|300
config|subsystem|smtp-in
config|admd|mx.example.org
config|ready
"""

# %(dir)s is what prepare() made, laid out as SECURITY.md has /etc/mail.
LIST = ["-o", "exempt-file=%(dir)s/lists/friends"]
FILTERS = {
    "pause": ["filter-pause", "-s", "1", "-o", "early=disconnect"] + LIST,
    "dkimsign": ["filter-dkimsign", "-d", "example.org", "-s", "x",
                 "-k", "%(dir)s/dkim/key"] + LIST,
    "spamassassin": ["filter-spamassassin",
                     "-o", "server=127.0.0.1:1"] + LIST,
    "postgrey": ["filter-postgrey", "-o", "db=%(dir)s/db/grey"] + LIST,
    "postgrey-policy": ["filter-postgrey",
                        "-o", "server=127.0.0.1:1"] + LIST,
    "postgrey-redis": ["filter-postgrey", "-o", "redis=127.0.0.1:1",
                       "-o", "db=%(dir)s/db/grey",
                       "-o", "redis-password-file=%(dir)s/secrets/redis"] +
    LIST,
    "milter": ["filter-milter", "-s", "inet:1@127.0.0.1",
               "-o", "inject=127.0.0.1:1"] + LIST,
}


def prepare(where, user=None):
    """The files that the commands name, secrets readable by that user only."""
    for name in "lists", "dkim", "secrets", "db", "tmp":
        os.mkdir(os.path.join(where, name), 0o755)
    with open(os.path.join(where, "lists", "friends"), "w") as f:
        f.write("198.51.100.0/28\n")
    key = os.path.join(where, "dkim", "key")
    shutil.copy(os.path.join(TOP, "tests", "dkim", "keys", "rsa.pem"), key)
    password = os.path.join(where, "secrets", "redis")
    with open(password, "w") as f:
        f.write("quite-secret\n")
    os.chmod(where, 0o755)
    for path in key, password:
        os.chmod(path, 0o600)
    for path in key, password, os.path.join(where, "db"):
        os.chown(path, user or 0, user or 0)


class Filter:
    """One that runs, as smtpd would have started it."""

    def __init__(self, build, name, where, user=None, more=()):
        command = FILTERS[name] + list(more)
        self.sock, theirs = socket.socketpair()
        path = os.path.abspath(os.path.join(build, command[0], command[0]))
        # Both are sockets, or lines are logged with the name before them.
        self.err, their_err = socket.socketpair()
        self.proc = subprocess.Popen(
            [path] + [arg % {"dir": where} for arg in command[1:]],
            stdin=theirs, stdout=theirs, stderr=their_err,
            env=dict(os.environ, TMPDIR=where + "/tmp"),
            start_new_session=True, user=user, group=user, extra_groups=[] if user else None)
        theirs.close()
        their_err.close()
        self.sock.sendall(HANDSHAKE)
        self.sock.settimeout(20)
        said = b""
        while b"register|ready\n" not in said:
            try:
                data = self.sock.recv(65536)
            except ConnectionError:
                data = b""
            if not data:
                raise RuntimeError("%s did not start:\n%s" % (command[0],
                                                              self.logged()))
            said += data

    def worker(self):
        path = "/proc/%d/task/%d/children" % (self.proc.pid, self.proc.pid)
        with open(path) as f:
            return int(f.read().split()[0])

    def logged(self):
        """All that it wrote on stderr, when it ended."""
        text = b""
        while data := self.err.recv(65536):
            text += data
        return text.decode("latin-1")

    def close(self):
        self.sock.close()
        self.proc.wait(5)
