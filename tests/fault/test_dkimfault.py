# SPDX-License-Identifier: ISC
"""filter-dkimsign killed, starved and given new keys, in the real smtpd.

Whatever happens to it: no mail leaves unsigned or with a wrong signature, and
a client whose mail does not leave got a 4xx.
"""

import glob
import os
import random
import signal
import subprocess
import time

import harness
import mail
import signed
from client import send
from harness import check, equal, wait
from signed import Signer
from test_fault import Load, limit, small_disk, strike

import reference        # of tests/dkim, found by signed

NAME = "filter-dkimsign"
LISTEN = 'listen on 127.0.0.1 port %d filter "dkim"\n'


def start(t, more="", names=("rsa",), ports=(2525,), **how):
    signer = Signer(t, names, more)
    t.start(signer.line + "".join(LISTEN % port for port in ports), **how)
    equal(send(2525, mail.plain(), "bob@example.org")[0], 250, "first mail")
    return signer


def all_signed(t, signer):
    for got in t.mails():
        signer.check(got)


def test_kill(t):
    """Workers die at random moments; what was accepted is signed."""
    signer = start(t, ports=range(2525, 2529))
    signer.others = []
    load, killed, rand = Load(t, 20), 0, random.Random(1)
    while killed < 60:
        time.sleep(rand.uniform(0.1, 0.2))      # below 10 a second
        killed += strike(harness.worker_of(NAME),
                         rand.choice((signal.SIGKILL, signal.SIGSEGV)))
    accepted, refused = load.stop()
    check(accepted > 10 and refused > 0, "%d accepted, %d refused", accepted,
          refused)
    all_signed(t, signer)


def test_disk_full(t):
    """A big mail finds no room: 451.  Small ones are signed."""
    path = small_disk(t, "1m")
    signer = start(t, env={"TMPDIR": path})
    for n in range(2):
        reply = send(2525, mail.large(20 * 1024 * 1024), "bob@example.org",
                     timeout=60)
        equal(reply[0], 451, "reply to a big one (%s)" % reply[1])
        rcpt = "alice+%d@example.org" % n
        equal(send(2525, mail.plain(), rcpt)[0], 250, "reply to a small one")
        signer.check(t.mail_to(rcpt))
    equal(glob.glob(path + "/*"), [], "files left behind")


def test_big(t):
    """With room it is signed, from its file."""
    signer = start(t, "-c relaxed/simple")
    equal(send(2525, mail.large(20 * 1024 * 1024), "alice@example.org",
               timeout=60)[0], 250, "reply")
    signer.check(t.mail_to("alice@example.org", seconds=60))


def test_descriptors(t):
    """No descriptor is left: 451 for what needs one, others are signed."""
    signer = start(t)
    pid = harness.worker_of(NAME)
    used = {int(fd) for fd in os.listdir("/proc/%d/fd" % pid)}
    limit(pid, "nofile", min(set(range(1000)) - used))
    for n in range(2):
        reply = send(2525, mail.large(20 * 1024 * 1024), "bob@example.org",
                     timeout=60)
        equal(reply[0], 451, "reply to a big one (%s)" % reply[1])
        rcpt = "alice+%d@example.org" % n
        equal(send(2525, mail.plain(), rcpt)[0], 250, "reply to a small one")
        signer.check(t.mail_to(rcpt))
    equal(harness.worker_of(NAME), pid, "worker")


def test_no_threads(t):
    """No thread can be had: mail is signed all the same."""
    signer = Signer(t, ("rsa", "ed25519"))
    t.start(signer.line + LISTEN % 2525)
    wait(lambda: len(harness.processes(NAME)) == 2, "the worker")
    pid = harness.worker_of(NAME)
    limit(pid, "nproc", 1)
    for n in range(3):
        rcpt = "alice+%d@example.org" % n
        equal(send(2525, mail.plain(), rcpt)[0], 250, "reply")
        signer.check(t.mail_to(rcpt))
    equal(len(os.listdir("/proc/%d/task" % pid)), 1, "threads")
    t.server.wait_log("thread")


def new_key(path):
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out",
                    path + ".new"], check=True)
    os.chmod(path + ".new", 0o600)
    os.chown(path + ".new", signed.FILTER, signed.FILTER)
    os.rename(path + ".new", path)


def test_rotation(t):
    """SIGHUP under load: each mail is signed by the old key or the new."""
    signer = start(t, names=("ed25519",), ports=range(2525, 2529))
    signer.others = []
    path, guard = signer.paths[0], harness.guard_of(NAME)
    keys, load = [signer.keys[0]], Load(t, 10)
    for _ in range(3):
        time.sleep(0.5)
        new_key(path)
        keys.append(reference.Key(path, "ed25519"))
        os.kill(guard, signal.SIGHUP)
    time.sleep(0.5)
    accepted, refused = load.stop()
    check(accepted > 20 and refused == 0, "%d accepted, %d refused", accepted,
          refused)
    equal(send(2525, mail.plain(), "alice+last@example.org")[0], 250, "reply")
    used = set()
    for got in t.mails():
        used.add(signed_by(signer, keys, got))
    signer.keys = keys[-1:]
    signer.check(t.mail_to("alice+last@example.org"), "the last")
    check(len(used) == len(keys), "only %d keys were used", len(used))


def signed_by(signer, keys, got):
    for key in keys:
        signer.keys = [key]
        try:
            signer.check(got)
            return keys.index(key)
        except harness.Failure as failure:
            why = failure
    raise why


def test_broken_key(t):
    """A key file that is wrong after SIGHUP: the old one is used on."""
    signer = start(t, names=("ed25519",))
    path, guard = signer.paths[0], harness.guard_of(NAME)
    for text in b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n", None:
        if text is None:
            os.unlink(path)
        else:
            with open(path, "wb") as file:
                file.write(text)
        lines = t.server.log().count("\n")
        os.kill(guard, signal.SIGHUP)
        wait(lambda: t.server.log().count("\n") > lines, "a word about it")
        rcpt = "alice+%s@example.org" % (len(text) if text else "none")
        equal(send(2525, mail.plain(), rcpt)[0], 250, "reply")
        signer.check(t.mail_to(rcpt), "with %r" % text)
    check(signer.paths[0] in t.server.log(), "the file is not named")
