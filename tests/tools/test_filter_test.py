# SPDX-License-Identifier: ISC
"""filter-test: what it says of filters that are right, and of those of
tests/talk/wrong, each of which breaks one rule of smtpd's."""

import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

from tools import BUILD, Tools

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
WRONG = os.path.join(TOP, "tests", "talk", "wrong")
PYTHON = "/usr/bin/python3"

MAIL = """From: joe@example.com
To: alice@example.org
Subject: test
.dot: in the header

hello
.
..two
"""

# The rule of tests/talk/model.py, and ours.  None: it is a matter of taste,
# or happens where filter-test does not look.
RULES = {
    "accept": "decision", "add-line": None, "answer-cr": "carriage-return",
    "answer-late": "wrong-token",
    "answer-twice": "second-answer", "bad-reqid": "session-id",
    "bad-token": "token", "change-line": None, "close": "closed",
    "crash": "exit", "dot-cr": "no-dot", "dot-lost": None,
    "dot-unstuffed": None, "early-dot": "early-dot", "echo": None,
    "empty-early": "early-line", "empty-line": "kind", "exit": "exit",
    "junk-at-commit": "junk-at-commit", "line-after-dot": "line-after-dot",
    "line-before-data": "line-out-of-data", "log-crash": None,
    "long-line": "long-line", "long-line-open": "long-line",
    "lose-line": None, "never-ready": "never-ready",
    "no-answer": "no-answer", "no-directive": "decision-missing",
    "no-dot": "no-dot", "no-reqid": "session-id", "orphan": None,
    "partial-line": None, "refuse": None,
    "proceed-reason": "parameter-extra",
    "proceed-upper": "parameter-missing", "register-cr": "register-word",
    "register-event": "register-name", "register-out": "register-direction",
    "register-out-old": None, "register-star": "register-name",
    "register-upper": "register-direction", "register-wiz": "register-wiz",
    "register-word": "register-word", "reject-bare": "parameter-missing",
    "reply-250": "reply-text", "reply-multi": "reply-text",
    "reply-short": "reply-text", "report-answer": "decision",
    "report-line": "report-line", "result-in-data": "result-in-data",
    "rewrite-bare": "rewrite-form", "rewrite-data": "rewrite-phase",
    "second-dot": "line-after-dot", "stderr-open": "log-line",
    "stranger": "no-answer", "talk-early": "early-line",
    "token-stale": "wrong-token", "unknown-kind": "kind",
    "worker-died": None,
}
# Those that smtpd lives with.
NOTES = {
    "answer-nul": "nul", "auth": "register-auth", "dot-cr": "line-cr",
    "eof-ignored": "no-exit",
    "eof-sigpipe": "exit-status", "eof-status": "exit-status",
    "id-upper": "id-bytes", "log-bytes": "log-bytes",
    "long-parameter": "parameter-long", "register-late": "register-late",
    "register-twice": "register-twice", "reply-bytes": "reply-bytes",
    "reply-class": "reply-class", "stranger": "stranger",
    "token-wrong-reject": "token-ignored",
}

# A filter that wants the phases of its arguments, and in each does what is
# said behind the '='.
SCRIPTED = '''#!/usr/bin/python3
import sys
deeds = dict(a.split("=", 1) for a in sys.argv[1:])
for line in sys.stdin:
    part = line.rstrip("\\n").split("|")
    if part[:2] == ["config", "ready"]:
        for phase in deeds:
            print("register|filter|smtp-in|" + phase)
        print("register|report|smtp-in|*")
        print("register|ready", flush=True)
    elif part[0] == "filter":
        deed = deeds[part[4]]
        print("filter-result|%s|%s|%s" % (part[5], part[6], deed), flush=True)
    elif part[0] == "report":
        print("heard", "|".join(part[4:]), file=sys.stderr, flush=True)
'''

# In a phase it says a line on a descriptor, for ever, and no more than that;
# "child": it is right, but has a child that does.
BABBLER = '''#!/usr/bin/python3
import os, sys
where, fd, text = sys.argv[1:]
def babble(*ids):
    line = text % ids if "%s" in text else text
    with open(int(fd), "wb") as out:
        while True:
            out.write((line + "\\n").encode() * 1000)
for line in sys.stdin:
    part = line.rstrip("\\n").split("|")
    if part[:2] == ["config", "ready"]:
        if where == "config" or where == "child" and os.fork() == 0:
            babble()
        print("register|filter|smtp-in|" + where.replace("child", "commit"))
        print("register|ready", flush=True)
    elif part[0] == "filter" and where != "child":
        babble(*part[5:7])
    elif part[0] == "filter":
        print("filter-result|%s|%s|proceed" % (part[5], part[6]), flush=True)
'''


class FilterTest(Tools):
    def setUp(self):
        super().setUp()
        self.write("mail.eml", MAIL)
        self.write("scripted", SCRIPTED, 0o700)

    @staticmethod
    def find(name):
        return os.path.abspath(os.path.join(BUILD, "filter-test", name))

    @staticmethod
    def program(name):
        for where in name, "tests/filters":
            path = os.path.abspath(os.path.join(BUILD, where, name))
            if os.path.isfile(path):
                return path
        raise AssertionError("not built: " + name)

    def play(self, options, *command):
        """With --json; returns the exit status and the object."""
        r = self.tool("filter-test", "--json", *options, "mail.eml", "--",
                      *command)
        return r.returncode, json.loads(r.stdout)

    def scripted(self, options, *deeds):
        return self.play(options, "./scripted", *deeds)

    def answers(self, said, phase):
        return [s for s in said["dialogue"] if s.get("phase") == phase]

    def heard(self, said):
        return [s["log"][6:] for s in said["dialogue"]
                if s.get("log", "").startswith("heard ")]

    # -- the rules -----------------------------------------------------

    def test_each_wrong_filter_is_told_what_it_did(self):
        names = [n[:-3] for n in os.listdir(WRONG) if n.endswith(".py")]
        self.assertGreater(len(names), 60)

        def play(name):
            path = os.path.join(WRONG, name + ".py")
            return name, *self.play(["--timeout", "3"], PYTHON, path)
        with ThreadPoolExecutor(6) as pool:
            plays = list(pool.map(play, sorted(names)))
        for name, status, said in plays:
            with self.subTest(name):
                self.assertIn(name, RULES.keys() | NOTES.keys())
                self.assertEqual(said.get("rule"), RULES.get(name))
                if RULES.get(name):
                    self.assertEqual((status, said["outcome"]),
                                     (2, "broken"))
                    self.assertNotEqual(said["harm"], "smtpd lives with it")
                else:
                    self.assertIn(status, (0, 1))
                notes = {s["rule"] for s in said["dialogue"] if "note" in s}
                self.assertEqual(notes, {NOTES[name]} if name in NOTES
                                 else set())

    def test_old_releases_mind_other_things(self):
        wrong = os.path.join(WRONG, "register-out-old.py")
        status, said = self.play(["--protocol", "0.4"], PYTHON, wrong)
        self.assertEqual((status, said["rule"]), (2, "register-direction"))
        wrong = os.path.join(WRONG, "register-wiz.py")
        status, said = self.play(["--protocol", "0.6"], PYTHON, wrong)
        self.assertEqual((status, said["smtpd"]), (0, "6.8.0p2"))

    def test_half_a_line_is_noticed(self):
        self.write("half", "#!/bin/sh\necho 'register|ready'\n"
                   "printf 'filter-'\ncat > /dev/null\n", 0o700)
        status, said = self.play([], "./half")
        self.assertEqual((status, said["rule"], said["line"]),
                         (2, "partial-line", "filter-"))

    def test_a_program_that_is_not_there_is_one_that_ends(self):
        status, said = self.play([], "./none")
        self.assertEqual((status, said["rule"], said["line"]),
                         (2, "exit", "exit status 127"))
        self.assertIn("No such file", said["dialogue"][0]["log"])

    def test_our_rogue_can_not_break_it(self):
        """An author's worst, and the engine in between."""
        rogue = self.program("filter-rogue")
        for deed in ("twice.rcpt-to", "late.mail-from", "junk.commit",
                     "rewrite-lines.mail-from", "reject-250.rcpt-to",
                     "reject-lines.data", "exit.rcpt-to", "crash.mail-from",
                     "abort.data", "print.rcpt-to", "close.data",
                     "rewrite-big.rcpt-to", "silent.edits"):
            status, said = self.play(["--helo", deed, "--timeout", "20"],
                                     rogue, "-o", "deadline=1")
            with self.subTest(deed):
                self.assertIn(status, (0, 1), said)

    def babble(self, timeout, *command):
        """The exit status and the end of what is said: all may be long."""
        with open(self.path("out"), "w+b") as out:
            r = subprocess.run(
                [self.find("filter-test"), "--timeout", timeout, "mail.eml", "--",
                 "./babbler", *command], cwd=self.dir, stdout=out, timeout=60)
            out.seek(max(0, out.seek(0, os.SEEK_END) - 9000))
            return r.returncode, out.read().decode("ascii")

    def test_it_ends_if_the_filter_never_stops(self):
        self.write("babbler", BABBLER, 0o700)
        for phase, fd, line, status, why in (
                ("config", 1, "register|report|smtp-in|*", 2,
                 "(rule never-ready)"),
                ("config", 2, "text", 2, "(rule never-ready)"),
                ("commit", 1, "filter-result|1|1|proceed", 2,
                 "(rule no-answer)"),
                ("data-line", 2, "text", 2, "(rule no-dot)"),
                ("data-line", 1, "filter-dataline|%s|%s|x", 2,
                 "(rule no-end)"),
                ("child", 2, "text", 0, "accepted for 1 of 1")):
            with self.subTest(phase + " " + line):
                got, said = self.babble("30" if "no-end" in why else "1",
                                        phase, str(fd), line)
                self.assertEqual(got, status, said)
                self.assertIn(why, said)

    # -- the session ---------------------------------------------------

    def test_all_releases_and_our_filters(self):
        key = os.path.join(TOP, "tests", "dkim", "keys", "rsa.pem")
        os.chmod(self.dir, 0o755)
        for filter_, *args in (
                ("filter-echo",), ("filter-tag",),
                ("filter-pause", "-s", "0.1"),
                ("filter-postgrey", "-o", "db=" + self.path("db")),
                ("filter-spamassassin", "-o", "server=127.0.0.1:1",
                 "-o", "on-failure=accept", "-o", "tries=1",
                 "-o", "retry-delay=0"),
                ("filter-milter", "-s", "inet:1@127.0.0.1",
                 "-o", "on-failure=accept"),
                ("filter-dkimsign", "-d", "example.com", "-s", "x", "-k",
                 key)):
            for version in "0.4", "0.6", "0.7":
                status, said = self.play(["--protocol", version],
                                         self.program(filter_), *args)
                with self.subTest(filter_ + " " + version):
                    self.assertIn(status, (0, 1), said)
                    self.assertEqual([s for s in said["dialogue"]
                                      if "note" in s], [])
                    if filter_ == "filter-postgrey":
                        self.assertEqual((status, said["phase"]),
                                         (1, "rcpt-to"))
                        self.assertRegex(said["reply"], "^45")
                    else:
                        self.assertEqual(status, 0)

    def test_the_client_is_who_it_is_said_to_be(self):
        _, said = self.scripted(
            ["--client", "2001:db8::7", "--rdns", "none", "--helo", "h.test",
             "--from", "<a@x.test>", "--to", "b@y.test", "--to", "c@y.test",
             "--auth", "joe", "--tls"], "connect=proceed")
        heard = self.heard(said)
        for line in (
                "link-connect|5bf1c6e1a2b3c4d5|<unknown>|error|"
                "[2001:db8::7]:4711|[2001:db8::25]:587",
                "link-identify|5bf1c6e1a2b3c4d5|EHLO|h.test",
                "link-auth|5bf1c6e1a2b3c4d5|pass|joe",
                "tx-mail|5bf1c6e1a2b3c4d5|5bf1c6e1|ok|a@x.test",
                "tx-rcpt|5bf1c6e1a2b3c4d5|5bf1c6e1|ok|c@y.test",
                "link-disconnect|5bf1c6e1a2b3c4d5"):
            self.assertIn(line, heard)
        self.assertEqual((said["recipients"], said["accepted"]), (2, 2))
        self.assertEqual(len(self.answers(said, "ehlo")), 2)

    def test_old_releases_have_their_fields_in_other_orders(self):
        for version, auth, rcpt in (
                ("0.4", "joe|pass", "alice@example.org|ok"),
                ("0.6", "joe|pass", "ok|alice@example.org"),
                ("0.7", "pass|joe", "ok|alice@example.org")):
            command = ["./scripted", "quit=proceed"]
            _, said = self.play(["--protocol", version, "--auth", "joe",
                                 "--timeout", "1"], *command)
            heard = self.heard(said)
            self.assertIn("link-auth|5bf1c6e1a2b3c4d5|" + auth, heard)
            self.assertIn("tx-rcpt|5bf1c6e1a2b3c4d5|5bf1c6e1|" + rcpt, heard)

    def test_local_mail_comes_over_the_socket(self):
        _, said = self.scripted(["--client", "local"], "connect=proceed")
        self.assertEqual(self.answers(said, "connect")[0]["argument"],
                         "local")
        self.assertTrue(self.heard(said)[0].endswith(
            "|unix:/var/run/smtpd.sock|unix:/var/run/smtpd.sock"))

    def test_refusals(self):
        for deed, status, phase, reply in (
                ("connect=disconnect|554 Go", 1, "connect", "554 Go"),
                ("ehlo=reject|550 Bad", 1, "ehlo", "550 Bad"),
                ("mail-from=reject|451 4.7.1 Later", 1, "mail-from",
                 "451 4.7.1 Later"),
                ("rcpt-to=reject|450 Later", 1, "rcpt-to", "450 Later"),
                ("data=reject|421 Out", 1, "data", "421 Out"),
                ("commit=reject|550 Spam", 1, "commit", "550 Spam"),
                ("quit=reject|550 Stay", 0, "commit", None)):
            got, said = self.scripted([], deed)
            with self.subTest(deed):
                self.assertEqual((got, said["phase"], said.get("reply")),
                                 (status, phase, reply))
                quits = any("protocol-client" in line and "QUIT" in line
                            for line in self.heard(said))
                self.assertEqual(quits, "disconnect" not in deed and
                                 "421" not in deed)
                self.assertEqual(
                    "tx-rollback|5bf1c6e1a2b3c4d5|5bf1c6e1" in
                    self.heard(said), phase in ("rcpt-to", "data") or
                    (phase == "commit" and got == 1))

    def test_rewrite_and_junk(self):
        _, said = self.scripted([], "ehlo=rewrite|new.test")
        self.assertIn("link-identify|5bf1c6e1a2b3c4d5|EHLO|new.test",
                      self.heard(said))
        _, said = self.scripted([], "data=junk")
        self.assertTrue(said["junk"])

    # -- what is shown -------------------------------------------------

    def test_the_message_as_a_diff(self):
        _, said = self.play([], self.program("filter-tag"))
        message = said["message"]
        self.assertEqual([m["line"] for m in message if m["change"] == "+"],
                         ["X-Lines: 12"])
        self.assertNotIn("-", {m["change"] for m in message})
        kept = [m["line"] for m in message if m["change"] == " "]
        self.assertTrue(kept[0].startswith("Received: from mx.example.com"))
        self.assertEqual("\n".join(kept[4:]) + "\n", MAIL)
        _, said = self.scripted([], "quit=proceed")
        self.assertIsNone(said["message"])

    def test_words(self):
        r = self.tool("filter-test", "mail.eml", "--",
                      self.program("filter-tag"))
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        self.assertRegex(r.stdout, r"(?m)^register   data-line commit and ")
        self.assertRegex(r.stdout, r"(?m)^commit     proceed \([0-9.]+ ms\)")
        self.assertRegex(r.stdout, r"(?m)^connect    192.0.2.1: not asked$")
        self.assertRegex(r.stdout, r"(?m)^\+X-Lines: 12\n Received: from ")
        self.assertRegex(r.stdout, r"(?m)^@@ [0-9]+ lines as they were$")
        self.assertRegex(r.stdout,
                         r"(?m)^accepted for 1 of 1 recipients$")
        self.assertNotIn("\033", r.stdout)

    def test_what_a_filter_says_can_not_play_with_a_terminal(self):
        r = self.tool("filter-test", "mail.eml", "--", "./scripted",
                      "ehlo=reject|550 \033[31mred")
        self.assertEqual(r.returncode, 1)
        self.assertIn("refused at ehlo: 550 \\033[31mred", r.stdout)
        self.assertNotIn("\033", r.stdout)

    def test_colours_are_for_terminals(self):
        r = subprocess.run(
            ["script", "-qec", "%s mail.eml -- ./scripted 'ehlo=reject|550 x'"
             % self.find("filter-test"), "/dev/null"], cwd=self.dir,
            capture_output=True, text=True, timeout=60,
            stdin=subprocess.DEVNULL)
        self.assertIn("\033[31mreject 550 x\033[m", r.stdout)

    def test_raw_lines(self):
        r = self.tool("filter-test", "-v", "mail.eml", "--", "./scripted",
                      "ehlo=proceed")
        self.assertIn(">config|ready\n<register|filter|smtp-in|ehlo\n",
                      r.stdout)
        self.assertTrue(re.search(r">filter\|0\.7\|[0-9]+\.[0-9]{6}\|smtp-in"
                                  r"\|ehlo\|5bf1c6e1a2b3c4d5\|[0-9a-f]{16}\|"
                                  r"mx\.example\.com\n", r.stdout))

    # -- usage ---------------------------------------------------------

    def test_wrong_usage(self):
        for args, why in (
                ((), "usage: "), (("mail.eml",), "usage: "),
                (("mail.eml", "--"), "usage: "),
                (("--client", "x", "mail.eml", "--", "true"), "no address"),
                (("--protocol", "0.5", "mail.eml", "--", "true"),
                 "not 0.4"),
                (("--timeout", "0", "mail.eml", "--", "true"), "less than"),
                (("--to", "a\nb", "mail.eml", "--", "true"), "a line end"),
                (("none.eml", "--", "true"), "No such file")):
            r = self.tool("filter-test", *args)
            with self.subTest(args):
                self.assertEqual((r.returncode, r.stdout), (3, ""))
                self.assertIn(why, r.stderr)
        self.write("long.eml", "a\n" + "x" * 65534 + "\n")
        r = self.tool("filter-test", "long.eml", "--", "true")
        self.assertEqual(r.returncode, 3)
        self.assertIn("long.eml:2: longer than", r.stderr)

    def test_a_full_disk_is_no_verdict(self):
        self.write("mail.eml", "Subject: x\n\nx\n")
        with open("/dev/full", "w") as full:
            r = subprocess.run(
                [self.find("filter-test"), self.path("mail.eml"), "--",
                 "/bin/false"], stdout=full, stderr=subprocess.PIPE,
                text=True)
        self.assertEqual(r.returncode, 3)
        self.assertIn("stdout: ", r.stderr)

    def test_stdin(self):
        r = subprocess.run([self.find("filter-test"), "-", "--",
                            self.program("filter-tag")], input=MAIL,
                           capture_output=True, text=True, timeout=60)
        self.assertEqual(r.returncode, 0)
        self.assertIn("+X-Lines: 12", r.stdout)

    def test_nothing_is_left_behind(self):
        """A filter that hangs, its worker and all."""
        status, said = self.play(["--timeout", "0.5", "--helo", "stop.data"],
                                 self.program("filter-rogue"))
        self.assertEqual((status, said["rule"]), (2, "no-answer"))
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                where = os.readlink("/proc/%s/cwd" % pid)
            except OSError:
                continue
            self.assertNotEqual(where, self.dir, "pid " + pid)
