# SPDX-License-Identifier: ISC
"""The real postgrey and the real Redis: for tests, benches and quickstart.

Each has a directory of its own and stays in the foreground, so that nothing of
it outlives close().  Raises RuntimeError with its own words if it does not
start.
"""

import os
import shutil
import signal
import socket
import subprocess
import time

REQUEST = """request=smtpd_access_policy
protocol_state=RCPT
protocol_name=ESMTP
client_address=192.0.2.200
client_name=unknown
sender=probe@example.com
recipient=probe@example.org
instance=probe.%d

"""


class Daemon:
    """path is where it listens, unless it has a port."""

    argv = ()
    prepare = None      # called in its process before it begins

    def __init__(self, where, port, start):
        self.where, self.port, self.process = where, port, None
        self.path = os.path.join(where, "socket")
        self.server = "127.0.0.1:%d" % port if port else "unix:" + self.path
        os.makedirs(where, exist_ok=True)
        os.chmod(where, 0o755)
        if start:
            self.start()

    def start(self):
        if os.path.exists(self.path):       # of one that was killed
            os.unlink(self.path)
        with open(os.path.join(self.where, "log"), "ab") as log:
            self.process = subprocess.Popen(
                self.argv, executable=self.program(), cwd=self.where,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=self.prepare)
        end = time.monotonic() + 10
        while not self.ping():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(self.argv[0] + ": " + self.log()[-1000:])
            time.sleep(0.02)

    def connect(self, timeout=5):
        if self.port:
            return socket.create_connection(("127.0.0.1", self.port), timeout)
        return self.connect_unix(timeout)

    def connect_unix(self, timeout=5):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(timeout)
        try:
            sock.connect(self.path)
        except OSError:
            sock.close()
            raise
        return sock

    def ask(self, text, timeout=5):
        """What it says to text, as far as one read brings it; or None."""
        try:
            with self.connect(timeout) as sock:
                sock.sendall(text.encode())
                return sock.recv(65536).decode()
        except OSError:
            return None

    def log(self):
        with open(os.path.join(self.where, "log"), "rb") as log:
            return log.read().decode("latin-1")

    def freeze(self):
        os.killpg(self.process.pid, signal.SIGSTOP)

    def thaw(self):
        os.killpg(self.process.pid, signal.SIGCONT)

    def kill(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self):
        """As an operator does, and with patience: a TERM may get lost, and
        a postgrey that is killed leaves its rows in the log of its database."""
        for _ in range(10):
            self.process.terminate()
            try:
                self.process.wait(2)
                return
            except subprocess.TimeoutExpired:
                continue
        self.kill()

    def close(self):
        self.kill()


class Postgrey(Daemon):
    """Its user can't be root: it is nobody."""

    def __init__(self, where, *options, delay=2, port=None, start=True,
                 clients="", recipients=""):
        super().__init__(where, port, False)
        self.db = os.path.join(where, "db")
        os.makedirs(self.db, exist_ok=True)
        os.chmod(where, 0o777)              # for its socket
        shutil.chown(self.db, "nobody", "nogroup")
        lists = []
        for name, text in ("clients", clients), ("recipients", recipients):
            with open(os.path.join(where, name), "w") as file:
                file.write(text)
            lists.append("--whitelist-%s=%s" % (name, file.name))
        self.argv = [
            "postgrey", "--inet=127.0.0.1:%d" % port if port else
            "--unix=" + self.path, "--dbdir=" + self.db, *lists,
            "--user=nobody", "--group=nogroup", "--delay=%d" % delay,
            "--hostname=mx.example.org", "-v", *options]
        if start:
            self.start()

    @staticmethod
    def program():
        """Where it is, or None.  fetch unpacks one where none is installed."""
        cache = os.environ.get("OSF_CACHE",
                               "/var/cache/opensmtpd-filters-tests")
        return shutil.which("postgrey", path=":".join((
            "/usr/sbin", "/usr/bin",
            os.path.join(cache, "postgrey", "usr/sbin"))))

    def ping(self):
        """Its clock does not run backwards: no client of a test is asked."""
        text = self.ask(REQUEST % time.monotonic_ns(), 1)
        return text is not None and text.startswith("action=")


class Redis(Daemon):
    """Nothing on disk, unless options say so."""

    def __init__(self, where, *options, port=None, start=True,
                 bind="127.0.0.1"):
        super().__init__(where, port, False)
        self.argv = ["redis-server", "--dir", where, "--save", "",
                     "--appendonly", "no", "--unixsocket", self.path,
                     "--unixsocketperm", "777", "--port", str(port or 0),
                     "--bind", bind, "--protected-mode", "no", *options]
        if start:
            self.start()

    @staticmethod
    def program():
        """Where it is, or None.  It is what it is called as: Debian's
        redis-tools have it as well, and do not have it started at boot."""
        return shutil.which("redis-server") or shutil.which("redis-check-rdb")

    def say(self, *words):
        """A command; its answer as the protocol has it."""
        return self.ask("*%d\r\n" % len(words) + "".join(
            "$%d\r\n%s\r\n" % (len(w), w) for w in words))

    def connect(self, timeout=5):
        """By the socket: its port may be in a network of its own."""
        return self.connect_unix(timeout)

    def ping(self):
        return self.say("PING") == "+PONG\r\n"
