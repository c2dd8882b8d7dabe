# SPDX-License-Identifier: ISC
"""greylistctl and filter-postgrey with a store by TLS, as users who have the
rights that the manual tells."""

import os
import re
import shutil
import socket
import subprocess
import unittest

import test_greylistctl
import tools

Redis = test_greylistctl.Redis
MANUALS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                       "filter-postgrey")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def knows_tls():
    """A Redis without it does not know the option."""
    if not Redis.program() or not shutil.which("openssl"):
        return False
    done = subprocess.run(["redis-server", "--tls-port", "x"],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=20)
    return b"Bad directive" not in done.stdout + done.stderr


def manual_user():
    """The user of the manual, as it is printed there, in one line."""
    with open(os.path.join(MANUALS, "filter-postgrey.8")) as f:
        return " ".join(re.search(r"^user pg on .*?(?=^\.Ed)", f.read(),
                                  re.M | re.S).group().split())


class Secured:
    """Mixed in: where the store is."""

    def openssl(self, *args):
        subprocess.run(["openssl", *args], cwd=self.dir, check=True,
                       stdin=subprocess.DEVNULL, capture_output=True,
                       timeout=20)

    def begin(self):
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                     "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key",
                     "-out", "cert", "-subj", "/CN=redis", "-days", "2",
                     "-addext", "subjectAltName=DNS:localhost")
        user = manual_user()
        self.assertIn(" >password ", user)
        self.write("users", "user default on nopass ~* &* +@all\n%s\n%s\n" % (
            user, user.replace("user pg", "user ctl") + " +scan +hgetall"))
        self.write("secret", "password\n")
        self.port = free_port()
        self.redis = Redis(self.path("redis"), "--tls-port", str(self.port),
                           "--tls-cert-file", self.path("cert"),
                           "--tls-key-file", self.path("key"),
                           "--tls-ca-cert-file", self.path("cert"),
                           "--tls-auth-clients", "no",
                           "--aclfile", self.path("users"))
        self.addCleanup(self.redis.close)

    def options(self, user):
        return ("-o", "redis=rediss:localhost:%d" % self.port,
                "-o", "redis-ca-file=" + self.path("cert"),
                "-o", "redis-user=" + user, "-o", "redis-db=1",
                "-o", "redis-password-file=" + self.path("secret"))

    def store(self):
        return self.options("ctl")


@unittest.skipUnless(knows_tls(), "there is no Redis with TLS")
class Commands(Secured, test_greylistctl.Commands):
    """All of the tests of the commands."""

    def setUp(self):
        super(test_greylistctl.Commands, self).setUp()
        self.begin()
        self.ctl("add", "white", "192.0.2.1", "1h")

    def test_the_filter_s_options(self):
        self.write("conf", "redis rediss://localhost:%d\nredis-db 1\n"
                   "redis-ca-file %s\n" % (self.port, self.path("cert")))
        self.assertIn("configuration OK", self.ctl("-n", store=("-f", "conf")))
        self.assertIn("192.0.2.1", self.ctl("list", store=("-f", "conf")))

    def test_who_is_not_let_in_is_told(self):
        self.ctl("list", store=self.options("pg"), status=1)
        self.assertIn("NOPERM", self.said)
        self.ctl("list", store=("-o", "redis=localhost:%d" % self.port),
                 status=1)
        self.ctl("-n", store=("-o", "redis=rediss:localhost:%d" % self.port),
                 status=1)
        self.assertIn("certificate verify failed", self.said)


@unittest.skipUnless(knows_tls(), "there is no Redis with TLS")
class Running(Secured, test_greylistctl.Running):
    """A filter that runs, in its sandbox."""

    def setUp(self):
        super(test_greylistctl.Running, self).setUp()
        self.begin()
        self.write("traps", "old@example.org\n")
        self.start(*self.options("pg"), "-o", "trap-file=" +
                   self.path("traps"))

    def test_an_import_while_mails_come(self):
        """That is a matter of files."""

    def test_checks_itself(self):
        done = subprocess.run(
            [os.path.abspath(os.path.join(tools.BUILD, "filter-postgrey",
                                          "filter-postgrey")), "-n",
             "-o", "db=" + self.path("grey.db"), *self.options("pg")],
            capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
