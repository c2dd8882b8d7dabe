# SPDX-License-Identifier: ISC
"""The real spamd, with the rules of sa/: for tests, the bench and quickstart.

It is one process group, so that all of it can be frozen or killed at once,
and as it stays in the foreground nothing of it outlives close().  Raises
RuntimeError with spamd's own words if it does not start.
"""

import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SA = os.path.join(HERE, "sa")
NOBODY = 65534
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*" \
    b"C.34X\n"
BAYES = ("--allow-tell", "--pre=loadplugin Mail::SpamAssassin::Plugin::Bayes",
         "--cf=use_bayes 1", "--cf=bayes_auto_learn 0")


def program():
    """Where spamd is, or None.  fetch unpacks one where none is installed."""
    cache = os.environ.get("OSF_CACHE", "/var/cache/opensmtpd-filters-tests")
    fetched = glob.glob(os.path.join(cache, "spamd-*", "usr/sbin/spamd"))
    return shutil.which("spamd") or max(fetched, key=os.path.getmtime,
                                        default=None)


def score_of(got):
    """X-Spam-Score of a mail that was delivered, or None."""
    for line in got.partition(b"\n\n")[0].split(b"\n"):
        if line.startswith(b"X-Spam-Score: "):
            return float(line.split()[1])
    return None


class Spamd:
    """where is a directory of its own, that others may enter."""

    def __init__(self, where, *options, port=None, children=2, start=True):
        self.where, self.port = where, port
        self.path = os.path.join(where, "spamd.sock")
        self.server = "127.0.0.1:%d" % port if port else "unix:" + self.path
        self.process = None
        os.makedirs(where, exist_ok=True)
        os.chmod(where, 0o755)
        self.home = os.path.join(where, "home")
        os.makedirs(self.home, exist_ok=True)
        self.argv = [
            program(), "--listen=" + (self.server if port else self.path),
            "-L", "-x", "-C", os.path.join(SA, "rules"),
            "--siteconfigpath=" + os.path.join(SA, "site"), "-s", "stderr",
            "--max-children=%d" % children, "--min-children=%d" % children,
            "--min-spare=1", "--max-spare=%d" % max(children, 2),
            "--pidfile=" + os.path.join(where, "pid"),
            "--cf=bayes_path " + os.path.join(self.home, "bayes"), *options]
        if os.geteuid() == 0:
            os.chown(self.home, NOBODY, NOBODY)
            self.argv += ["-u", "nobody"]
        if start:
            self.start()

    def start(self, wait=True):
        with open(os.path.join(self.where, "log"), "ab") as log:
            self.process = subprocess.Popen(
                self.argv, env=dict(os.environ, HOME=self.home),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        if wait:
            self.wait()

    def wait(self, seconds=20):
        """Until it answers."""
        end = time.monotonic() + seconds
        while not self.ping():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("spamd: " + self.log()[-1000:])
            time.sleep(0.02)

    def ping(self, timeout=1):
        try:
            with self.connect(timeout) as sock:
                sock.sendall(b"PING SPAMC/1.5\r\n\r\n")
                return b"PONG" in sock.recv(100)
        except OSError:
            return False

    def connect(self, timeout=60):
        if self.port:
            return socket.create_connection(("127.0.0.1", self.port), timeout)
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(timeout)
        try:
            sock.connect(self.path)
        except OSError:
            sock.close()
            raise
        return sock

    def ask(self, message, verb=b"HEADERS"):
        """Its whole answer; message has the line ends that it is to see."""
        with self.connect() as sock:
            sock.sendall(b"%s SPAMC/1.5\r\nContent-length: %d\r\n\r\n" %
                         (verb, len(message)) + message)
            sock.shutdown(socket.SHUT_WR)
            answer = b""
            while True:
                more = sock.recv(65536)
                if not more:
                    return answer
                answer += more

    def log(self):
        with open(os.path.join(self.where, "log"), "rb") as log:
            return log.read().decode("latin-1")

    def pids(self):
        """spamd and its children."""
        pid = self.process.pid
        with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
            return [pid] + [int(child) for child in file.read().split()]

    def checks(self, text):
        """The child that began with a message whose Message-ID has this."""
        found = re.findall(r"\[(\d+)\] info: spamd: checking message <%s" %
                           re.escape(text), self.log())
        return int(found[-1]) if found else None

    def signal(self, sig):
        """To all of it."""
        os.killpg(self.process.pid, sig)

    def freeze(self):
        self.signal(signal.SIGSTOP)

    def thaw(self):
        self.signal(signal.SIGCONT)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        """As an operator does."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:       # one TERM may get lost
            self.kill()

    def kill(self):
        """All at once: the socket stays, and nobody listens."""
        try:
            self.signal(signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        while True:             # its children may take a moment longer
            try:
                self.connect(1).close()
            except OSError:
                break
            time.sleep(0.01)

    def close(self):
        if self.process:
            self.kill()
        if os.path.exists(self.path):
            os.unlink(self.path)
