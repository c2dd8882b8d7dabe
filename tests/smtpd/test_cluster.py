# SPDX-License-Identifier: ISC
"""Three MX hosts that share one Redis: what one of them saw, all know.

Each host is an smtpd with a network, a host name and a spool of its own; a
bridge is the wire between them, Redis and the clients.  Whoever is cut off
from Redis goes on by itself, and none of the clients notices.
"""

import ctypes
import os
import re
import shutil
import signal
import subprocess
import threading
import time

import harness
import mail
from client import Client, Sink, send
from greyservers import Redis
from harness import Skip, Smtpd, check, equal, soon, wait
from test_postgrey import DELAY, HOST, listed

GATEWAY, REDIS = "10.9.0.1", "10.9.0.2"
CLONE_NEWNET = 0x40000000
HOST_SCRIPT = """
mount -t tmpfs -o mode=711 tmpfs /var/spool/smtpd &&
mount -t tmpfs -o mode=755 tmpfs /run && hostname "$0" && exec "$@"
"""


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


class Wire:
    """A bridge in the sandbox, which is where clients are."""

    def __init__(self, t):
        self.t, self.holders = t, {}
        run("ip", "link", "add", "wire", "type", "bridge")
        t.cleanup.append(self.close)
        run("ip", "address", "add", GATEWAY + "/24", "dev", "wire")
        run("ip", "link", "set", "wire", "up")

    def join(self, name, address):
        """A network of one host: a function that enters it."""
        holder = subprocess.Popen(["unshare", "-n", "sleep", "1000"])
        self.holders[name] = holder
        theirs = "/proc/%d/ns/net" % holder.pid
        wait(lambda: os.readlink(theirs) !=
             os.readlink("/proc/self/ns/net"), "a network", 5)
        run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0",
            "netns", str(holder.pid))
        run("ip", "link", "set", name, "master", "wire", "up")
        for words in "link set lo up", "link set eth0 up", \
                "address add %s/24 dev eth0" % address, \
                "route add default via " + GATEWAY:
            run("nsenter", "-t", str(holder.pid), "-n", "ip", *words.split())
        return self.enter(theirs)

    @staticmethod
    def enter(path):
        file = os.open(path, os.O_RDONLY)

        def function():
            if ctypes.CDLL(None).setns(file, CLONE_NEWNET) != 0:
                os._exit(1)
        return function

    def isolate(self, name, on):
        """Ports that are isolated do not see each other, but clients."""
        run("ip", "link", "set", "dev", name, "type", "bridge_slave",
            "isolated", "on" if on else "off")

    def close(self):
        for name, holder in self.holders.items():
            subprocess.run(["ip", "link", "delete", name])
            holder.kill()
            holder.wait()
        run("ip", "link", "delete", "wire")


class Mx:
    """One host; n is 1 to 3."""

    def __init__(self, t, wire, n, more):
        self.t, self.name = t, "mx%d" % n
        self.address = "10.9.0.1%d" % n
        where = os.path.join(t.dir, self.name)
        self.db = os.path.join(where, "db")
        os.makedirs(self.db)
        shutil.chown(self.db, "opensmtpd", "opensmtpd")
        conf = t.filter("grey", "filter-postgrey -o redis=%s:6379 -o delay=%d "
                        "-o db=%s/grey.db -o redis-timeout=1s "
                        "-o auto-whitelist=0 %s" %
                        (REDIS, DELAY, self.db, more)) + \
            'listen on %s port 2525 filter "grey"\n' % self.address + \
            'listen on %s port 2500\n' % self.address + \
            'action "out" relay host smtp://%s:2600 filter "grey"\n' \
            'match from any for domain "elsewhere.example" action "out"\n' % \
            HOST + harness.DELIVERIES.format(
                home=os.path.join(harness.RUN, "home"))
        self.server = Smtpd(
            where, conf, limits=wire.join(self.name, self.address),
            command=["unshare", "-m", "-u", "--propagation", "private", "sh",
                     "-c", HOST_SCRIPT, self.name + ".example.org"])
        t.cleanup.append(self.kill)

    def kill(self):
        if self.server.alive():
            self.server.process.kill()
            self.server.process.wait()

    def rcpt(self, to, sender="joe@example.com", src=HOST, timeout=30):
        client = Client(2525, src, self.address, timeout)
        try:
            client.hello()
            client.cmd("MAIL FROM:<%s>" % sender)
            return client.cmd("RCPT TO:<%s>" % to)[0]
        finally:
            client.close()

    def deliver(self, to, src=HOST):
        """A mail that is let in: the lines that filters put on top."""
        equal(send(2525, mail.plain(), to, src=src, dst=self.address)[0], 250,
              "reply of " + self.name)
        got = self.t.mail_to(to)
        return got[:got.index(b"From: ")]

    def logged(self, pattern):
        return self.server.filters_logged(pattern)


class Cluster:
    def __init__(self, t, more=""):
        if not Redis.program():
            raise Skip("there is no Redis")
        self.wire = Wire(t)
        self.redis = Redis(os.path.join(t.dir, "redis"), "--appendonly", "yes",
                           port=6379, start=False, bind="0.0.0.0")
        self.redis.prepare = self.wire.join("redis", REDIS)
        self.redis.start()
        t.cleanup.append(self.redis.close)
        self.hosts = [Mx(t, self.wire, n, more) for n in (1, 2, 3)]

    def rcpt(self, *args, **how):
        """What each of them says."""
        return [host.rcpt(*args, **how) for host in self.hosts]

    def together(self, to):
        """Until they agree about who comes to one after the other."""
        def asked():
            name = "%s.%d" % (to, time.monotonic_ns())
            equal(self.rcpt("alice+%s@example.org" % name), [451] * 3,
                  "replies")
            words = r"reason=(\S+) .*to=alice\+" + name
            return [re.findall(words, h.server.log()) for h in self.hosts] == \
                [["new"], ["early-retry"], ["early-retry"]]
        wait(asked, "all to have one memory", 40)

    def stop(self):
        for host in self.hosts:
            host.server.healthy()
        for host in self.hosts:
            host.server.stop()


def test_one_memory(t):
    """First try on mx1, too early on mx3, retry on mx2, known on all."""
    c = Cluster(t)
    to = "alice+one@example.org"
    mx1, mx2, mx3 = c.hosts
    equal(mx1.rcpt(to), 451, "first try, on mx1")
    equal(mx3.rcpt(to), 451, "too early, on mx3")
    check(mx3.logged("reason=early-retry"), "mx3 had not heard of it")
    time.sleep(DELAY + 0.1)
    top = mx2.deliver(to)
    check(b"X-Greylist: delayed 2 seconds by" in top, "top is %s", top)
    equal(c.rcpt(to), [250] * 3, "afterwards")
    for host in c.hosts:
        equal(host.logged(r"redis:|\bdb "), [], "complaints of " + host.name)
    c.stop()


def test_trap(t):
    """Who writes to a trap on mx3 is blocked everywhere."""
    c = Cluster(t, "-o trap-action=reject -o trap-file=" +
                listed(t, "traps", "spamtrap@example.org\n"))
    to = "alice@example.org"
    equal(c.rcpt(to, src="192.0.2.66"), [451] * 3, "before")
    equal(c.hosts[2].rcpt("spamtrap@example.org", src="192.0.2.66"), 550,
          "the trap, on mx3")
    time.sleep(0.3)
    equal(c.rcpt(to, src="192.0.2.66"), [550] * 3, "after")
    equal(c.rcpt(to, src="192.0.2.67"), [451] * 3, "another host")
    c.stop()


def test_learn(t):
    """Mail goes out by mx1: its answer may come to any."""
    c = Cluster(t)
    sink = Sink(2600, HOST)
    t.cleanup.append(sink.close)
    equal(send(2500, mail.plain(), "Ann@elsewhere.example",
               "alice@example.org", src=GATEWAY,
               dst=c.hosts[0].address)[0], 250,
          "outgoing")
    wait(lambda: sink.messages, "the mail at the next host")
    time.sleep(0.5)
    equal(c.rcpt("alice@example.org", "ann@elsewhere.example",
                 "192.0.2.70"), [250] * 3, "her answer, from anywhere")
    equal(c.rcpt("alice@example.org", "tom@elsewhere.example", HOST),
          [250] * 3, "of the host that took it")
    equal(c.rcpt("alice@example.org", "tom@elsewhere.example", "192.0.2.70"),
          [451] * 3, "another's")
    c.stop()


def clients(c, over, replies, n):
    """Mail all the time, from host to host."""
    count = 0
    while not over.is_set():
        count += 1
        began = time.monotonic()
        try:
            code = c.hosts[count % 3].rcpt("alice+%d.%d@example.org" %
                                           (n, count // 6))
        except Exception as error:
            code = repr(error)
        replies.append((code, time.monotonic() - began))


def busy(t, c):
    """Four clients until finish() is called: it returns their replies."""
    over, replies = threading.Event(), []
    t.cleanup.append(over.set)
    threads = [threading.Thread(target=clients, args=(c, over, replies, n),
                                daemon=True) for n in range(4)]
    for thread in threads:
        thread.start()

    def finish():
        over.set()
        for thread in threads:
            thread.join(30)
            check(not thread.is_alive(), "a client hangs")
        odd = {code for code, _ in replies} - {451, 250}
        check(not odd, "odd replies: %s", odd)
        soon(max(took for _, took in replies), 6, "a client's reply")
        check(len(replies) > 100, "only %d replies", len(replies))
    return finish


def alone(c, hosts, tag):
    """Each of them goes on by its own store."""
    for n, host in enumerate(hosts):
        equal(host.rcpt("alice+%s%d@example.org" % (tag, n)), 451, "first")
    time.sleep(DELAY + 0.1)
    for n, host in enumerate(hosts):
        equal(host.rcpt("alice+%s%d@example.org" % (tag, n)), 250,
              "retry on " + host.name)
        check(host.logged("redis"), "%s did not say it", host.name)


def redis_ends(t, end):
    """While mail comes; then it is back, with what it knew."""
    c = Cluster(t)
    equal(c.hosts[0].rcpt("alice+known@example.org"), 451, "first")
    time.sleep(DELAY + 0.1)
    equal(c.hosts[1].rcpt("alice+known@example.org"), 250, "retry")
    time.sleep(1.1)         # appendfsync everysec
    finish = busy(t, c)
    time.sleep(0.5)
    end(c.redis)
    alone(c, c.hosts, "out")
    if c.redis.process.poll() is None:
        c.redis.thaw()
    else:
        c.redis.start()
    c.together("back")
    finish()
    equal(c.rcpt("alice+known@example.org"), [250] * 3, "who was known")
    c.stop()


def test_redis_killed(t):
    redis_ends(t, Redis.kill)


def test_redis_frozen(t):
    redis_ends(t, Redis.freeze)


def test_cut_off(t):
    """mx3 does not see Redis for a while; the other two do not care."""
    c = Cluster(t)
    mx1, mx2, mx3 = c.hosts
    finish = busy(t, c)
    c.wire.isolate("redis", True)
    c.wire.isolate("mx3", True)
    to = "alice+during@example.org"
    equal(mx1.rcpt(to), 451, "first try, on mx1")
    alone(c, [mx3], "cut")
    equal(mx2.rcpt(to), 250, "retry, on mx2")
    equal([h.logged("redis:") for h in (mx1, mx2)], [[], []], "complaints")
    c.wire.isolate("mx3", False)
    c.together("joined")
    finish()
    equal(mx3.rcpt(to), 250, "what mx3 had missed")
    c.stop()


def test_worker_killed(t):
    """mx2's worker dies: what it saw is where it was."""
    c = Cluster(t)
    to = "alice+w@example.org"
    equal(c.hosts[1].rcpt(to), 451, "first try")
    pairs = harness.processes("filter-postgrey")
    guards = {pid for pid, parent in pairs
              if parent not in {p for p, _ in pairs}}
    for pid, parent in pairs:
        if parent in guards:
            os.kill(pid, signal.SIGKILL)
    time.sleep(DELAY + 0.1)
    equal(c.hosts[1].rcpt(to), 250, "retry")
    equal(c.hosts[0].rcpt(to), 250, "and elsewhere")
    c.stop()
