# SPDX-License-Identifier: ISC
"""filter-postgrey in the real smtpd: by its own store, and by the real
postgrey.  Clients come from documentation's networks; who is new gets a 4xx,
and passes when it comes again.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import threading
import time

import harness
import mail
from client import Client, Sink, send
from greyservers import Postgrey
from harness import Skip, check, equal, soon, wait
from test_delivery import CREDS, login, needs_tls

DELAY = 2
LISTEN = 'listen on 127.0.0.1 port 2525 filter "grey"\n'
LISTEN6 = 'listen on 2001:db8::25 port 2525 filter "grey"\n'
HOST, HOST6 = "198.51.100.31", "2001:db8::1:31"
STAMP = re.compile(
    rb"X-Greylist: delayed (\d+) seconds by (\S+) at mx\.example\.org; "
    rb"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d (?:[+-]\d{4}|\w+)\n\Z")


def database(t):
    """A directory that smtpd's unprivileged user may write."""
    where = os.path.join(t.dir, "db")
    if not os.path.isdir(where):
        os.mkdir(where)
        shutil.chown(where, "opensmtpd", "opensmtpd")
    return os.path.join(where, "grey.db")


def builtin(t, more="", name="grey"):
    return t.filter(name, "filter-postgrey -o db=%s -o delay=%d %s" %
                    (database(t), DELAY, more))


def postgrey(t, *options, **how):
    if not Postgrey.program():
        raise Skip("there is no postgrey")
    daemon = Postgrey(os.path.join(t.dir, how.pop("name", "postgrey")),
                      *options, **dict({"delay": DELAY}, **how))
    t.cleanup.append(daemon.close)
    return daemon


def policy(t, daemons, more=""):
    return t.filter("grey", "filter-postgrey " + " ".join(
        "-s " + d.server for d in daemons) + " " + more)


def listed(t, name, text):
    """A file that the filter may read."""
    path = os.path.join(t.dir, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def six():
    """Addresses of IPv6 for clients and servers."""
    for address in "2001:db8::25", HOST6, "2001:db8::1:32", "2001:db8:0:1::1":
        subprocess.run(["ip", "-6", "address", "replace", address + "/128",
                        "dev", "lo", "nodad"], check=True)


def rcpt(rcpt, sender="joe@example.com", src=HOST, helo="client.example",
         port=2525):
    """What a client is told at RCPT, and nothing is sent."""
    client = Client(port, src, "2001:db8::25" if ":" in src else "127.0.0.1")
    try:
        equal(client.hello(helo)[0], 250, "EHLO")
        equal(client.cmd("MAIL FROM:<%s>" % sender)[0], 250, "MAIL")
        return client.cmd("RCPT TO:<%s>" % rcpt)
    finally:
        client.close()


def deliver(t, to, sender="joe@example.com", src=HOST, port=2525):
    """A mail that is let in: the lines that filters put on top."""
    message = mail.plain("to " + to)
    dst = "2001:db8::25" if ":" in src else "127.0.0.1"
    equal(send(port, message, to, sender, src=src, dst=dst)[0], 250, "reply")
    top, _, rest = mail.split(t.mail_to(to))
    equal(rest, message, "what was delivered")
    return top


def stamped(top, by, least=DELAY):
    found = STAMP.match(top)
    check(found, "X-Greylist is not in %s", top)
    check(least <= int(found.group(1)) <= least + 5, "delayed %s seconds",
          found.group(1))
    check(found.group(2).startswith(by), "by %s", found.group(2))


def mailbox(src):
    """One for each client."""
    return "alice+%s@example.org" % src.replace(":", "-")


def first_and_retry(t, src, code, by):
    """As a mail server does: a 4xx, once more too early, and in."""
    to = mailbox(src)
    first = rcpt(to, src=src)
    equal(first[0], code, "first reply (%s)" % first[1])
    equal(rcpt(to, src=src)[0], code, "reply to an early retry")
    time.sleep(DELAY + 0.1)
    stamped(deliver(t, to, src=src), by)
    equal(rcpt(to, src=src)[0], 250, "third reply")
    equal(rcpt(to, "jim@example.com", src)[0], code, "reply to another sender")


def test_first_mail(t):
    t.start(builtin(t, "-o code=450") + LISTEN)
    first_and_retry(t, HOST, 450, b"filter-postgrey")
    log = t.server.log()
    check(re.search(r"src=198\.51\.100\.31 action=greylist reason=new "
                    r"wait=%d .*to=alice\+198" % DELAY, log), "first in log")
    check("action=greylist reason=early-retry" in log, "early in log")
    check(re.search(r"action=pass reason=triplet-found delay=[2-7] ", log),
          "retry in log")


def test_ipv6(t):
    six()
    t.start(builtin(t) + LISTEN6)
    first_and_retry(t, HOST6, 451, b"filter-postgrey")
    to = mailbox(HOST6)
    equal(rcpt(to, src="2001:db8::1:32")[0], 250, "reply, of the same /64")
    equal(rcpt(to, src="2001:db8:0:1::1")[0], 451, "reply, of another /64")


def test_postgrey(t):
    """The real one, by its socket: IPv4, IPv6, and its own words."""
    six()
    daemon = postgrey(t)
    t.start(policy(t, [daemon]) + LISTEN + LISTEN6)
    for src in HOST, HOST6:
        first_and_retry(t, src, 450, b"postgrey-")
    check("action=greylist, reason=new" in daemon.log(), "%s", daemon.log())


def test_postgrey_inet(t):
    """By TCP, and with one that hangs up after each answer."""
    daemon = postgrey(t, "--exim", port=10023)
    t.start(policy(t, [daemon]) + LISTEN)
    first_and_retry(t, HOST, 450, b"postgrey-")


CLIENTS = """\
# as postgrey reads them
198.51.100.7
203.0.113.64/28
192.0.2
mail.friend.example
/^host\\d+\\.pool\\.example$/
2001:db8::1:32
"""
RECIPIENTS = """\
postmaster@
alice+friend@example.org
/^alice\\+re\\d/
"""


def same(t, asked, port, other):
    """Both listeners say the same to everything."""
    bad = []
    for args in asked:
        codes = [rcpt(*args, port=p)[0] // 100 for p in (port, other)]
        if codes[0] != codes[1]:
            bad.append("%s: %d, not %d" % (args, codes[0], codes[1]))
    check(not bad, "%d differ: %s", len(bad), "\n".join(bad[:10]))


def both(t, more="", options=(), **how):
    """The same behind two ports: postgrey at 2525, built in at 2526."""
    six()
    daemon = postgrey(t, *options, **how)
    t.start(policy(t, [daemon]) + builtin(t, more, "own") + LISTEN +
            'listen on 127.0.0.1 port 2526 filter "own"\n' + LISTEN6 +
            'listen on 2001:db8::25 port 2526 filter "own"\n')


def test_whitelists(t):
    """The same files: the same as the real postgrey, and as it should be."""
    both(t, "-o client-whitelist=%s -o recipient-whitelist=%s" %
         (listed(t, "clients", CLIENTS), listed(t, "recipients", RECIPIENTS)),
         clients=CLIENTS, recipients=RECIPIENTS)
    joe, plain = "joe@example.com", "alice@example.org"
    for n, (passes, to, src) in enumerate((
            (1, plain, "198.51.100.7"), (0, plain, "198.51.100.8"),
            (1, plain, "203.0.113.79"), (0, plain, "203.0.113.80"),
            (1, plain, "192.0.2.200"), (1, plain, "203.0.113.9"),
            (1, plain, "2001:db8::1:32"), (0, plain, HOST6),
            (0, plain, HOST),
            (1, "alice+friend@example.org", HOST),
            (1, "alice+re7@example.org", HOST),
            (0, "alice+re@example.org", HOST))):
        asked = to, "%d%s" % (n, joe), src
        same(t, [asked], 2525, 2526)
        equal(rcpt(*asked, port=2526)[0], 250 if passes else 451,
              "reply to %s from %s" % (to, src))
    check("reason=client-whitelist" in t.server.log() and
          "reason=recipient-whitelist" in t.server.log(), "reasons in log")


def test_same_as_postgrey(t):
    """At random, mail after mail; also whom it comes to know."""
    both(t, "-o auto-whitelist=1 -o client-whitelist=%s" %
         listed(t, "clients", CLIENTS), clients=CLIENTS,
         options=["--auto-whitelist-clients=1"])
    rand = random.Random(5)
    senders = ("joe@example.com", "JOE@Example.com", "joe+x@example.com", "",
               "bounce-1234-alice=example.org@list.example",
               "bounce-99-alice=example.org@list.example",
               "prvs=jim/0123456789@example.com", "jim@example.com")
    clients = (HOST, "198.51.100.32", "203.0.113.8", "203.0.113.30",
               "203.0.113.70", "192.0.2.9")
    asked = [("alice+%d@example.org" % n, s, c) for n in range(2)
             for s in senders for c in clients]
    for turn in range(3):
        same(t, rand.sample(asked[:len(asked) // 2], 20), 2525, 2526)
        time.sleep(0 if turn == 0 else DELAY + 0.3)
    same(t, asked, 2525, 2526)


def test_chain(t):
    """pause and postgrey: held back first, then greylisted."""
    t.start(t.filter("pause", "filter-pause -s 1") + builtin(t) +
            'filter "both" chain { "pause", "grey" }\n'
            'listen on 127.0.0.1 port 2525 filter "both"\n')
    for code in 451, 250:
        start = time.monotonic()
        equal(send(2525, mail.plain(), "alice+1@example.org", src=HOST)[0],
              code, "reply")
        took = time.monotonic() - start
        check(took > 0.9, "the session took %.1f s", took)
        soon(took, 5, "the session")
        time.sleep(DELAY)
    stamped(mail.split(t.mail_to("alice+1@example.org"))[0],
            b"filter-postgrey")


def test_null_sender(t):
    """Who tests whether an address is there, by the null sender, is told."""
    t.start(builtin(t, "-o null-sender=data") + LISTEN)
    client = Client(2525, HOST)
    client.hello()
    equal(client.cmd("MAIL FROM:<>")[0], 250, "MAIL")
    equal(client.cmd("RCPT TO:<alice@example.org>")[0], 250, "RCPT")
    equal(client.cmd("DATA")[0], 451, "DATA")
    client.close()
    equal(rcpt("alice@example.org")[0], 451, "RCPT, with a sender")
    time.sleep(DELAY + 0.1)
    equal(deliver(t, "alice@example.org", "").count(b"X-Greylist"), 1, "stamps")


def test_at_data(t):
    """Unknown users are told so; the others decide together, at DATA."""
    t.start(builtin(t, "-o defer-at=data") + LISTEN)
    for code in 451, 354:
        client = Client(2525, HOST)
        client.hello()
        client.cmd("MAIL FROM:<joe@example.com>")
        equal(client.cmd("RCPT TO:<nobody@elsewhere.example>")[0], 550, "RCPT")
        for n in 1, 2:
            equal(client.cmd("RCPT TO:<alice+%d@example.org>" % n)[0], 250,
                  "RCPT")
        equal(client.cmd("DATA")[0], code, "DATA")
        client.close()
        time.sleep(DELAY + 0.1)


def test_auth(t):
    """Who says a password is not greylisted, on the same listener others."""
    needs_tls()
    t.start(t.certificate() + CREDS + builtin(t) +
            'listen on 127.0.0.1 port 2525 tls pki "mx.example.org" '
            'auth-optional <creds> filter "grey"\n')
    for auth, code in (True, 250), (False, 451):
        client = Client(2525, HOST)
        client.hello()
        equal(client.cmd("STARTTLS")[0], 220, "STARTTLS")
        client.starttls_now()
        client.hello()
        if auth:
            login(client)
        equal(client.send(mail.plain(), "alice+a@example.org")[0], code,
              "reply")
        client.quit()
    t.mail_to("alice+a@example.org")
    check("reason=exempt-auth" in t.server.log(), "no reason in the log")


def test_learn_auth(t):
    """Whom our users write to may answer at once."""
    needs_tls()
    t.start(t.certificate() + CREDS + builtin(t, "-o learn-auth=yes") +
            'listen on 127.0.0.1 port 2525 tls pki "mx.example.org" '
            'auth-optional <creds> filter "grey"\n'
            'action "out" relay host smtp://127.0.0.1:2600\n'
            'match auth from any for domain "elsewhere.example" action "out"\n')
    equal(rcpt("alice@example.org", "ann@elsewhere.example")[0], 451, "before")
    client = Client(2525, HOST)
    client.hello()
    client.cmd("STARTTLS")
    client.starttls_now()
    client.hello()
    login(client)
    equal(client.send(mail.plain(), "Ann@Elsewhere.example",
                      "alice@example.org")[0], 250, "outgoing")
    client.quit()
    time.sleep(0.3)
    equal(rcpt("alice@example.org", "ann@elsewhere.example",
               "203.0.113.30")[0], 250, "her answer")
    equal(rcpt("alice@example.org", "tom@elsewhere.example",
               "203.0.113.30")[0], 451, "another's")


def test_learn_out(t):
    """A host that took our mail, and whom it was for, may answer at once."""
    friend = "198.51.100.7"
    sink = Sink(2600, friend)
    t.cleanup.append(sink.close)
    t.start(builtin(t) + LISTEN + 'listen on 127.0.0.1 port 2500\n'
            'action "out" relay host smtp://198.51.100.7:2600 filter "grey"\n'
            'match from any for domain "elsewhere.example" action "out"\n')
    equal(rcpt("alice@example.org", "x@friend.example", friend)[0], 451,
          "the host, before")
    equal(rcpt("alice@example.org", "ann@elsewhere.example")[0], 451,
          "her, before")
    equal(send(2500, mail.plain(), "Ann@elsewhere.example",
               "alice@example.org")[0], 250, "outgoing")
    wait(lambda: sink.messages, "the mail at the relay")
    time.sleep(0.5)
    equal(rcpt("alice@example.org", "x@friend.example", friend)[0], 250,
          "the host, after")
    equal(rcpt("alice@example.org", "ann@elsewhere.example")[0], 250,
          "her answer, from anywhere")
    equal(rcpt("alice@example.org", "tom@elsewhere.example")[0], 451,
          "another's")
    check("reason=partner" in t.server.log() and
          "reason=client-white" in t.server.log(), "reasons in the log")


def test_traps(t):
    """Who writes to an address that is none is refused everything."""
    t.start(builtin(t, "-o trap-action=reject -o trap-file=" +
                    listed(t, "traps", "spamtrap@example.org\n")) + LISTEN)
    for to, src, code in ("spamtrap@example.org", HOST, 550), \
            ("alice@example.org", HOST, 550), \
            ("alice@example.org", "198.51.100.32", 451):
        equal(rcpt(to, src=src)[0], code, "reply to %s" % to)


def test_relist(t):
    """A list that changes is read again; a broken one changes nothing."""
    path = listed(t, "clients", "192.0.2.1\n")
    t.start(builtin(t, "-o client-whitelist=" + path) + LISTEN)
    equal(rcpt("alice@example.org")[0], 451, "before")
    for text, code in (HOST + "\n", 250), ("300.1.2.3/99\n", 250), \
            ("192.0.2.1\n", 451):
        with open(path + ".new", "w") as file:
            file.write(text)
        os.rename(path + ".new", path)
        os.kill(harness.guard_of("filter-postgrey"), signal.SIGHUP)
        time.sleep(0.5)
        equal(rcpt("alice@example.org", "n%s" % code)[0], code,
              "after " + text.strip())


def test_many(t):
    """100 sessions at once, twice: each mail that was let in is there."""
    t.start(builtin(t, "-o auto-whitelist=0") + LISTEN)
    replies = {}

    def session(n, turn):
        client = clients[n]
        client.hello()
        replies[n, turn] = client.send(mail.plain("%d" % n),
                                       "alice+%d@example.org" % n)[0]
        client.quit()
    for turn in 1, 2:
        # One by one: smtpd's queue of connections is short.
        clients = [Client(2525, HOST) for _ in range(100)]
        threads = [threading.Thread(target=session, args=(n, turn))
                   for n in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.sleep(DELAY + 0.1)
    equal([replies.get((n, turn)) for turn in (1, 2) for n in range(100)],
          [451] * 100 + [250] * 100, "replies")
    wait(lambda: len(t.mails()) == 100, "100 mails", 30)
    for got in t.mails():
        stamped(mail.split(got)[0], b"filter-postgrey")
