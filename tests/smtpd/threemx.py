# SPDX-License-Identifier: ISC
"""The hosts of examples/three-mx, each with a network and directories of its
own, on the wire of test_cluster; Redis and Dovecot as the example has them.
"""

import os
import shutil
import subprocess

from client import Client, send
from greyservers import Redis
from harness import Skip, Smtpd, check, equal, wait
from test_cluster import GATEWAY, HOST_SCRIPT, REDIS, Wire, run

OWN = "mount -t tmpfs -o mode=700,uid=990,gid=990 tmpfs " \
    "/var/lib/filter-postgrey &&" + HOST_SCRIPT
CACHE = os.path.join(os.environ.get(
    "OSF_CACHE", "/var/cache/opensmtpd-filters-tests"), "dovecot")
CONF = "/etc/dovecot/dovecot.conf"
LIBS = "/usr/lib"               # where Dovecot has all of its parts


def dovecot():
    """The directory that it is in, or None; fetch unpacks one where none is
    installed, which is then seen in its own place, here in the sandbox."""
    for top in "/", CACHE:
        if os.path.exists(os.path.join(top, "usr/sbin/dovecot")):
            if not os.path.exists(LIBS + "/dovecot"):
                run("mount", "-t", "overlay", "-o", "lowerdir=%s:%s" %
                    (CACHE + LIBS, LIBS), "overlay", LIBS)
            return os.path.join(top, "usr")
    return None


class Locked(Redis):
    """With the file of the example: nobody gets in without a password."""

    def __init__(self, t, wire):
        where = os.path.join(t.dir, "redis")
        super().__init__(where, start=False)
        shutil.chown(where, "redis", "redis")
        self.argv = ["redis-server", "/etc/redis/redis.conf", "--unixsocket",
                     self.path]
        self.prepare = wire.join("redis", REDIS)
        self.start()
        t.cleanup.append(self.close)

    def ping(self):
        said = self.say("PING")
        return said is not None and said.startswith("-NOAUTH")


class Host:
    def __init__(self, t, wire, n, conf):
        self.t, self.name = t, "mx%d" % n
        self.address = "10.9.0.1%d" % n
        self.dir = os.path.join(t.dir, self.name)
        os.makedirs(self.dir)
        self.server = Smtpd(
            self.dir, conf, limits=wire.join(self.name, self.address),
            command=["unshare", "-m", "-u", "--propagation", "private", "sh",
                     "-c", OWN, self.name + ".example.org"])
        t.cleanup.append(self.kill)

    def kill(self):
        if self.server.alive():
            self.server.process.kill()
            self.server.process.wait()

    def start_dovecot(self):
        """Its own, where its smtpd finds the socket."""
        log = open(os.path.join(self.dir, "dovecot.log"), "wb")
        enter = ["nsenter", "-t", str(self.server.process.pid), "-m"]
        daemon = subprocess.Popen(
            enter + [dovecot() + "/sbin/dovecot", "-F", "-c", CONF, "-o",
                     "log_path=/dev/stderr"], stdin=subprocess.DEVNULL,
            stdout=log, stderr=log)
        log.close()

        def stop():
            daemon.terminate()
            daemon.wait(10)
        self.t.cleanup.insert(0, stop)
        wait(lambda: subprocess.run(enter + [
            "test", "-S", "/run/dovecot/lmtp"]).returncode == 0, "Dovecot")

    def rcpt(self, to, src, sender="joe@example.com"):
        client = Client(25, src, self.address)
        try:
            client.hello()
            client.cmd("MAIL FROM:<%s>" % sender)
            return client.cmd("RCPT TO:<%s>" % to)
        finally:
            client.close()

    def send(self, message, to, code=250, **how):
        equal(send(25, message, to, dst=self.address, **how)[0], code,
              "reply of " + self.name)

    def submit(self, port, message, sender, to):
        """As a user does: nothing without a password."""
        client = Client(port, GATEWAY, self.address, tls=port == 465)
        client.hello()
        check(client.cmd("MAIL FROM:<%s>" % sender)[0] >= 500, "no AUTH")
        if port == 587:
            equal(client.cmd("STARTTLS")[0], 220, "STARTTLS")
            client.starttls_now()
            client.hello()
        equal(client.cmd("AUTH PLAIN AGFsaWNlAHdyb25n")[0] // 100, 5, "wrong")
        equal(client.cmd("AUTH PLAIN AGFsaWNlAHNlY3JldA==")[0], 235, "AUTH")
        equal(client.send(message, to, sender)[0], 250, "DATA")
        client.quit()


class ThreeMx:
    def __init__(self, t, example):
        for what, there in ("Redis", Redis.program()), ("Dovecot", dovecot()):
            if not there:
                raise Skip("there is no " + what)
        example.do(0, 1)
        self.wire = Wire(t)
        self.redis = Locked(t, self.wire)
        confs = []
        for block in 2, 4, 3:
            example.do(block)
            confs.append(example.conf())
            example.check_filters(confs[-1])
        self.hosts = [Host(t, self.wire, n + 1, conf)
                      for n, conf in enumerate(confs)]
        self.hosts[0].start_dovecot()

    def doveadm(self, *words):
        """True if Dovecot says yes."""
        return subprocess.run(
            ["nsenter", "-t", str(self.hosts[0].server.process.pid), "-m",
             dovecot() + "/bin/doveadm", "-c", CONF, *words],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ).returncode == 0

    def rcpt(self, *args, **how):
        """What each of them says."""
        return [host.rcpt(*args, **how)[0] for host in self.hosts]

    def logged(self, pattern):
        return [line for host in self.hosts
                for line in host.server.filters_logged(pattern)]

    def stop(self):
        for host in self.hosts:
            host.server.healthy()
        for host in self.hosts:
            host.server.stop()
