# SPDX-License-Identifier: ISC
"""doc/fail2ban: bans who was refused, by what the filters really log, and
nobody else, whatever a client says.  Python's re stands in for fail2ban where
that is not to be had."""

import configparser
import os
import re
import shutil
import socket
import subprocess
import sys
import time

from tools import BUILD, Tools, watch, watchers

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
CONF = os.path.join(TOP, "doc", "fail2ban", "opensmtpd-filters.conf")
TALK = os.path.join(TOP, "tests", "talk")
sys.path.insert(0, os.path.join(TOP, "tests", "lib"))
from running import Filter, prepare     # noqa: E402

# What <ADDR> stands for, as far as our filters write addresses.
ADDR = r"(?P<addr>(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]*)"

# Conversations of tests/talk, and whose lines have to match.
TALKS = {
    "postgrey/traps-reject.talk": {"192.0.2.1"},
    "spamassassin/reject.talk": {"192.0.2.1"},
    "spamassassin/bands.talk": {"192.0.2.1"},
    "spamassassin/dry-run.talk": set(),
    "postgrey/dry-run.talk": set(),
    "postgrey/training.talk": set(),
    "postgrey/policy-training.talk": set(),
    "postgrey/awl.talk": set(),
    "postgrey/triplet.talk": set(),
    "pause/waits.talk": set(),
    "pause/rules.talk": set(),
    "pause/log-safe.talk": set(),
}
ID = "5bf1c6e1a2b3c4d5"


def syslog(name, line):
    return "%s mx smtpd[4711]: %s: %s" % (
        time.strftime("%b %d %H:%M:%S"), name, line)


class Fail2ban(Tools):
    def setUp(self):
        super().setUp()
        conf = configparser.RawConfigParser()
        self.assertEqual(conf.read(CONF), [CONF])
        prefix = conf.get("Definition", "_prefix")
        self.rules, self.ignored = (
            [re.compile(line.replace("%(_prefix)s", prefix)
                        .replace("<ADDR>", ADDR))
             for line in conf.get("Definition", key).split("\n")]
            for key in ("failregex", "ignoreregex"))

    def matched(self, lines):
        """[(address, number of the regex)], by Python."""
        found = []
        for line in lines:
            text = line[15:]            # fail2ban takes the time out
            if any(r.search(text) for r in self.ignored):
                continue
            for i, regex in enumerate(self.rules):
                m = regex.search(text)
                if m:
                    found.append((m.group("addr"), i))
                    break
        return found

    def banned(self, lines):
        """Addresses, and how often; both judges have to agree."""
        addresses = [a for a, _ in self.matched(lines)]
        if watchers():
            self.write("log", "".join(line + "\n" for line in lines))
            r = watch("fail2ban-regex", "-o", "ip", self.path("log"), CONF,
                      check=True)
            self.assertEqual(sorted(r.stdout.split()), sorted(addresses))
        return addresses

    def talk(self, name):
        """What the filter logs in that conversation."""
        r = subprocess.run(
            [os.path.join(TALK, "talk.py"), "-v", "-r", "0.7", "-b",
             os.path.abspath(BUILD), os.path.join(TALK, name)],
            capture_output=True, text=True)
        self.assertEqual(r.returncode, 0, r.stdout)
        return [syslog(name.split("/")[0], line.split(" ! ", 1)[1])
                for line in r.stdout.split("\n") if " ! " in line]

    def test_what_conversations_leave_in_the_log(self):
        for name, want in TALKS.items():
            lines = self.talk(name)
            with self.subTest(name):
                self.assertTrue(any("action=" in line for line in lines))
                self.assertEqual(set(self.banned(lines)), want)

    def pause(self, early, name="pause"):
        """A real client of a real listener, early or not."""
        prepare(self.dir)
        filter_ = Filter(BUILD, name, self.dir)
        with socket.create_server(("127.0.0.1", 0)) as listener, \
                socket.create_connection(listener.getsockname()) as client, \
                listener.accept()[0]:
            if early:
                client.sendall(b"EHLO bot.example\r\n")
            ends = ["%s:%d" % s for s in (client.getsockname(),
                                          listener.getsockname())]
            for line in (
                    "report|0.7|1.000000|smtp-in|link-connect|%s|bot.example|"
                    "pass|%s|%s" % (ID, *ends),
                    "filter|0.7|1.000000|smtp-in|connect|%s|1122334455667788|"
                    "bot.example|127.0.0.1" % ID):
                filter_.sock.sendall(line.encode() + b"\n")
            answer = filter_.sock.recv(65536)
        filter_.close()
        return answer, [syslog("pause", line) for line in
                        filter_.logged().splitlines()]

    def test_a_bot_that_talks_early_and_a_server_that_waits(self):
        answer, lines = self.pause(True)
        self.assertIn(b"disconnect|", answer)
        self.assertEqual(self.banned(lines), ["127.0.0.1"], lines)
        shutil.rmtree(self.dir)
        os.mkdir(self.dir)
        answer, lines = self.pause(False)
        self.assertIn(b"proceed", answer)
        self.assertEqual(self.banned(lines), [])

    def test_each_regex_has_a_line(self):
        lines = [syslog("any-name", "%s src=%s %s" % (ID, src, rest))
                 for src, rest in (
            ("2001:db8::1", "action=pause seconds=5 early=talked,gone "
             "reason=default"),
            ("192.0.2.1", "action=log early=pipelining"),
            ("192.0.2.2", "action=block reason=block-list list=l helo=h "
             "from=- to=- rdns=-"),
            ("192.0.2.3", "action=reject reason=policy phase=rcpt word=550 "
             "code=550 text=\"No\""),
            ("192.0.2.4", "action=reject spam=yes score=17.3"),
            ("192.0.2.5", "action=reject milter=unix:/run/c.sock "
             "event=message code=550 text=\"5.7.1 Infected: Eicar\""))]
        self.assertEqual([i for _, i in self.matched(lines)],
                         list(range(len(self.rules))))
        self.assertEqual(len(self.banned(lines)), 6)
        for more in (" dry-run=yes", " training=yes",
                     " training=yes dry-run=yes"):
            self.assertEqual(self.banned([line + more for line in lines]), [])

    def test_nobody_is_banned_by_what_a_client_says(self):
        evil = "x: %s src=203.0.113.9 action=reject spam=yes " % ID
        lines = [
            # smtpd's own, which says what the client said.
            "Nov 22 03:00:00 mx smtpd[1]: %s smtp failed-command "
            'command="%s" result="500"' % (ID, evil),
            "Nov 22 03:00:00 mx smtpd[1]: %s smtp connected "
            "address=192.0.2.1 host=%s" % (ID, evil),
            "Nov 22 03:00:00 mx smtpd[1]: warn: %s" % evil,
            # Ours, where it is escaped; and those of other programs.
            syslog("pause", ID + " src=192.0.2.1 action=skip reason=good "
                   "helo=x:\\040src\\075203.0.113.9\\040action\\075reject"),
            syslog("pause", ID + " src=- action=log early=pipelining"),
            "Nov 22 03:00:00 mx other[1]: pause: %s src=192.0.2.1 "
            "action=reject spam=yes " % ID,
        ]
        self.assertEqual(self.banned(lines), [])
        # Nor saved by it.
        line = syslog("milter", ID + " src=192.0.2.5 action=reject "
                      'milter=m event=rcpt code=550 text="a training=yes"')
        self.assertEqual(self.banned([line]), ["192.0.2.5"])
