# SPDX-License-Identifier: ISC
"""usage: ways.py proxies|filters MAILS, inside the sandbox: see whole.

One mail server, either way; mail comes in and goes out, and the last line is
what that took, as JSON.  A mail that is missing, not scored or not signed is an
error.
"""

import glob
import json
import os
import re
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "smtpd")]

import harness  # noqa: E402
import spam  # noqa: E402
from assassin import Spamd  # noqa: E402
from client import Client, Sink, wire  # noqa: E402
from harness import RUN, check, wait  # noqa: E402
from signed import install  # noqa: E402

SESSIONS = 4
ALONE = 7
MX, SUBMISSION, NEXT = 2525, 2587, 2600
ALICE, ELSEWHERE = "alice@example.org", "ann@elsewhere.example"
ACTIONS = """
action "maildir" maildir "%s/Maildir" junk
action "out" relay host smtp://127.0.0.1:2600
"""
PROXIES = """
listen on 127.0.0.1 port 2525
listen on 127.0.0.1 port 2587
listen on 127.0.0.1 port 10026 tag SCORED
listen on 127.0.0.1 port 10028 tag DKIM
action "score" relay host smtp://127.0.0.1:20025
action "sign" relay host smtp://127.0.0.1:10027
match tag SCORED from any for domain "example.org" action "maildir"
match tag DKIM from any for any action "out"
match from any for domain "example.org" action "score"
match from local for any action "sign"
"""
FILTERS = """
listen on 127.0.0.1 port 2525 filter { "pause", "grey", "score" }
listen on 127.0.0.1 port 2587 filter "sign"
match from any for domain "example.org" action "maildir"
match from local for any action "out"
"""


class Arrivals(list):
    """Mails at the next server, each with its time."""

    def append(self, message):
        super().append((time.time(), message[1]))


def start_proxies(t, key):
    spampd = spam.Spampd(make(t, "spampd"), relay=10026)
    t.cleanup.append(spampd.close)
    signer = subprocess.Popen([os.path.join(HERE, "signproxy"), "10027",
                               "10028", key, "example.org", "rsa", "2"],
                              start_new_session=True)
    t.cleanup.append(lambda: os.killpg(signer.pid, 9))
    t.start(ACTIONS % os.path.join(RUN, "home/alice") + PROXIES,
            deliver=False)
    spampd.wait()


def start_filters(t, key):
    spamd = Spamd(make(t, "spamd"))
    t.cleanup.append(spamd.close)
    db = make(t, "db")
    os.chown(db, 990, 990)
    t.start(t.filter("pause", "filter-pause -s 0") +
            t.filter("grey", "filter-postgrey -o delay=1 -o db=%s/grey.db" %
                     db) +
            t.filter("score", "filter-spamassassin -o server=" +
                     spamd.server) +
            t.filter("sign", "filter-dkimsign -d example.org -s rsa "
                     "-c relaxed/relaxed -k " + key) +
            ACTIONS % os.path.join(RUN, "home/alice") + FILTERS,
            deliver=False)


def make(t, name):
    path = os.path.join(t.dir, name)
    os.makedirs(path)
    os.chmod(path, 0o755)
    return path


def others():
    """All processes but this one."""
    return [int(path[6:]) for path in glob.glob("/proc/[0-9]*")
            if int(path[6:]) != os.getpid()]


def ticks():
    """Processor time of all others, those that have ended too, in seconds."""
    total = 0
    for pid in others():
        stat = harness.read("/proc/%d/stat" % pid).rpartition(b")")[2].split()
        total += sum(int(n) for n in stat[11:15])
    return total / os.sysconf("SC_CLK_TCK")


def memory(pids):
    """MB, each shared page once."""
    return sum(int(kb) for pid in pids for kb in re.findall(
        rb"^Pss:\s+(\d+)", harness.read("/proc/%d/smaps_rollup" % pid),
        re.M)) / 1024


def assassins():
    """Of spamd or of spampd; what it is called says so, or how it began."""
    return [pid for pid in others() for argv in
            [harness.read("/proc/%d/cmdline" % pid)]
            if re.search(rb"spamp?d\b", argv) and b"filter-" not in argv]


def listening():
    """TCP ports, but for that of the next server."""
    return len({line.split()[1] for name in ("tcp", "tcp6") for line in
                open("/proc/net/" + name) if line.split()[3] == "0A"}) - 1


def message(name):
    return spam.MAIL.replace("Subject: ", "Subject: [%s] " % name).replace(
        "joe@example.com", "joe@example.org" if name[0] == "o" else
        "joe@example.com").encode()


class Sender(threading.Thread):
    """One session, one mail after the other: when each began, and how long
    its answer took."""

    total = 0

    def __init__(self, kind, n, mails):
        super().__init__(daemon=True)
        self.kind, self.n, self.mails = kind, n, mails
        self.began, self.took, self.error = {}, [], None
        Sender.total += mails
        self.start()

    def run(self):
        try:
            self.session()
        except Exception as error:
            self.error = error

    def session(self):
        incoming = self.kind == "i"
        client = Client(MX if incoming else SUBMISSION,
                        "203.0.113.%d" % (10 + self.n) if incoming else
                        "127.0.0.1")
        client.hello()
        for number in range(self.mails):
            name = "%s%d.%d" % (self.kind, self.n, number)
            data = wire(message(name))
            self.began[name], began = time.time(), time.monotonic()
            reply = client.envelope("joe%d@example.com" % self.n,
                                    [ALICE if incoming else ELSEWHERE])
            check(reply[0] == 354, "reply to DATA: %s", reply)
            client.raw(data)
            reply = client.reply()
            check(reply[0] == 250, "reply: %s", reply)
            self.took.append(time.monotonic() - began)
        client.quit()


def inbox():
    return glob.glob(RUN + "/home/alice/Maildir/new/*")


def arrived(sink):
    """{name: when} of all mails that are where they should be."""
    there = {}
    for path in inbox():
        text = harness.read(path)
        check(b"\nX-Spam-Status: No, score=" in text, "not scored: %s",
              text[:500])
        there[name_of(text)] = os.stat(path).st_ctime
    for when, text in sink.messages:
        check(b"DKIM-Signature: v=1; a=rsa-sha256" in text,
              "not signed: %s", text[:500])
        there[name_of(text)] = when
    return there


def name_of(text):
    return re.search(rb"^Subject: \[(\S+)\]", text, re.M).group(1).decode()


def sent(kind, mails, sessions, sink):
    """({name: when it began}, {name: when it was there}, seconds to 250)."""
    clear(sink)
    senders = [Sender(kind, n, mails // sessions) for n in range(sessions)]
    began, took = {}, []
    for sender in senders:
        sender.join(300)
        check(not sender.error, "%s", sender.error)
        began.update(sender.began)
        took += sender.took
    wait(lambda: len(inbox()) + len(sink.messages) >= len(began), "all mails",
         300)
    return began, arrived(sink), took


def load(kind, mails, sink):
    """{rate, cpu, accept, accept95} with as much as it takes."""
    before = ticks()
    began, there, took = sent(kind, mails, SESSIONS, sink)
    return {"rate": len(began) / (max(there.values()) - min(began.values())),
            "cpu": 1000 * (ticks() - before) / len(began),
            "accept": rank(took, 50), "accept95": rank(took, 95)}


def one_by_one(kind, sink):
    """{there}, nothing else being done."""
    ways = []
    for _ in range(ALONE):
        began, there, _ = sent(kind, 1, 1, sink)
        ways += [there[name] - when for name, when in began.items()]
    return {"there": rank(ways, 50)}


def rank(seconds, percent):
    """In milliseconds."""
    return 1000 * sorted(seconds)[len(seconds) * percent // 100]


def greet(t, way):
    """Who comes for the first time has to wait: not part of what is measured,
    as it is the same for everybody who does so."""
    if way == "filters":
        for n in range(SESSIONS):
            client = Client(MX, "203.0.113.%d" % (10 + n))
            client.hello()
            check(client.envelope("joe%d@example.com" % n, [ALICE])[0] == 451,
                  "nobody was greylisted")
            client.quit()
        time.sleep(1.1)


def main():
    way, mails = sys.argv[1], int(sys.argv[2])
    os.makedirs(os.path.join(RUN, "bin"), exist_ok=True)
    t = harness.Test(way)
    sink = Sink(NEXT)
    sink.messages = Arrivals()
    key = install("rsa", os.path.join(RUN, "keys", "rsa.pem"))
    try:
        {"proxies": start_proxies, "filters": start_filters}[way](t, key)
        greet(t, way)
        figures = {}
        for kind, name in ("i", "in"), ("o", "out"):
            sent(kind, 2 * SESSIONS, SESSIONS, sink)    # for the caches
            for what, value in (*one_by_one(kind, sink).items(),
                                *load(kind, mails, sink).items()):
                figures[name + "_" + what] = value
        figures["queued"] = t.server.log().count("smtp message msgid=") / \
            Sender.total
        pids, scanners = others(), assassins()
        figures["memory"] = memory(pids)
        figures["memory_else"] = memory(set(pids) - set(scanners))
        figures["processes"] = len(pids)
        figures["ports"] = listening()
        t.server.healthy()
    finally:
        t.close()
    print(json.dumps(figures))


def clear(sink):
    """What arrived was counted."""
    for path in inbox():
        os.unlink(path)
    sink.messages.clear()


main()
