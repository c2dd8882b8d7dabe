# SPDX-License-Identifier: ISC
"""The real smtpd in a test: start, look at, stop.  Runs inside sandbox.

A test is a function that takes a Test and raises Failure (check() does) when
something is not as it should be.  Whatever it tested, at its end smtpd must
still run, must have said nothing fatal, and must take its filters with it.
"""

import contextlib
import functools
import glob
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
import traceback

from client import SECRETS

HERE = os.path.dirname(os.path.abspath(__file__))
RUN = os.environ["RUN"]
BUILD = os.environ.get("BUILD", ".")
SMTPD = os.environ["SMTPD"]
SPOOL = "/var/spool/smtpd"
PROGRAMS = dict.fromkeys(("filter-echo", "filter-rogue", "filter-tag"),
                         "tests/filters")
DELIVERIES = """
action "maildir" maildir "{home}/%{{user.username}}/Maildir" junk
action "mbox" mda "cat >> {home}/%{{user.username}}/mbox"
match from any for rcpt-to "bob@example.org" action "mbox"
match from any for domain "example.org" action "maildir"
"""
# What smtpd says when a filter took it down, or it died of its own.
DEATHS = re.compile(r"lost processor|fatal|misbehaving|lost child|assert|"
                    r"Terminated abnormally|internal error|pony: .*exiting")


class Failure(Exception):
    pass


class Late(Failure):
    """It went as it should, but not as soon."""


class Skip(Exception):
    pass


def check(truth, text, *args):
    if not truth:
        raise Failure(text % args if args else text)


def soon(took, limit, what):
    """It took less than so many seconds."""
    if took >= limit:
        raise Late("%s took %.2f s, and not %s" % (what, took, limit))


def equal(got, want, what):
    check(got == want, "%s: got %s, want %s" % (what, short(got), short(want)))


def short(thing):
    text = repr(thing)
    return text if len(text) < 400 else text[:200] + " ... " + text[-200:]


def wait(condition, what, seconds=15):
    """Until condition() is true; the value of it."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        check(time.monotonic() < end, "waited %s s for %s", seconds, what)
        time.sleep(0.02)


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):     # a process went
        return b""


@functools.lru_cache
def version():
    """smtpd's version as in 6.8 or 7.9."""
    said = subprocess.run([SMTPD, "-h"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT).stdout.decode()
    return float(re.search(r"(\d+\.\d+)", said).group(1))


def program(name):
    """A built program, copied to where smtpd's unprivileged user reaches."""
    copy = os.path.join(RUN, "bin", name)
    if not os.path.exists(copy):
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        built = os.path.join(BUILD, PROGRAMS.get(name, name), name)
        if name.endswith(".py"):
            built = os.path.join(HERE, name)
        check(os.path.exists(built), "%s is not built", built)
        shutil.copy(built, copy)
        os.chmod(copy, 0o755)
    return copy


def processes(name):
    """The processes that run a program: [(pid, parent's pid)]."""
    found = []
    for path in glob.glob("/proc/[0-9]*"):
        argv = read(path + "/cmdline").split(b"\0")
        if any(os.path.basename(a) == name.encode() for a in argv[:2]):
            stat = read(path + "/stat").rsplit(b") ", 1)
            if len(stat) == 2 and stat[1][:1] not in b"ZX":
                found.append((int(path[6:]), int(stat[1].split()[1])))
    return found


def guard_of(name):
    """The process that smtpd started."""
    pairs = processes(name)
    pids = {pid for pid, _ in pairs}
    tops = [pid for pid, parent in pairs if parent not in pids]
    check(len(tops) == 1, "%d processes of %s started by smtpd", len(tops),
          name)
    return tops[0]


def worker_of(name):
    """The guard's only child, or None while there is none."""
    guard = guard_of(name)
    children = [pid for pid, parent in processes(name) if parent == guard]
    return children[0] if children else None


def removed(path):
    """A delivery agent that outlives its smtpd may still add to it."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        os.unlink(path)
    return not os.path.lexists(path)


class Smtpd:
    """One running smtpd; command is what it is started by, and becomes."""

    def __init__(self, directory, conf, env=None, limits=None, command=()):
        self.conf = os.path.join(directory, "smtpd.conf")
        self.logname = os.path.join(directory, "smtpd.log")
        with open(self.conf, "w") as file:
            file.write(conf)
        check = subprocess.run([SMTPD, "-n", "-f", self.conf],
                               stderr=subprocess.PIPE)
        if check.returncode != 0:
            raise Failure(check.stderr.decode())
        with open(self.logname, "wb") as log:
            self.process = subprocess.Popen(
                [*command, SMTPD, "-d", "-v", "-f", self.conf],
                cwd=directory, stdout=log, stderr=subprocess.STDOUT,
                env=dict(os.environ, **(env or {})), preexec_fn=limits)
        self.wait_log("will accept at most")

    def log(self):
        return read(self.logname).decode("latin-1")

    def alive(self):
        return self.process.poll() is None

    def wait_log(self, pattern, seconds=15, count=1):
        wait(lambda: len(re.findall(pattern, self.log())) >= count or
             not self.alive(), "log line " + pattern, seconds)
        check(self.alive(), "smtpd died:\n%s", self.log()[-2000:])

    def healthy(self):
        """Raises if it died or said that it will."""
        check(self.alive(), "smtpd died:\n%s", self.log()[-2000:])
        death = DEATHS.search(self.log())
        if death:
            line = self.log()[death.start():].split("\n")[0]
            raise Failure("smtpd said: " + line)
        for secret in SECRETS:
            check(not re.search(r"\b%s" % re.escape(secret), self.log()),
                  "%s of AUTH is in the log", secret)

    def filters_logged(self, pattern):
        return re.findall(r".*(?:%s).*" % pattern, self.log())

    def stop(self):
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failure("smtpd did not stop")


class Test:
    """What a test function gets: its directory, its smtpd, its mail."""

    def __init__(self, name):
        self.name = name
        self.dir = os.path.join(RUN, "tests", name)
        self.server = None
        self.cleanup = []
        os.makedirs(self.dir)
        os.chmod(self.dir, 0o777)
        shutil.rmtree(SPOOL, ignore_errors=True)
        os.makedirs(SPOOL)
        os.chmod(SPOOL, 0o711)
        for user in "alice", "bob":
            for path in glob.glob(os.path.join(RUN, "home", user, "*")):
                wait(lambda: removed(path), "removal of " + path)

    def filter(self, name, command, more=""):
        """smtpd.conf's line for one of our programs with arguments."""
        words = command.split(" ", 1)
        words[0] = program(words[0])
        quoted = " ".join(words).replace('"', '\\"')
        return 'filter "%s" proc-exec "%s" %s\n' % (name, quoted, more)

    def start(self, conf, deliver=True, env=None, limits=None):
        if deliver:
            conf += DELIVERIES.format(home=os.path.join(RUN, "home"))
        self.server = Smtpd(self.dir, conf, env, limits)
        return self.server

    def mails(self, user="alice", folder="new"):
        """What is in a maildir, any order."""
        where = {"new": "Maildir/new", "junk": "Maildir/.Junk/new"}[folder]
        return [read(p) for p in
                glob.glob(os.path.join(RUN, "home", user, where, "*"))]

    def mail_to(self, rcpt, user="alice", seconds=15, folder="new"):
        """The one mail delivered to this address."""
        head = b"Delivered-To: %s\n" % rcpt.encode()

        def those():
            return [m for m in self.mails(user, folder) if head in m[:2000]]
        found = wait(those, "mail to " + rcpt, seconds)
        equal(len(found), 1, "copies of the mail to " + rcpt)
        return found[0]

    def certificate(self):
        """A self-signed one for mx.example.org: two lines of smtpd.conf."""
        crt, key = os.path.join(RUN, "mx.crt"), os.path.join(RUN, "mx.key")
        if not os.path.exists(crt):
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                 "-days", "30", "-subj", "/CN=mx.example.org", "-keyout", key,
                 "-out", crt], check=True, stderr=subprocess.DEVNULL)
            os.chmod(key, 0o600)
        return ('pki "mx.example.org" cert "%s"\npki "mx.example.org" key '
                '"%s"\n' % (crt, key))

    def stop(self):
        """smtpd must live, then end, and its filters with it."""
        if not self.server:
            return
        try:
            self.server.healthy()
        finally:
            self.server.stop()
        for name in os.listdir(os.path.join(RUN, "bin")):
            wait(lambda n=name: not processes(n), name + " to end", 3)

    def close(self):
        for function in self.cleanup:
            function()
        if self.server and self.server.alive():
            self.server.process.kill()
            self.server.process.wait()
        for name in os.listdir(os.path.join(RUN, "bin")):
            for pid, _ in processes(name):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def special(where, names):
    """Sockets, which can't be copied."""
    return [n for n in names
            if stat.S_ISSOCK(os.lstat(os.path.join(where, n)).st_mode)]


def attempt(function, name, keep):
    """Runs one; returns a word for what came of it, and why."""
    test, why = Test(name), None
    try:
        function(test)
        test.stop()
        word = "ok"
    except Skip as skip:
        word, why = "skipped", skip
    except Late as late:
        word, why = "late", late
    except Failure as failure:
        word, why = "FAILED", failure
    except Exception as error:
        word, why = "FAILED", "%s\n%s" % (error, traceback.format_exc())
    test.close()
    if word in ("FAILED", "late"):
        os.makedirs(keep, exist_ok=True)
        copy = os.path.join(keep, name)
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(test.dir, copy, ignore=special,
                        ignore_dangling_symlinks=True)
    shutil.rmtree(test.dir, ignore_errors=True)
    return word, why


def run(tests, wanted, keep):
    """Runs the functions; returns how many (passed, failed, skipped).  A busy
    machine is late now and then, a filter that is late is so three times."""
    counts = {"ok": 0, "FAILED": 0, "skipped": 0}
    os.makedirs(os.path.join(RUN, "bin"), exist_ok=True)
    for function in tests:
        name = function.__name__.replace("test_", "", 1).replace("_", "-")
        if wanted and name not in wanted:
            continue
        for last in False, False, True:
            start = time.monotonic()
            word, why = attempt(function, name, keep)
            if word == "late" and last:
                word = "FAILED"
            print("%s %s (%.1f s)%s" % (word, name, time.monotonic() - start,
                                        ": %s" % why if why else ""))
            sys.stdout.flush()
            if word in counts:
                counts[word] += 1
                break
    return tuple(counts.values())
