# SPDX-License-Identifier: ISC
"""What tests of the tools share: a directory each, and how to run a tool."""

import functools
import os
import re
import resource
import shutil
import subprocess
import tempfile
import unittest

BUILD = os.environ.get("BUILD", ".")
FETCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "smtpd",
                     "fetch")


def strings(record):
    """The strings of a record in a zone file, in one piece."""
    return "".join(re.findall(r'"([^"]*)"', record))


@functools.lru_cache
def watchers():
    """Where Debian's Prometheus and fail2ban are, or None."""
    r = subprocess.run([FETCH, "watchers"], stdout=subprocess.PIPE, text=True)
    return None if r.returncode else r.stdout.strip()


def watch(program, *args, **more):
    """Runs one of their programs, which are not installed."""
    root = watchers()
    return subprocess.run(
        [os.path.join(root, "usr/bin", program), *args], capture_output=True,
        text=True, env=dict(os.environ, PYTHONPATH=os.path.join(
            root, "usr/lib/python3/dist-packages")), **more)


class Tools(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="test-tools.")
        self.addCleanup(shutil.rmtree, self.dir)

    def path(self, name):
        return os.path.join(self.dir, name)

    def read(self, name):
        with open(self.path(name)) as f:
            return f.read()

    def write(self, name, text, mode=0o600):
        with open(self.path(name), "w") as f:
            f.write(text)
        os.chmod(self.path(name), mode)

    @staticmethod
    def find(name):
        return os.path.abspath(os.path.join(BUILD, "filter-dkimsign", name))

    def tool(self, name, *args, limit=None, timeout=60):
        """limit: no file may be longer than that."""
        def confine():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        return subprocess.run([self.find(name), *args], cwd=self.dir,
                              capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL,
                              preexec_fn=confine if limit else None)
