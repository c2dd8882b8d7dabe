# SPDX-License-Identifier: ISC
"""greylistctl: on a file and on servers, while the real postgrey's databases
come in and a running filter looks."""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import unittest

import tools

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "smtpd"))

from greyservers import Postgrey, Redis

QUESTION = """request=smtpd_access_policy
protocol_state=RCPT
client_address=%s
client_name=mx.example.net
sender=%s
recipient=%s
instance=test.%d

"""


def rows(text):
    """Each line is an object by itself, and by Python's reading."""
    return [json.loads(line) for line in text.splitlines()]


class Greylistctl(tools.Tools):
    def store(self):
        return "-o", "db=grey.db"

    def ctl(self, *args, stdin="", status=0, store=None):
        """What it says on stdout; stderr is kept."""
        done = subprocess.run(
            [os.path.abspath(os.path.join(tools.BUILD, "filter-postgrey",
                                          "greylistctl")),
             *(self.store() if store is None else store), *args],
            cwd=self.dir, input=stdin.encode("utf-8", "surrogateescape"),
            capture_output=True, timeout=60)
        self.said = done.stderr.decode()
        self.assertEqual(done.returncode, status, self.said)
        return done.stdout.decode("utf-8", "surrogateescape")

    def sql(self, text):
        with contextlib.closing(sqlite3.connect(self.path("grey.db"),
                                                timeout=30)) as db:
            got = db.execute(text).fetchall()
            db.commit()
            return got

    def take(self, what, lines, *args, status=0):
        return self.ctl(*args, "import", what,
                        stdin="".join(line + "\n" for line in lines),
                        status=status)


class Commands(Greylistctl):
    def setUp(self):
        super().setUp()
        self.ctl("add", "white", "192.0.2.1", "1h")

    def one(self, who):
        got = rows(self.ctl("-j", "get", who))
        self.assertEqual(len(got), 1)
        return got[0]

    def test_add_white(self):
        row = self.one("192.0.2.1")
        self.assertEqual(row["state"], "white")
        self.assertAlmostEqual(row["white_until"], time.time() + 3600,
                               delta=30)
        self.ctl("add", "white", "IPv6:2001:DB8:0::1")
        row = self.one("2001:db8::1")
        self.assertAlmostEqual(row["white_until"], time.time() + 35 * 86400,
                               delta=30)

    def test_trap_wins_and_white_ends_it(self):
        self.ctl("add", "trap", "192.0.2.1")
        row = self.one("192.0.2.1")
        self.assertEqual(row["state"], "trap")
        self.assertAlmostEqual(row["trap_until"], time.time() + 86400,
                               delta=30)
        self.assertGreater(row["white_until"], time.time())
        self.ctl("add", "white", "192.0.2.1")
        self.assertEqual(self.one("192.0.2.1")["state"], "white")

    def test_delete(self):
        self.ctl("add", "trap", "192.0.2.1")
        self.ctl("delete", "trap", "192.0.2.1")
        self.assertEqual(self.one("192.0.2.1")["state"], "white")
        self.ctl("delete", "trap", "192.0.2.1", status=2)
        self.ctl("delete", "white", "192.0.2.1")
        self.assertEqual(self.one("192.0.2.1")["state"], "seen")
        self.ctl("delete", "client", "192.0.2.1")
        self.ctl("delete", "client", "192.0.2.1", status=2)
        self.ctl("get", "192.0.2.1", status=2)

    def test_partner(self):
        self.ctl("add", "partner", "Joe@Example.NET")
        self.ctl("add", "partner", "@example.org", "2d")
        self.assertEqual({r["key"] for r in
                          rows(self.ctl("-j", "list", "partner"))},
                         {"@example.org", "joe@example.net"})
        self.assertEqual(self.one("joe@example.net")["state"], "partner")
        self.assertEqual(self.one("x@example.org")["key"], "@example.org")
        self.ctl("delete", "partner", "joe@example.net")
        self.ctl("get", "joe@example.net", status=2)

    def test_list_classes_and_patterns(self):
        now = int(time.time())
        self.take("json", [json.dumps(r) for r in (
            {"kind": "tuple", "key": "192.0.2.0/joe@example.net/a@b.org",
             "first": now, "last": now, "blocked": 1},
            {"kind": "tuple", "key": "198.51.100.0/ann@example.com/a@b.org",
             "first": now - 900, "last": now, "blocked": 2, "passed": 1},
            {"kind": "client", "key": "198.51.100.9", "first": now,
             "last": now, "passed": 5, "counted": now})])

        def keys(*args):
            return sorted(r["key"] for r in
                          rows(self.ctl("-j", "list", *args)))
        self.assertEqual(keys("grey"), ["192.0.2.0/joe@example.net/a@b.org"])
        self.assertEqual(keys("pass"),
                         ["198.51.100.0/ann@example.com/a@b.org"])
        self.assertEqual(keys("white"), ["192.0.2.1", "198.51.100.9"])
        self.assertEqual(keys("trap"), [])
        self.assertEqual(len(keys()), 4)
        self.assertEqual(keys("EXAMPLE.com"), keys("pass"))
        self.assertEqual(keys("198.51.*"), [*keys("pass"), "198.51.100.9"])
        self.assertEqual(keys("white", "198.51.100.?"), ["198.51.100.9"])
        stat = json.loads(self.ctl("-j", "stat"))
        self.assertEqual(stat, {"grey": 1, "pass": 1, "white": 1, "known": 1,
                                "trap": 0, "partner": 0, "seen": 0, "over": 0})
        self.assertIn("known    1\n", self.ctl("stat"))
        got = rows(self.ctl("-j", "get", "198.51.100.9"))
        self.assertEqual([r["state"] for r in got], ["known", "pass"])
        got = rows(self.ctl("-j", "get", "Ann+x@example.com"))
        self.assertEqual([r["state"] for r in got], ["pass"])
        got = rows(self.ctl("-j", "get", "a@b.org"))
        self.assertEqual(len(got), 2)
        self.ctl("delete", "tuple", keys("grey")[0])
        self.assertEqual(keys("grey"), [])

    def test_the_table_has_columns(self):
        lines = self.ctl("list").splitlines()
        self.assertEqual(lines[0].split(), ["STATE", "FIRST", "LAST", "LEFT",
                                            "DEFER", "PASS", "WHO"])
        self.assertEqual(lines[1].split()[0], "white")
        self.assertEqual(lines[1].index("192.0.2.1"), lines[0].index("WHO"))

    def test_mistakes(self):
        for args in (["list", "a", "b", "c"], [], ["nonsense"], ["get"],
                     ["get", "mx"], ["add", "white"], ["add", "white", "mx"],
                     ["add", "grey", "192.0.2.1"], ["delete", "trap", "x"],
                     ["add", "trap", "192.0.2.1", "0"],
                     ["add", "trap", "192.0.2.1", "soon"],
                     ["add", "partner", "nobody"], ["import", "other"],
                     ["-o", "nonsense=1", "stat"]):
            with self.subTest(args):
                self.ctl(*args, status=1)
                self.assertNotEqual(self.said, "")
        self.ctl("stat", store=("-o", "db=missing.db"), status=1)
        self.assertFalse(os.path.exists(self.path("missing.db")))
        self.write("text", "nothing of a database, but long enough\n" * 99)
        self.ctl("stat", store=("-o", "db=text"), status=1)

    def test_what_is_too_long_is_refused(self):
        long = "a" * 1500 + "@example.org"
        for args in (["get", long], ["add", "partner", long],
                     ["delete", "tuple", long]):
            self.ctl(*args, status=1)
            self.assertIn("too long: ", self.said)

    def test_the_filter_checks_its_file(self):
        """With -n; an empty file becomes a database when it starts."""
        for text, status in (None, 0), ("", 0), ("garbage\n" * 1000, 1):
            if text is not None:
                self.write("db", text)
            done = subprocess.run(
                [os.path.abspath(os.path.join(
                    tools.BUILD, "filter-postgrey", "filter-postgrey")),
                 "-n", "-o", "db=" + self.path("db")], capture_output=True)
            self.assertEqual(done.returncode, status, done.stderr)

    def test_the_filter_s_options(self):
        """What is of no use here is passed over, a mistake is none the less."""
        self.write("conf", "db %s\ndelay 1m\nmax-age 2d\n"
                   "client-whitelist /nonexistent\non-failure tempfail\n"
                   "exempt 192.0.2.0/24\nmetrics /nonexistent/file\n"
                   % self.path("grey.db"))
        self.assertIn("configuration OK", self.ctl("-n", store=("-f", "conf")))
        self.ctl("add", "white", "192.0.2.9", store=("-f", "conf"))
        self.assertAlmostEqual(self.one("192.0.2.9")["white_until"],
                               time.time() + 2 * 86400, delta=30)
        self.write("conf", "nonsense 1\n")
        self.ctl("stat", store=("-f", "conf"), status=1)
        self.write("conf", "server /run/postgrey.sock\n")
        self.ctl("stat", store=("-f", "conf"), status=1)

    def test_stdout_that_is_full(self):
        self.take("json", ['{"kind":"partner","key":"p%d@x","until":9999999999}'
                           % i for i in range(2000)])
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [os.path.abspath(os.path.join(
                    tools.BUILD, "filter-postgrey", "greylistctl")),
                 *self.store(), "export"], cwd=self.dir, stdout=full,
                stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"stdout", done.stderr)


class Imports(Greylistctl):
    GREY = "GREY|192.0.2.7|mx|<joe@example.net>|<a@b>|%d|%d|%d|3|0"

    def test_export_comes_back(self):
        now = time.time()
        self.take("json", [json.dumps(r) for r in (
            {"kind": "tuple", "key": "192.0.2.0/j\udcf6\u00e4\"\\\x01@x/a@b",
             "first": int(now), "last": round(now, 3), "blocked": 1},
            {"kind": "client", "key": "2001:db8::1", "first": 1, "last": now,
             "passed": 7, "counted": int(now), "trap_until": 9999999999.999},
            {"kind": "partner", "key": "@x", "until": 9999999999})])
        text = self.ctl("export")
        got = rows(text)
        self.assertEqual(got[0]["key"], "192.0.2.0/j\udcf6\u00e4\"\\\x01@x/a@b")
        self.assertEqual(got[1]["trap_until"], 9999999999.999)
        other = "-o", "db=other.db"
        self.ctl("import", "json", stdin=text, store=other)
        self.assertEqual(self.ctl("export", store=other), text)
        self.ctl("import", "json", stdin=text, store=other)
        self.assertEqual(self.ctl("export", store=other), text)

    def test_rows_are_joined(self):
        now = int(time.time())

        def client(**fields):
            return json.dumps(dict({"kind": "client", "key": "192.0.2.1"},
                                   **fields))
        self.take("json", [client(first=100, last=now - 9, passed=3,
                                  counted=now, white_until=now + 100)])
        self.take("json", [client(first=50, last=now - 10, passed=2,
                                  trap_until=now + 700),
                           client(first=70, last=now - 8, passed=1)])
        want = [{"kind": "client", "state": "trap", "key": "192.0.2.1",
                 "first": 50, "last": now - 8, "passed": 3, "counted": now,
                 "white_until": now + 100, "trap_until": now + 700}]
        self.assertEqual(rows(self.ctl("export")), want)
        self.take("json", [client(first=70, last=now - 20, passed=1)])
        self.assertEqual(rows(self.ctl("export")), want)

    def test_what_is_over_is_not_joined(self):
        now = int(time.time())

        def tuple_of(first):
            return json.dumps({"kind": "tuple", "key": "192.0.2.0/j@x/a@b",
                               "first": first, "last": first, "blocked": 1})
        self.take("json", [tuple_of(now - 999999)], "-o",
                  "retry-window=3650d")
        self.assertEqual(rows(self.ctl("export"))[0]["state"], "over")
        self.take("json", [tuple_of(now)])
        self.assertEqual(rows(self.ctl("export"))[0]["first"], now)

    def test_spamdb(self):
        now = int(time.time())
        traps = self.take("spamdb", [
            self.GREY % (now - 60, now, now + 9999),
            self.GREY % (now - 999999, now, now + 9999),    # over
            "WHITE|192.0.2.8|||%d|%d|%d|2|1" % (now - 99, now, now + 5000),
            "WHITE|192.0.2.18|||100|200|300|2|1",           # over
            "TRAPPED|192.0.2.9|%d" % (now + 600),
            "SPAMTRAP|<trap@example.org>"], "-o", "profile=spamd")
        self.assertEqual(traps, "trap@example.org\n")
        self.assertIn("imported 3 rows, 2 were over", self.said)
        got = {r["key"]: r for r in
               rows(self.ctl("-o", "profile=spamd", "export"))}
        self.assertEqual(
            {k: r["state"] for k, r in got.items()},
            {"192.0.2.7/mx/joe@example.net/a@b": "grey",
             "192.0.2.8": "white", "192.0.2.9": "trap"})
        self.assertEqual(got["192.0.2.8"]["white_until"], now + 5000)
        table = self.ctl("-o", "profile=spamd", "list", "grey")
        self.assertIn("192.0.2.7       helo=mx <joe@example.net> -> <a@b>",
                      table)

    def test_bad_lines_are_told_and_nothing_is_imported(self):
        now = int(time.time())
        good = self.GREY % (now, now, now)
        for what, lines, want in (
                ("spamdb", [good, "GREY|x", good, "TRAPPED|192.0.2.1|x"],
                 ["line 2: ", "line 4: ", "nothing was imported"]),
                ("json", ['{"kind":"partner","key":"@x","until":%d}'
                          % (now + 99), "{"], ["line 2: "]),
                ("postgrey", ["VERSION=3", "format=print", "type=btree",
                              "HEADER=END", " 192.0.2.1", " 1,%d" % now],
                 ["the end is missing"]),
                ("postgrey", ["hello"], ["line 1: "]),
                ("spamdb", ["x"] * 14, ["line 10: ", "and 4 more"]),
                ("spamdb", ["GREY|" + "x" * 70000], ["line 1: "])):
            with self.subTest(what):
                self.take(what, lines, status=1)
                for word in want:
                    self.assertIn(word, self.said)
                self.assertNotIn("line 11", self.said)
                self.assertEqual(self.ctl("export"), "")

    def test_many(self):
        """More than one batch, the running store's rows among them."""
        n = 30000
        self.take("json", ['{"kind":"client","key":"198.51.%d.%d","first":1,'
                           '"last":2,"white_until":9999999999}'
                           % (i // 256, i % 256) for i in range(n)])
        self.assertIn("imported %d rows" % n, self.said)
        self.assertEqual(json.loads(self.ctl("-j", "stat"))["white"], n)

    def test_more_than_waits_in_memory(self):
        """The writer of a slow disk has its time, and all is there."""
        n = 64000
        self.ctl("add", "white", "192.0.2.1")
        self.sql("CREATE TRIGGER slow AFTER INSERT ON partner BEGIN "
                 "SELECT sum(length(printf('%.*c', 20000, 'x'))); END")
        self.take("json", ['{"kind":"partner","key":"%01000d@x","until":'
                           '9999999999}' % i for i in range(n)])
        self.assertIn("imported %d rows" % n, self.said)
        self.assertEqual(self.sql("SELECT count(*) FROM partner"), [(n,)])

    def test_a_full_disk(self):
        self.ctl("add", "white", "192.0.2.1")
        self.assertEqual(len(rows(self.ctl("export"))), 1)
        text = "".join('{"kind":"partner","key":"%0500d@x","until":'
                       '9999999999}\n' % i for i in range(4000))
        done = subprocess.run(
            ["sh", "-c", "ulimit -f 1000; trap '' XFSZ; exec \"$@\"", "sh",
             os.path.abspath(os.path.join(tools.BUILD, "filter-postgrey",
                                          "greylistctl")),
             "-o", "db=grey.db", "import", "json"], cwd=self.dir, text=True,
            input=text, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("only 0 of 4000 rows", done.stderr)
        self.assertNotIn("imported", done.stderr)
        self.ctl("import", "json", stdin=text)
        self.assertEqual(len(rows(self.ctl("export"))), 4001)


class RealPostgrey(Greylistctl):
    """What it remembers is what we remember then."""

    MAILS = (("192.0.2.7", "Joe+news@Example.net", "alice@example.org"),
             ("192.0.2.7", "a/b@example.net", "Alice@example.org"),
             ("2001:db8::7", "bounce-12-3@example.net", "a/b@example.org"),
             ("192.0.2.8", "", "alice@example.org"),
             ("192.0.2.9", "j\u00f6\\e@example.net", "alice@example.org"))

    def setUp(self):
        super().setUp()
        os.chmod(self.dir, 0o755)
        if not Postgrey.program() or not shutil.which("db5.3_dump"):
            self.skipTest("there is no postgrey, or no db5.3_dump")

    def dump(self, *options, flags=("-p",)):
        daemon = Postgrey(self.path("postgrey"), "--auto-whitelist-clients=1",
                          *options, delay=1)
        self.addCleanup(daemon.close)
        for mail in self.MAILS:
            daemon.ask(QUESTION % (*mail, time.monotonic_ns()))
        time.sleep(2.1)
        for mail in self.MAILS[1:3]:
            self.assertIn("PREPEND", daemon.ask(
                QUESTION % (*mail, time.monotonic_ns())))
        daemon.stop()
        return "".join(subprocess.run(
            ["db5.3_dump", *flags, os.path.join(daemon.db, name)], check=True,
            capture_output=True, text=True).stdout
            for name in ("postgrey.db", "postgrey_clients.db"))

    def states(self, flags):
        self.ctl("-o", "delay=1", "import", "postgrey",
                 stdin=self.dump(flags=flags))
        got = rows(self.ctl("-o", "delay=1", "-o", "auto-whitelist=1",
                            "export"))
        for row in got:
            self.assertAlmostEqual(row["last"], time.time(), delta=60)
        return {r["key"]: r["state"] for r in got
                if "probe@" not in r["key"]}

    WANT = {"192.0.2.0/joe@example.net/alice@example.org": "grey",
            "192.0.2.0/a/b@example.net/alice@example.org": "pass",
            "2001:db8::/bounce-#-#@example.net/a/b@example.org": "pass",
            "192.0.2.0//alice@example.org": "grey",
            "192.0.2.0/j\u00f6\\e@example.net/alice@example.org": "grey",
            "192.0.2.7": "known", "2001:db8::7": "known"}

    def test_import(self):
        self.assertEqual(self.states(("-p",)), self.WANT)

    def test_import_of_hexadecimal(self):
        self.assertEqual(self.states(()), self.WANT)

    def test_privacy(self):
        self.ctl("import", "postgrey", stdin=self.dump("--privacy"))
        self.assertIn("imported 0 rows, 0 were over, 8 skipped: a hash",
                      self.said)
        self.assertEqual(self.ctl("export"), "")


class Running(Greylistctl):
    """A filter that runs has the same file."""

    def setUp(self):
        super().setUp()
        self.start()

    def start(self, *options):
        self.filter = subprocess.Popen(
            [os.path.abspath(os.path.join(tools.BUILD, "filter-postgrey",
                                          "filter-postgrey")),
             "-o", "db=" + self.path("grey.db"), *options],
            cwd=self.dir, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, bufsize=1)
        self.addCleanup(self.end)
        self.say("config|smtpd-version|7.8.0", "config|protocol|0.7",
                 "config|subsystem|smtp-in", "config|subsystem|smtp-out",
                 "config|ready")
        self.until("register|ready")
        self.sessions = 0

    def end(self):
        self.filter.stdin.close()
        try:
            self.filter.wait(5)
        finally:
            self.filter.kill()
            self.filter.wait()
            self.filter.stdout.close()

    def say(self, *lines):
        self.filter.stdin.write("".join(line + "\n" for line in lines))

    def until(self, want):
        for line in self.filter.stdout:
            if line.startswith(want):
                return line.strip()
        self.fail("the filter has ended")

    def rcpt(self, client, sender="joe@example.net",
             to="alice@example.org"):
        """Another session: what becomes of its recipient."""
        self.sessions += 1
        sid = "%016x" % self.sessions
        report = "report|0.7|1700000000.000000|smtp-in|"
        self.say(report + "link-connect|%s|mx.example.net|pass|%s:4000|"
                 "192.0.2.99:25" % (sid, client),
                 report + "link-identify|%s|EHLO|mx.example.net" % sid,
                 report + "tx-begin|%s|00000001" % sid,
                 report + "tx-mail|%s|00000001|ok|%s" % (sid, sender),
                 "filter|0.7|1700000000.000000|smtp-in|rcpt-to|%s|%s|%s"
                 % (sid, sid, to))
        answer = self.until("filter-result|%s|" % sid).split("|")[3]
        self.say(report + "link-disconnect|" + sid)
        return answer

    def becomes(self, want, client):
        """In a second: what the filter itself has just changed is written
        first, and then sees that another one was here."""
        end = time.monotonic() + 1
        while (got := self.rcpt(client)) != want and time.monotonic() < end:
            time.sleep(0.25)
        self.assertEqual(got, want)
        time.sleep(0.5)
        self.assertEqual(self.rcpt(client), want)

    def test_changes_count(self):
        self.becomes("reject", "192.0.2.1")
        self.ctl("add", "white", "192.0.2.1")
        self.becomes("proceed", "192.0.2.1")
        self.ctl("add", "trap", "192.0.2.1")
        self.becomes("reject", "192.0.2.1")
        self.ctl("delete", "client", "192.0.2.1")
        self.ctl("add", "partner", "@example.net")
        self.becomes("proceed", "192.0.2.1")
        self.assertEqual(self.rcpt("192.0.2.1", "joe@example.com"), "reject")

    def test_what_it_learned_is_seen(self):
        self.assertEqual(self.rcpt("192.0.2.1"), "reject")
        self.assertEqual(self.rcpt("2001:db8::1"), "reject")
        end = time.monotonic() + 10
        while time.monotonic() < end:
            got = [r["key"] for r in rows(self.ctl("-j", "list", "grey"))]
            if len(got) == 2:
                break
            time.sleep(0.1)
        self.assertEqual(sorted(got), [
            "192.0.2.0/joe@example.net/alice@example.org",
            "2001:db8::/joe@example.net/alice@example.org"])

    def test_an_import_while_mails_come(self):
        lines = ['{"kind":"client","key":"198.51.%d.%d","white_until":'
                 '9999999999}' % (i // 256, i % 256) for i in range(20000)]
        self.write("rows", "\n".join(lines))
        with open(self.path("rows")) as source:
            ctl = subprocess.Popen(
                [os.path.abspath(os.path.join(
                    tools.BUILD, "filter-postgrey", "greylistctl")),
                 *self.store(), "import", "json"], cwd=self.dir,
                stdin=source, stderr=subprocess.PIPE)
        mails = 0
        while ctl.poll() is None:
            mails += 1
            self.assertEqual(self.rcpt("203.0.113.1", "u%sx@example.net" %
                                       mails), "reject")
        ctl.stderr.close()
        self.assertEqual(ctl.returncode, 0)
        self.assertEqual(self.rcpt("198.51.78.0"), "proceed")
        self.end_well(20000, mails)

    def end_well(self, white, grey):
        self.filter.stdin.close()
        self.assertEqual(self.filter.wait(5), 0)
        stat = json.loads(self.ctl("-j", "stat"))
        self.assertEqual((stat["white"], stat["grey"]), (white, grey))


@unittest.skipUnless(Redis.program(), "there is no Redis")
class RunningOnRedis(Running):
    """A filter that asks servers, and has a file for when there is none."""

    TRAP = "trap@example.org"

    def setUp(self):
        super(Running, self).setUp()
        self.redis = Redis(self.path("redis"))
        self.addCleanup(self.redis.close)
        self.write("traps", self.TRAP + "\n")
        self.start("-o", "redis=" + self.redis.path, "-o",
                   "trap-file=" + self.path("traps"))

    def store(self):
        return "-o", "redis=" + self.redis.path

    def client(self, who):
        got = rows(self.ctl("-j", "get", who))
        return next(r for r in got if r["kind"] == "client")

    def sends_to(self, host):
        """A mail of ours goes out to it."""
        report = "report|0.7|1700000000.000000|smtp-out|"
        for event in ("link-connect|%s|mx.example.net|pass|192.0.2.99:4000|"
                      + host + ":25", "tx-begin|%s|00000002",
                      "tx-mail|%s|00000002|ok|alice@example.org",
                      "tx-rcpt|%s|00000002|ok|joe@example.net",
                      "tx-data|%s|00000002|ok", "tx-commit|%s|00000002|99",
                      "tx-reset|%s|00000002", "link-disconnect|%s"):
            self.say(report + event % "00000000000000ff")

    def learned(self, who, field):
        end = time.monotonic() + 5
        while not self.client(who).get(field) and time.monotonic() < end:
            time.sleep(0.05)
        return self.client(who)

    def test_what_was_taken_away_is_not_put_back(self):
        self.assertEqual(self.rcpt("192.0.2.1", to=self.TRAP), "reject")
        self.assertEqual(self.learned("192.0.2.1", "trap_until")["state"],
                         "trap")
        self.ctl("delete", "trap", "192.0.2.1")
        self.sends_to("192.0.2.1")
        self.assertEqual(self.learned("192.0.2.1", "white_until")["state"],
                         "white")
        self.ctl("delete", "white", "192.0.2.1")
        self.assertEqual(self.rcpt("192.0.2.1", "b@x", self.TRAP), "reject")
        row = self.learned("192.0.2.1", "trap_until")
        self.assertEqual(row["state"], "trap")
        self.assertFalse(row.get("white_until"))


@unittest.skipUnless(Redis.program(), "there is no Redis")
class OnRedis(Commands):
    """The same commands, the store on a server."""

    def setUp(self):
        self.redis = None
        super(Commands, self).setUp()
        self.redis = Redis(self.path("redis"))
        self.addCleanup(self.redis.close)
        self.ctl("add", "white", "192.0.2.1", "1h")

    def store(self):
        return "-o", "redis=" + self.redis.path

    def test_the_filter_s_options(self):
        self.write("conf", "redis %s\ndelay 1m\nmax-age 2d\n"
                   % self.redis.path)
        self.assertIn("configuration OK", self.ctl("-n", store=("-f", "conf")))
        self.assertIn("192.0.2.1", self.ctl("list", store=("-f", "conf")))
        self.redis.kill()
        self.ctl("-n", store=("-f", "conf"), status=1)

    def test_a_key_of_somebody_else_is_passed_over(self):
        self.redis.say("SET", "pg:c:192.0.2.7", "text")
        self.assertIn("192.0.2.1", self.ctl("list"))
        self.assertIn("not ours: \"192.0.2.7\": ", self.said)


if __name__ == "__main__":
    unittest.main()
