# SPDX-License-Identifier: ISC
"""The whole chain: all filters on one listener of the real smtpd, and all that
they ask: Redis, postgrey, a milter, spamd.

Each filter refuses what it can't decide, so that whatever is delivered has been
seen by all of them.  Raises harness.Failure when something does not start.
"""

import glob
import os
import shutil
import signal
import subprocess
import sys
import time

import harness
from assassin import Spamd
from greyservers import Daemon, Postgrey, Redis
from harness import RUN, check, wait
from signed import install

PORT = 2525
KNOWN = "198.51.100.0/24"       # clients that are not greylisted
SCRIPT = os.path.join(harness.HERE, "..", "talk", "milter", "milter.py")
FILTERS = ("pause", "grey", "policy", "milter", "score", "sign")
PROGRAMS = {"filter-pause": "pause", "filter-postgrey": "policy",
            "filter-milter": "milter", "filter-spamassassin": "score",
            "filter-dkimsign": "sign"}


class Milter(Daemon):
    """It does what mails ask for in X-Do fields."""

    def __init__(self, where):
        super().__init__(where, None, False)
        self.argv = ["milter.py", SCRIPT, self.path]
        os.chmod(where, 0o777)
        self.start()

    @staticmethod
    def program():
        return sys.executable

    def start(self):
        super().start()
        os.chmod(self.path, 0o777)

    def ping(self):
        try:
            self.connect().close()
            return True
        except OSError:
            return False


class Chain:
    """smtpd with all filters.  Its spool, its users' homes and the filters'
    temporary files are each on a disk of their own."""

    def __init__(self, name, sizes=None):
        os.makedirs(os.path.join(RUN, "bin"), exist_ok=True)
        # smtpd lets five clients wait to be taken.  More of them must not think
        # that they are connected, and wait for a banner that never comes.
        for key, value in ("abort_on_overflow", "1"), ("syncookies", "0"):
            with open("/proc/sys/net/ipv4/tcp_" + key, "w") as file:
                file.write(value)
        self.t = harness.Test(name)
        self.dir = self.t.dir
        self.home = os.path.join(RUN, "home", "alice")
        self.tmp = os.path.join(self.dir, "tmp")
        os.mkdir(self.tmp)
        sizes = sizes or {}
        self.mount(harness.SPOOL, sizes.get("spool", "1g"), 0o711)
        self.mount(self.home, sizes.get("home", "2g"), 0o755, 2001)
        self.mount(self.tmp, sizes.get("tmp", "1g"), 0o1777)
        self.backends = {
            "redis": Redis(self.where("redis")),
            "postgrey": Postgrey(self.where("postgrey"), delay=1,
                                 clients=KNOWN + "\n"),
            "milter": Milter(self.where("milter")),
            "spamd": Spamd(self.where("spamd"))}
        self.t.cleanup += [b.close for b in self.backends.values()]
        self.server = self.t.start(self.conf(), deliver=False,
                                   env={"TMPDIR": self.tmp})

    def where(self, name):
        return os.path.join(self.dir, name)

    def mount(self, path, size, mode, user=0):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%s,mode=%o,uid=%d"
                        % (size, mode, user), "tmpfs", path], check=True)
        self.t.cleanup.append(lambda: subprocess.run(["umount", "-l", path]))

    def conf(self):
        db, known = self.where("db"), self.where("known")
        os.mkdir(db)
        shutil.chown(db, "opensmtpd", "opensmtpd")
        with open(known, "w") as file:
            file.write(KNOWN + "\n")
        key = install("rsa", os.path.join(RUN, "keys", "rsa.pem"))
        server = {n: b.server for n, b in self.backends.items()}
        commands = {
            "pause": "filter-pause -s 0",
            "grey": "filter-postgrey -o redis=%s -o db=%s/grey.db -o delay=1 "
                    "-o auto-whitelist=0 -o client-whitelist=%s" %
                    (server["redis"], db, known),
            "policy": "filter-postgrey -s %s -o timeout=2s "
                      "-o on-failure=tempfail" % server["postgrey"],
            "milter": "filter-milter -s %s" % server["milter"],
            "score": "filter-spamassassin -o server=%s -o deadline=20s "
                     "-o on-failure=tempfail" % server["spamd"],
            "sign": "filter-dkimsign -d example.org -s rsa -k " + key}
        return "".join(self.t.filter(n, commands[n]) for n in FILTERS) + \
            "smtp max-message-size 10M\n" \
            'listen on 127.0.0.1 port %d filter { "%s" }\n' \
            'action "maildir" maildir "%s/Maildir" junk\n' \
            'match from any for domain "example.org" action "maildir"\n' % (
                PORT, '", "'.join(FILTERS), self.home)

    def guards(self):
        """{filter: pid of what smtpd started}, as soon as all are there."""
        return wait(self.find_guards, "all filters")

    @staticmethod
    def find_guards():
        found = {}
        for command, name in PROGRAMS.items():
            pairs = harness.processes(command)
            pids = {pid for pid, _ in pairs}
            for pid in (pid for pid, parent in pairs if parent not in pids):
                argv = harness.read("/proc/%d/cmdline" % pid)
                found["grey" if b"redis=" in argv else name] = pid
        return found if len(found) == len(FILTERS) else None

    @staticmethod
    def worker(guard):
        """A guard's only child, or None while there is none."""
        pids = harness.read("/proc/%d/task/%d/children" % (guard, guard))
        return int(pids.split()[0]) if pids.strip() else None

    def delivered(self):
        """Paths of all mails that are in a folder."""
        return glob.glob(self.home + "/Maildir/new/*") + \
            glob.glob(self.home + "/Maildir/.Junk/new/*")

    def waiting(self):
        """Messages in smtpd's queue."""
        return glob.glob(harness.SPOOL + "/queue/*/*")

    def hurry(self):
        """What smtpd could not deliver is tried again now."""
        control = os.path.join(RUN, "smtpctl")
        if not os.path.exists(control):
            shutil.copy(os.environ["SMTPCTL"], control)
            os.chown(control, 0, 991)
            os.chmod(control, 0o2555)
        subprocess.run([control, "schedule", "all"], check=True,
                       stdout=subprocess.DEVNULL)

    def drained(self, seconds=60):
        """Until smtpd has delivered all that it took."""
        end, tries = time.monotonic() + seconds, 0
        while self.waiting():
            check(self.server.alive(), "smtpd died")
            check(time.monotonic() < end, "%d mails stay in the queue",
                  len(self.waiting()))
            tries += 1
            if tries % 20 == 0:
                self.hurry()
            time.sleep(0.1)

    def alive(self):
        return self.server.alive()

    def stop(self):
        self.t.stop()

    def close(self):
        self.t.close()


def strike(pid, sig):
    """True if there was somebody to strike."""
    try:
        if pid:
            os.kill(pid, sig)
        return bool(pid)
    except ProcessLookupError:
        return False


def freeze(pids, seconds):
    for pid in pids:
        strike(pid, signal.SIGSTOP)
    time.sleep(seconds)
    for pid in pids:
        strike(pid, signal.SIGCONT)
