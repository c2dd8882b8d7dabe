# SPDX-License-Identifier: ISC
"""What is in examples/, put in place as its READMEs say, and started.

The commands of the READMEs are run as they are written, those for Debian among
them; this happens in the sandbox, whose /etc is private.  FOR_TESTS is all that
is changed in the files.  Raises Failure if a command fails, a change finds
nothing to change, or a filter does not like its options.
"""

import glob
import os
import re
import shutil
import subprocess

import harness
from harness import Smtpd, check, equal

SOURCE = os.path.join(harness.HERE, "..", "..", "examples")
LIBEXEC = "/usr/libexec/opensmtpd"
SECRET = "secret\n"             # what is typed when a password is asked for
# Times that a test can't wait for; and addresses, as the sandbox has others.
FOR_TESTS = {
    "one-host": (
        ("smtpd.conf", "0.0.0.0", "192.0.2.25"),
        ("pause.conf", r"seconds\t\t5", "seconds 0.5"),
        ("pause.conf", "no-rdns 20", "no-rdns 2"),
        ("postgrey.conf", r"delay\t\t3m", "delay 2s")),
    "spamassassin": (
        ("smtpd.conf", "0.0.0.0", "192.0.2.25"),),
    "debian": (
        ("smtpd.conf", "filter-pause -s 3", "filter-pause -s 0.5"),
        ("postgrey", "--delay=600", "--delay=2")),
    "three-mx": (
        ("*", r"192\.0\.2\.", "10.9.0."),
        ("pause.conf", r"seconds\t\t5", "seconds 0.5"),
        ("postgrey.conf", r"delay\t\t2m", "delay 2s"),
        ("redis.conf", "dir /var/lib/redis", "dir {RUN}/redis")),
}
# Where options of filters name lists.
LISTS = r"(?m)^(?:rule\s+file:|" \
    r"(?:exempt-file|block|bypass|trap-file|allowed-domains)\s+)(/\S+)"
LISTS_OF = {"one-host": 2, "three-mx": 6}
# Who is made by the packages that an example needs.
USERS = ("redis", "postgrey", "dovecot", "dovenull")


def add_users():
    """To the sandbox's own files, once."""
    with open("/etc/passwd") as file:
        if "postgrey:" in file.read():
            return
    for n, name in enumerate(USERS):
        with open("/etc/passwd", "a") as file:
            file.write("%s:x:%d:%d::/nonexistent:/bin/false\n" %
                       (name, 970 + n, 970 + n))
        with open("/etc/group", "a") as file:
            file.write("%s:x:%d:\n" % (name, 970 + n))


def commands(path):
    """The shell commands of a README: a list of blocks."""
    with open(path) as file:
        blocks = re.findall(r"^```sh\n(.*?)^```$", file.read(), re.M | re.S)
    check(blocks, "no commands in %s", path)
    return blocks


def by_name():
    """smtpd finds our filters where it finds its own; the path for tools."""
    bin = os.path.join(harness.RUN, "bin")
    for name in "pause", "postgrey", "spamassassin", "dkimsign", "milter":
        harness.program("filter-" + name)
    if not os.path.exists(os.path.join(LIBEXEC, "filter-pause")):
        copy = os.path.join(harness.RUN, "named")
        shutil.copytree(LIBEXEC, copy, symlinks=True)
        for path in glob.glob(os.path.join(bin, "filter-*")):
            shutil.copy(path, copy)
        subprocess.run(["mount", "--bind", copy, LIBEXEC], check=True)
    tools = os.path.join(harness.RUN, "tools")
    if not os.path.exists(tools):
        os.makedirs(tools)
        ctl = shutil.copy(os.environ["SMTPCTL"], tools)
        shutil.chown(ctl, "root", "opensmtpq")
        os.chmod(ctl, 0o2555)
        shutil.copy(os.path.join(harness.BUILD, "filter-dkimsign",
                                 "dkim-genkey"), tools)
    return tools + ":" + os.environ["PATH"]


class Example:
    """One of them, unpacked; do() runs the commands of its README."""

    def __init__(self, t, name):
        self.t, self.name = t, name
        self.where = os.path.join(t.dir, "examples", name)
        self.path = by_name()
        add_users()
        for path in "/etc/mail", "/etc/dovecot", "/etc/redis":
            shutil.rmtree(path, ignore_errors=True)
        for path in glob.glob("/var/lib/*postgrey*"):
            shutil.rmtree(path)
        os.makedirs("/etc/default", exist_ok=True)
        shutil.copytree(SOURCE, os.path.dirname(self.where))
        with open("/etc/aliases", "w") as file:
            file.write("postmaster: alice\n")
        debian, certificate = commands(os.path.join(
            os.path.dirname(self.where), "README.md"))
        self.shell(debian, os.path.dirname(self.where))
        if not os.path.exists("/etc/ssl/mx.example.org.crt"):
            self.shell(certificate)
        self.change()
        self.blocks = commands(os.path.join(self.where, "README.md"))

    def change(self):
        for name, old, new in FOR_TESTS[self.name]:
            found = 0
            for path in glob.glob(os.path.join(self.where, name)):
                with open(path) as file:
                    text, times = re.subn(old, new.format(RUN=self.t.dir),
                                          file.read())
                found += times
                with open(path, "w") as file:
                    file.write(text)
            check(found, "%s: no %s to be changed", name, old)

    def shell(self, text, where=None):
        ran = subprocess.run(
            ["sh", "-e", "-c", text], cwd=where or self.where,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=dict(os.environ, PATH=self.path), input=SECRET.encode())
        equal((ran.returncode, ran.stdout.decode()
               if ran.returncode else ""), (0, ""), "of " + text)

    def do(self, *numbers):
        """All of its commands, or these blocks of them."""
        for block in [self.blocks[n] for n in numbers] or self.blocks:
            self.shell(block)

    def conf(self):
        with open("/etc/smtpd.conf") as file:
            return file.read()

    def check_filters(self, conf):
        """Each filter is asked by -n, as the user that runs it."""
        self.check_secrets()
        lines = re.findall(r'proc-exec "(filter-[^"]*)"', conf)
        check(lines, "no filters in smtpd.conf")
        for line in lines:
            ran = subprocess.run(
                ["setpriv", "--reuid=opensmtpd", "--regid=opensmtpd",
                 "--clear-groups", "sh", "-c",
                 "cd %s && ./%s -n" % (LIBEXEC, line)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT)
            equal(ran.returncode, 0, "%s -n (%s)" % (line, ran.stdout.decode()))

    def check_secrets(self):
        """What others may not read is not beside or below a list."""
        found = 0
        for conf in glob.glob("/etc/mail/*.conf"):
            with open(conf) as file:
                lists = re.findall(LISTS, file.read())
            found += len(lists)
            for where in map(os.path.dirname, lists):
                for top, _, names in os.walk(where):
                    for name in names:
                        path = os.path.join(top, name)
                        check(os.stat(path).st_mode & 0o004,
                              "%s: %s is in or below %s", conf, path, where)
        equal(found, LISTS_OF.get(self.name, 0), "lists of " + self.name)

    def start(self):
        conf = self.conf()
        self.check_filters(conf)
        self.t.server = Smtpd(self.t.dir, conf)
