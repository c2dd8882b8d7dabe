# SPDX-License-Identifier: ISC
"""filter-dkimsign in the real smtpd: what arrives must verify there."""

import os
import re
import shutil
import subprocess
import threading

import harness
import mail
from client import Client, Sink, send
from harness import check, equal, soon, wait
from signed import Signer
from test_delivery import CREDS, login, needs_tls

import tricky       # of tests/dkim, found by signed
from judge import stays
from tricky import EITHER, SIGN

LISTEN = 'listen on 127.0.0.1 port 2525 filter "dkim"\n'
SOCKET = 'listen on socket filter "dkim"\n'
HOST = b"mx.example.org"
SLOW = 0.2              # seconds of CPU for any message


def start(t, more="", names=("rsa",), listen=LISTEN, **how):
    signer = Signer(t, names, more)
    t.start(signer.line + listen, **how)
    return signer


def test_plain(t):
    signer = start(t, "-c relaxed/relaxed", ("rsa", "ed25519"))
    message = mail.plain()
    equal(send(2525, message, "alice+1@example.org")[0], 250, "reply")
    got = t.mail_to("alice+1@example.org")
    signer.check(got)
    equal(mail.split(got)[2], message, "the rest")
    t.server.wait_log("action=sign")


def relay(t, signer, listen):
    sink = Sink(2600)
    t.cleanup.append(sink.close)
    t.start(signer.line + listen +
            'action "out" relay host smtp://127.0.0.1:2600\n'
            'match from any for any action "out"\n'
            'match auth from any for any action "out"\n', deliver=False)
    return sink


def arrived(sink, count):
    """What the next server gets, as it was before SMTP."""
    wait(lambda: len(sink.messages) == count, "%d mails" % count)
    return [b"\n".join(line[1:] if line.startswith(b".") else line
                       for line in wire.split(b"\r\n"))
            for _, wire in sink.messages]


def test_relay(t):
    """On the wire: CRLF, dots, 8 bits, long lines."""
    signer = Signer(t, ("rsa", "ed25519"))
    sink = relay(t, signer, LISTEN)
    bodies = [b".\n..\n. \nx\n.\n", b"gr\xc3\xbc\xc3\x9fe \xff\n", b"",
              b"a" * 1990 + b"\n", b"\n\n\n", b" \t\n\n"]
    for n, body in enumerate(bodies):
        equal(send(2525, mail.plain("wire %d" % n, body),
                   "x%d@elsewhere.example" % n)[0], 250, "reply")
    for n, got in enumerate(arrived(sink, len(bodies))):
        signer.check(got, "mail %d" % n)


def test_submission(t):
    """AUTH by TLS; of others, on the same listener, nothing is signed."""
    needs_tls()
    signer = Signer(t, ("rsa", "ed25519"), "-O -o sign=auth")
    sink = relay(t, signer, t.certificate() + CREDS +
                 'listen on 127.0.0.1 port 2587 tls pki "mx.example.org" '
                 'auth-optional <creds> filter "dkim"\n')
    for auth in True, False:
        client = Client(2587)
        client.hello()
        equal(client.cmd("STARTTLS")[0], 220, "STARTTLS")
        client.starttls_now()
        client.hello()
        if auth:
            login(client)
        equal(client.send(mail.plain("%s" % auth), "x@elsewhere.example",
                          "alice@example.org")[0], 250, "DATA")
        client.quit()
        got = arrived(sink, 1 if auth else 2)[-1]
        signer.check(got) if auth else signer.unsigned(got)


def sendmail(message, *args):
    path = os.path.join(harness.RUN, "sendmail")
    if not os.path.exists(path):
        shutil.copy(os.environ["SMTPCTL"], path)
        os.chown(path, 0, 991)
        os.chmod(path, 0o2555)
    subprocess.run([path, *args], input=message, check=True)


def test_cron(t):
    """Mail as cron sends it: no '@', no Date, no Message-ID."""
    signer = Signer(t, ("rsa", "ed25519"), "-O", ("example.org",))
    t.start(signer.line + SOCKET + 'table aliases { root = alice }\n'
            'action "r" maildir "%s/home/alice/Maildir" alias <aliases>\n'
            'match from any for local action "r"\n' % harness.RUN)
    sendmail(b"From: root (Cron Daemon)\nTo: root\n"
             b"Subject: Cron <root@mx> run-parts\n"
             b"Content-Type: text/plain; charset=UTF-8\n"
             b"X-Cron-Env: <SHELL=/bin/sh>\n\nout of disk\n",
             "-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root")
    got = wait(t.mails, "the mail")[0]
    for pattern in (rb"\nFrom: root@mx\.example\.org \(Cron Daemon\)\n",
                    rb"\nTo: root@mx\.example\.org\n", rb"\nDate: ",
                    rb"\nMessage-ID: <"):
        check(re.search(pattern, got, re.I), "no %s in %s", pattern, got)
    for found in signer.check(got):
        equal(found[b"d"], b"example.org", "d=")


def test_sendmail(t):
    """Bcc goes, and with it nothing of the signature."""
    signer = start(t, "", ("rsa",), SOCKET)
    sendmail(b"From: joe@example.com\nTo: alice@example.org\n"
             b"Bcc: hidden@example.net\nSubject: test\n\nhello\n",
             "-f", "joe@example.com", "alice@example.org")
    got = t.mail_to("alice@example.org")
    check(b"hidden" not in got, "Bcc is there")
    signer.check(got)


def test_obsolete(t):
    """ "Date :" is none to smtpd, which adds another."""
    signer = start(t, "-O")
    signer.others = []              # dkimpy refuses it
    equal(send(2525, b"Date : Sat, 21 Nov 2026 12:00:00 +0000\n"
               b"Message-ID\t: <1@example.com>\nFrom: joe@example.com\n"
               b"To: alice@example.org\n\nhello\n",
               "alice@example.org")[0], 250, "reply")
    got = t.mail_to("alice@example.org")
    check(b"\nDate: " in got, "smtpd did not add one")
    signer.check(got)


def test_bounce(t):
    """smtpd's own bounces go through the socket's filter."""
    signer = Signer(t, ("rsa", "ed25519"), "", ("mx.example.org",))
    t.start(signer.line + SOCKET + 'listen on 127.0.0.1 port 2525\n'
            'action "fails" mda "exit 70"\n'
            'match from any for rcpt-to "bob+fail@example.org" '
            'action "fails"\n')
    equal(send(2525, mail.plain("bounces"), "bob+fail@example.org",
               "alice+bounce@example.org")[0], 250, "reply")
    got = t.mail_to("alice+bounce@example.org")
    check(b"bob+fail@example.org" in got, "no bounce")
    signer.check(got, "the bounce")


def test_tricky(t):
    """All that tests/dkim makes, and what smtpd makes of it afterwards."""
    signer = Signer(t, ("ed25519",), "",
                    [d.decode() for d in tricky.DOMAINS])
    signer.others = []              # they see them in tests/dkim
    t.start(signer.line + t.filter("echo", "filter-echo") + LISTEN +
            'listen on 127.0.0.1 port 2500 filter "echo"\n')
    accepted, bad, count = {}, [], 0
    for n, (name, want, lines) in enumerate(tricky.everything()):
        if want == SIGN and not stays(lines, HOST):
            want = EITHER
        data = b"\n".join(lines) + b"\n"
        codes = [send(port, data, "alice+%d.%d@example.org" % (n, port))[0]
                 for port in (2500, 2525)]
        count += codes.count(250)
        if codes[0] != codes[1]:
            bad.append("%s: %s" % (name, codes))
        elif codes[0] == 250:
            accepted[n] = name, want, data
    check(len(accepted) > 100, "only %d were accepted", len(accepted))
    wait(lambda: len(t.mails()) == count, "all mails", 60)
    mails = {}
    for got in t.mails():
        key = re.search(rb"Delivered-To: alice\+(\d+)\.(\d+)@", got)
        mails[tuple(int(k) for k in key.groups())] = got
    for n, (name, want, data) in accepted.items():
        bad.append(verdict(signer, name, want, data, mails[n, 2500],
                           mails[n, 2525]))
    bad = [text for text in bad if text]
    check(not bad, "%d wrong:\n%s", len(bad), "\n".join(bad[:20]))


def verdict(signer, name, want, data, plain, got):
    """What is wrong with a mail that went through the filter, or None."""
    ours = bool(signer.own(got)[0])
    if want != EITHER and ours != (want == SIGN):
        return name + ": is %ssigned" % ("" if ours else "not ")
    if ours:
        try:
            signer.check(got, name)
        except harness.Failure as failure:
            return str(failure)
    plain, got = (mail.same(mail.split(m)[2], data) for m in (plain, got))
    return None if got == plain else \
        "%s: %s" % (name, mail.difference(got, plain))


def cpu():
    """Seconds that the filter has used so far, its guard too."""
    ticks = 0
    for pid, _ in harness.processes("filter-dkimsign"):
        stat = harness.read("/proc/%d/stat" % pid)
        ticks += sum(int(n) for n in stat.rsplit(b") ", 1)[1].split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def monsters():
    """(name, message, is it to be signed): what others fall over."""
    head = b"From: joe@example.com\nTo: alice@example.org\n"
    yield "route", b"From: <@r.example:joe@example.com>\n\nx\n", True
    yield "folded 1 MB", head + b"References: <a@b.example>\n" + \
        b"".join(b" <%058d@example.com>\n" % n for n in range(14000)) + \
        b"\nx\n", None
    yield "200,000 fields", head + b"X: y\n" * 200000 + b"\nx\n", None
    yield "400,000 comments", head.replace(
        b"From: ", b"From: " + (b"(" * 900 + b"\n ") * 445 +
        (b")" * 900 + b"\n ") * 445) + b"\nx\n", None
    yield "60,000 comments", head.replace(
        b"From: ", b"From: " + (b"(" * 900 + b"\n ") * 33 +
        (b")" * 900 + b"\n ") * 33) + b"\nx\n", True
    yield "50,000 To", head.replace(b"To: ", b"To: " + b"a,\n " * 12000) + \
        b"\nx\n", None
    yield "20,000 quotes", head.replace(
        b"From: ", b"From: " + b'"a" \n ' * 8000) + b"\nx\n", None
    yield "3000 byte lines", head + b"Subject: " + b"s" * 3000 + \
        b"\n\n" + (b"b" * 3000 + b"\n") * 1000, True
    yield "blanks", head + b"\n" + (b" \t" * 400 + b"\n") * 2000, True
    yield "empty lines", head + b"\n" + b"\n" * 200000, True


def test_monsters(t):
    """Signed or left alone, in no time, and smtpd lives."""
    face_monsters(t, "")


def test_monsters_signed(t):
    """The same without limits: it is linear in all of them."""
    face_monsters(t, "-o max-fields=1000000 -o max-header=64m")


def face_monsters(t, more):
    signer = start(t, "-c relaxed/relaxed " + more)
    equal(send(2525, mail.plain(), "alice+0@example.org")[0], 250, "reply")
    slowest = (0, "")
    for n, (name, message, want) in enumerate(monsters(), 1):
        before = cpu()
        rcpt = "alice+%d@example.org" % n
        code = send(2525, message, rcpt, timeout=60)[0]
        slowest = max(slowest, (cpu() - before, name))
        if code != 250:             # smtpd has limits of its own
            check(want is None, "%s: reply %d", name, code)
            continue
        got = t.mail_to(rcpt)
        if want or signer.own(got)[0]:
            signer.check(got, name)
    soon(slowest[0], SLOW, slowest[1])


def test_malformed(t):
    """on-malformed reject: the client is told, and may go on."""
    start(t, "-o on-malformed=reject")
    client = Client(2525)
    client.hello()
    for message, code in (b"Subject: no From\n\nx\n", 550), \
            (b"From: joe@example.com\n\na\rb\n", 550), \
            (mail.plain(), 250):
        equal(client.send(message, "alice@example.org")[0], code, "reply")
    client.quit()
    t.mail_to("alice@example.org")


def test_parallel(t):
    """Mails of many sessions, line by line in turns."""
    signer = start(t, "", ("rsa", "ed25519"))
    clients = [Client(2525) for _ in range(8)]
    messages = []
    for n, client in enumerate(clients):
        client.hello()
        equal(client.envelope("joe@example.com",
                              ["alice+%d@example.org" % n])[0], 354, "DATA")
        messages.append(mail.plain("%d" % n, b"".join(
            b"%d.%d\n" % (n, i) for i in range(50))))
    for lines in zip(*(m.split(b"\n")[:-1] for m in messages)):
        for client, line in zip(clients, lines):
            client.raw(line + b"\r\n")
    for client in clients:
        client.raw(b".\r\n")
    for client in clients:
        equal(client.reply()[0], 250, "reply")
        client.quit()
    for n, message in enumerate(messages):
        got = t.mail_to("alice+%d@example.org" % n)
        equal(mail.split(got)[2], message, "mail %d" % n)
        signer.check(got, "mail %d" % n)


def test_threads(t):
    """Many clients that do not wait for one another."""
    signer = start(t)
    errors = []

    def client(n, c):
        try:
            for i in range(5):
                equal(c.send(mail.plain("%d.%d" % (n, i)),
                             "alice+%d.%d@example.org" % (n, i))[0], 250,
                      "reply")
        except Exception as error:
            errors.append("client %d: %s" % (n, error))
    # One after the other: smtpd's queue of connections is short.
    clients = [Client(2525) for _ in range(20)]
    for c in clients:
        c.hello()
    threads = [threading.Thread(target=client, args=pair)
               for pair in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(not errors, "%s", errors)
    wait(lambda: len(t.mails()) == 100, "100 mails", 30)
    for got in t.mails():
        signer.check(got)
