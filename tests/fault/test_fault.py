# SPDX-License-Identifier: ISC
"""Filters that are killed, frozen and starved under load.

Whatever happens to a worker, smtpd goes on, a message that was answered 250
is delivered once and byte for byte, and of any other nothing is delivered
and its client got a 4xx.  KILLS in the environment says how many to kill.
"""

import glob
import os
import random
import re
import signal
import subprocess
import threading
import time

import harness
import mail
from client import Client, send
from harness import check, equal, wait

PORTS = (2525, 2526, 2527, 2528)


class Load:
    """Sessions that send mail in parallel until told to stop."""

    def __init__(self, t, sessions=50):
        self.t, self.over = t, threading.Event()
        self.lock = threading.Lock()
        # smtpd's queue of connections is short: one more than fits in may
        # wait for a minute.
        self.door = threading.BoundedSemaphore(5)
        self.accepted, self.refused, self.unknown = {}, {}, set()
        self.odd = []
        self.threads = [threading.Thread(target=self.client, args=(n,),
                                         daemon=True)
                        for n in range(sessions)]
        t.cleanup.append(self.over.set)
        for thread in self.threads:
            thread.start()

    def client(self, n):
        rand, count = random.Random(n), 0
        while not self.over.is_set():
            try:
                count = self.session(n, count, rand)
            except Exception as error:
                self.odd.append("session %d: %r" % (n, error))
                time.sleep(0.05)

    def session(self, n, count, rand):
        with self.door:
            client = Client(PORTS[n % len(PORTS)], timeout=60)
        reply = client.greeting
        try:
            if reply[0] == 220:
                reply = client.hello()
            for _ in range(rand.randint(1, 3)):
                if reply[0] >= 400:
                    break
                count += 1
                reply = self.message(client, "n%d.%d" % (n, count), rand)
            self.judge(reply)
            if client.greeting[0] == 220:
                client.cmd("QUIT")
        finally:
            client.close()
        return count

    def message(self, client, name, rand):
        body = b"".join(b"%s %d %s\n" % (name.encode(), i, b"." * (i % 3) +
                        b"x" * rand.randint(0, 60))
                        for i in range(rand.choice((1, 10, 100, 1500))))
        data = mail.plain(name, body)
        with self.lock:
            self.unknown.add(name)
        reply = client.send(data, "alice+%s@example.org" % name)
        with self.lock:
            self.unknown.discard(name)
            where = self.accepted if reply[0] == 250 else self.refused
            where[name] = data
        return reply

    def rest(self, got):
        """What was sent, of what was delivered."""
        return mail.split(got)[2]

    def judge(self, reply):
        if reply[0] // 100 not in (2, 4):
            self.odd.append("reply: %s" % (reply,))

    def stop(self):
        """All of the promise, once the mail is delivered."""
        self.over.set()
        for thread in self.threads:
            thread.join(90)
            check(not thread.is_alive(), "a client hangs")
        self.t.server.healthy()
        check(not self.odd, "%d odd things, as %s", len(self.odd),
              self.odd[:3])
        check(not self.unknown, "no reply: %s", self.unknown)
        new = os.path.join(harness.RUN, "home/alice/Maildir/new")
        wait(lambda: not self.accepted or os.path.isdir(new) and
             len(os.listdir(new)) >= len(self.accepted), "all deliveries", 60)
        time.sleep(0.5)
        seen = set()
        for got in self.t.mails():
            name = re.search(rb"Delivered-To: alice\+(.*)@", got).group(1)
            name = name.decode()
            check(name not in seen, "%s came twice", name)
            check(name in self.accepted, "%s came, but was refused", name)
            seen.add(name)
            rest = self.rest(got)
            check(rest == self.accepted[name], "%s: %s", name,
                  mail.difference(rest, self.accepted[name]))
        missing = set(self.accepted) - seen
        check(not missing, "lost: %s", sorted(missing)[:5])
        return len(self.accepted), len(self.refused)


def four_filters(t, env=None, limits=None):
    """Two of each kind: a guard's limit of deaths holds for each of them."""
    conf = listen = ""
    for n, name in enumerate(("filter-echo", "filter-tag") * 2):
        conf += t.filter("f%d" % n, name)
        listen += 'listen on 127.0.0.1 port %d filter "f%d"\n' % (2525 + n, n)
    t.start(conf + listen, env=env, limits=limits)
    for port in PORTS:
        equal(send(port, mail.plain(), "bob@example.org")[0], 250, "reply")
    return guards()


def guards():
    """The processes that smtpd started: those whose parent is no filter."""
    pairs = [p for name in ("filter-echo", "filter-tag")
             for p in harness.processes(name)]
    pids = {pid for pid, _ in pairs}
    found = [pid for pid, parent in pairs if parent not in pids]
    equal(len(found), 4, "guards")
    return found


def worker(guard):
    children = harness.read("/proc/%d/task/%d/children" % (guard, guard))
    return int(children.split()[0]) if children.strip() else None


def strike(pid, sig):
    """True if there was somebody to strike."""
    try:
        if pid:
            os.kill(pid, sig)
        return bool(pid)
    except ProcessLookupError:
        return False


def kill_many(t, kills, signals):
    """Workers die at random moments, each guard's below 10 a second."""
    pids = four_filters(t)
    load, killed, rand = Load(t), 0, random.Random(kills)
    while killed < kills:
        for guard in pids:
            time.sleep(rand.uniform(0, 0.06))
            killed += strike(worker(guard), rand.choice(signals))
        t.server.healthy()
    accepted, refused = load.stop()
    check(accepted > 10 and refused > 0, "%d accepted, %d refused by %d kills",
          accepted, refused, killed)
    check(guards() == pids, "the guards are not the same")
    check("workers keep dying" not in t.server.log(), "a guard gave up")
    print("%d workers killed, %d mails accepted, %d refused" %
          (killed, accepted, refused))


def test_kill(t):
    kill_many(t, int(os.environ.get("KILLS", "300")), [signal.SIGKILL])


def test_crash(t):
    kill_many(t, 80, [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS])


def test_freeze(t):
    """A worker that stops for a while loses nothing."""
    pids = four_filters(t)
    load = Load(t, 20)
    for _ in range(3):
        frozen = [worker(guard) for guard in pids]
        for pid in frozen:
            strike(pid, signal.SIGSTOP)
        time.sleep(1)
        for pid in frozen:
            strike(pid, signal.SIGCONT)
        time.sleep(0.5)
    accepted, refused = load.stop()
    check(accepted > 50, "%d accepted", accepted)
    equal(refused, 0, "refused")


def test_kill_all_the_time(t):
    """Workers that never live long: 4xx from the guard, smtpd lives."""
    pids = four_filters(t)
    load = Load(t, 10)
    end = time.monotonic() + 6
    while time.monotonic() < end:
        for guard in pids:
            strike(worker(guard), signal.SIGKILL)
        time.sleep(0.002)
    wait(lambda: "workers keep dying" in t.server.log(), "a guard to rest")
    accepted, refused = load.stop()
    check(refused > 10, "%d refused", refused)


def crash_on(t, word):
    t.start(t.filter("tag", "filter-tag -o crash=" + word) +
            'listen on 127.0.0.1 port 2525 filter "tag"\n')


def test_poison(t):
    """One message that crashes the worker is refused, others pass."""
    crash_on(t, "poison")
    for n in range(3):
        check(400 <= send(2525, mail.plain("poison"))[0] < 500, "poison")
        equal(send(2525, mail.plain(), "alice+%d@example.org" % n)[0], 250,
              "reply to another")
        t.mail_to("alice+%d@example.org" % n)


def small_disk(t, size):
    path = os.path.join(t.dir, "tmp")
    os.mkdir(path)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%s,mode=1777" % size,
                    "tmpfs", path], check=True)
    t.cleanup.append(lambda: subprocess.run(["umount", "-l", path]))
    return path


def test_disk_full(t):
    """No room for a message of 20 MB: 4xx for it, others pass."""
    path = small_disk(t, "1m")
    t.start(t.filter("tag", "filter-tag") +
            'listen on 127.0.0.1 port 2525 filter "tag"\n',
            env={"TMPDIR": path})
    big = mail.large(20 * 1024 * 1024)
    for n in range(2):
        reply = send(2525, big, "bob@example.org", timeout=60)
        equal(reply[0] // 100, 4, "reply to a big one (%s)" % reply[1])
        equal(send(2525, mail.plain(), "alice+%d@example.org" % n)[0], 250,
              "reply to a small one")
        t.mail_to("alice+%d@example.org" % n)
    equal(glob.glob(path + "/*"), [], "files left behind")
    equal(harness.read(os.path.join(harness.RUN, "home/bob/mbox")), b"",
          "bob's mail")


def start_tag(t, **how):
    """filter-tag after its first mail; its worker's pid."""
    t.start(t.filter("tag", "filter-tag") +
            'listen on 127.0.0.1 port 2525 filter "tag"\n', **how)
    equal(send(2525, mail.plain(), "bob@example.org")[0], 250, "first mail")
    return harness.worker_of("filter-tag")


def limit(pid, what, value):
    """A limit for a running process, set by its own user."""
    subprocess.run(["prlimit", "--pid", str(pid), "--%s=%d:%d" %
                    (what, value, value)], check=True, user=990, group=990,
                   extra_groups=[])


def test_descriptors(t):
    """No descriptor is left for a message's file."""
    pid = start_tag(t)
    used = {int(fd) for fd in os.listdir("/proc/%d/fd" % pid)}
    # Those above the limit stay usable; the first free one is the next.
    limit(pid, "nofile", min(set(range(1000)) - used))
    for n in range(3):
        reply = send(2525, mail.large(20 * 1024 * 1024), timeout=60)
        equal(reply[0] // 100, 4, "reply to a big one (%s)" % reply[1])
        rcpt = "alice+%d@example.org" % n
        equal(send(2525, mail.plain(), rcpt)[0], 250, "reply to a small one")
        t.mail_to(rcpt)
    equal(harness.worker_of("filter-tag"), pid, "worker")


def test_memory(t):
    """No memory for more than 1 MB, nor a file: 4xx, and life goes on."""
    pid = start_tag(t, env={"TMPDIR": "/nonexistent"})
    status = harness.read("/proc/%d/status" % pid)
    size = int(re.search(rb"VmSize:\s+(\d+) kB", status).group(1))
    limit(pid, "as", (size + 1024) * 1024)
    for n in range(3):
        reply = send(2525, mail.large(6 * 1024 * 1024), "bob@example.org",
                     timeout=60)
        equal(reply[0] // 100, 4, "reply to 6 MB (%s)" % reply[1])
        rcpt = "alice+%d@example.org" % n
        equal(send(2525, mail.plain(), rcpt)[0], 250, "reply to a small one")
        t.mail_to(rcpt)
    equal(harness.worker_of("filter-tag"), pid, "worker")
