# SPDX-License-Identifier: ISC
"""Real milters in the real smtpd: as daemons behind filter-milter, and by
themselves on libmilter.

What the client is told and what is delivered has to be what the milter says
on the wire to a client that does nothing but ask.
"""

import os
import re
import sys
import threading

import harness
import mail
from client import Client, send
from harness import check, equal
from milters import Asked, ClamavMilter, Clamd, EICAR, KEY, OpenDKIM

sys.path.append(os.path.join(harness.HERE, "..", "dkim"))

import reference  # noqa: E402
import verifiers  # noqa: E402

DAEMON, GUEST = 2525, 2526


def start(t, *milters, options="", listen="listen on 127.0.0.1 port"):
    """One listener for all daemons, one for the milters by themselves."""
    options = " " + options
    conf = t.filter("daemon", "filter-milter" + options + "".join(
        " -s " + m.name for m in milters))
    names = []
    for n, milter in enumerate(milters):
        names.append("guest%d" % n)
        conf += milter.guest(t, names[-1], options.strip())
    t.start(conf + '%s %d filter "daemon"\n' % (listen, DAEMON) +
            "%s %d filter { %s }\n" % (listen, GUEST, ", ".join(
                '"%s"' % n for n in names)))


def alike(text):
    """Signatures differ by the second in which they were made."""
    return re.sub(rb"\b(t=|b=)[^;]*?(;|(?=\n[^ \t]))", rb"\1\2", text)


def arrived(t, rcpt):
    """What was delivered, smtpd's Received made equal."""
    top, _, rest = mail.split(t.mail_to(rcpt))
    return top + Asked.RECEIVED + rest


def compare(t, milter, message, number):
    """One mail by each listener; what arrived."""
    found = []
    for port in DAEMON, GUEST:
        rcpt = "alice+%d.%d@example.org" % (port, number)
        want = Asked(milter, message, rcpt)
        code, text = send(port, message, rcpt)
        if want.reply:
            equal((code, text), want.reply, "reply on %d" % port)
            continue
        equal(code, 250, "reply on %d" % port)
        got = arrived(t, rcpt)
        check(alike(got) == alike(want.message), "on %d: %s", port,
              mail.difference(alike(got), alike(want.message)))
        found.append(got)
    return found


def judges():
    keys = [reference.Key(KEY, "rsa")]
    return [cls(keys) for cls in (verifiers.Dkimpy, verifiers.MailDKIM)
            if cls in verifiers.available()[0]]


def wire(got):
    return got.replace(Asked.RECEIVED, b"").replace(b"\n", b"\r\n")


def verify(t, others, mails):
    for got in mails:
        for other in others:
            said = other.verify(wire(got))
            check(("example.com", "rsa", "pass") in said, "%s says %s",
                  other.name, said)


def messages():
    """Mails that smtpd leaves as they are, and of all kinds of bodies."""
    return [mail.plain(), mail.plain("empty", b""),
            mail.plain("dots", b".\n..\n.one\n \n\n\n"),
            mail.plain("blanks", b" a  b \t\n\n", X_Folded="a\n\tb\n c"),
            mail.plain("bytes", bytes(range(128, 256)) + b"\n"),
            mail.large(200000)]


def test_sign(t):
    """OpenDKIM signs: the verifiers are content with every mail."""
    milter = OpenDKIM(t).start()
    others = judges()
    t.cleanup.append(lambda: [o.close() for o in others])
    start(t, milter)
    for n, message in enumerate(messages()):
        found = compare(t, milter, message, n)
        equal(len(found), 2, "mails")
        verify(t, others, found)
    check(others, "no verifier of signatures")
    forged = wire(found[0]).replace(b"Subject: ", b"Subject: not ")
    check(("example.com", "rsa", "pass") not in others[0].verify(forged),
          "a forged one passes")


def test_verify(t):
    """OpenDKIM verifies what it has signed, and what somebody changed."""
    signer, milter = OpenDKIM(t).start(), OpenDKIM(t, "v", "verify").start()
    start(t, milter)
    plain = mail.plain("verify")
    signed = Asked(signer, plain, "alice@example.org").message.replace(
        Asked.RECEIVED, b"")
    for n, (message, result) in enumerate((
            (signed, b"dkim=pass"), (plain, None),
            (signed.replace(b"Hello", b"Hullo"), b"dkim=fail"))):
        for got in compare(t, milter, message, n):
            found = re.search(rb"^Authentication-Results:.*\n?.*(dkim=\w+)",
                              got, re.M)
            equal(found and found.group(1), result, "result")


def test_virus(t):
    """clamav-milter: clean mail is marked, the other refused in its words."""
    milter = ClamavMilter(t, Clamd(t).start()).start()
    start(t, milter)
    for got in compare(t, milter, mail.plain(), 1):
        check(b"\nX-Virus-Status: Clean\n" in got, "%s", got)
    equal(compare(t, milter, mail.plain("virus", EICAR), 2), [], "mails")
    t.server.wait_log(r"action=reject .* event=message code=550 "
                      r"text=.5\.7\.1 Infected", count=2)
    equal(len(t.mails()), 2, "mails")


def policy(t, infected, options, code, pattern=None):
    """What becomes of a virus where smtpd can't do as the milter wants."""
    clamd = Clamd(t).start()
    milter = ClamavMilter(t, clamd, infected).start()
    start(t, milter, options=options)
    for port in DAEMON, GUEST:
        rcpt = "alice+%d@example.org" % port
        equal(send(port, mail.plain("virus", EICAR), rcpt)[0], code, "reply")
        if code == 250:
            got = t.mail_to(rcpt, folder="junk" if pattern else "new")
            check(re.search(pattern, got), "%s in %s", pattern, got)
    if code != 250:
        equal(send(DAEMON, mail.plain(), "alice@example.org")[0], 250, "ham")
        t.mail_to("alice@example.org")
        equal(len(t.mails()) + len(t.mails(folder="junk")), 1, "mails")


def test_quarantine(t):
    policy(t, "Quarantine", "", 250,
           rb"(?m)^X-Spam: Yes\nX-Milter-Quarantine: quarantined by clamav-milter$")


def test_quarantine_reject(t):
    policy(t, "Quarantine", "-o quarantine=reject", 550)


def test_blackhole(t):
    policy(t, "Blackhole", "", 550)


def test_blackhole_tempfail(t):
    policy(t, "Blackhole", "-o discard=tempfail", 451)


def test_two(t):
    """A virus scanner, and then a signer of what it has marked."""
    scan = ClamavMilter(t, Clamd(t).start()).start()
    sign = OpenDKIM(t).start()
    others = judges()
    t.cleanup.append(lambda: [o.close() for o in others])
    start(t, scan, sign)
    for port in DAEMON, GUEST:
        rcpt = "alice+%d@example.org" % port
        message = mail.plain("two")
        equal(send(port, message, rcpt)[0], 250, "reply")
        first = Asked(scan, message, rcpt).message.replace(
            Asked.RECEIVED, b"")
        want = Asked(sign, first, rcpt).message
        got = arrived(t, rcpt)
        check(alike(got) == alike(want), "%s",
              mail.difference(alike(got), alike(want)))
        verify(t, others, [got])
        equal(send(port, mail.plain("two", EICAR), rcpt)[0], 550, "virus")


def test_session(t):
    """Several mails, RSET, refused recipients and STARTTLS in one session."""
    if harness.version() < 7:
        raise harness.Skip("only where smtpd has TLS here")
    milter = OpenDKIM(t).start()
    others = judges()
    t.cleanup.append(lambda: [o.close() for o in others])
    start(t, milter, listen=t.certificate() + "listen on 127.0.0.1 tls "
          "pki mx.example.org port")
    for port in DAEMON, GUEST:
        client = Client(port)
        client.hello()
        equal(client.cmd("STARTTLS")[0], 220, "STARTTLS")
        client.starttls_now()
        client.hello()
        equal(client.cmd("MAIL FROM:<joe@example.com>")[0], 250, "MAIL")
        equal(client.cmd("RSET")[0], 250, "RSET")
        for n in range(3):
            rcpt = "alice+%d.%d@example.org" % (port, n)
            client.cmd("MAIL FROM:<joe@example.com>")
            check(client.cmd("RCPT TO:<ann@elsewhere.example>")[0] >= 500,
                  "relayed")
            equal(client.cmd("RCPT TO:<%s>" % rcpt)[0], 250, "RCPT")
            equal(client.cmd("DATA")[0], 354, "DATA")
            client.raw(b"From: joe@example.com\r\nDate: Tue, 03 Feb 2026 "
                       b"10:11:12 +0100\r\nMessage-ID: <a@example.com>\r\n"
                       b"\r\n..hello\r\n.\r\n")
            equal(client.reply()[0], 250, "reply")
            verify(t, others, [arrived(t, rcpt)])
        client.quit()


def test_crowd(t):
    """40 sessions at a time, 3 mails each: all are signed, and rightly."""
    milter = OpenDKIM(t).start()
    others = judges()[:1]
    t.cleanup.append(lambda: [o.close() for o in others])
    start(t, milter)
    bad = []

    def session(client, port, n):
        try:
            client.hello()
            for i in range(3):
                reply = client.send(mail.plain("crowd %d" % i),
                                    "alice+%d.%d.%d@example.org" %
                                    (port, n, i))
                equal(reply[0], 250, "reply")
            client.quit()
        except Exception as error:
            bad.append(error)
    for port in DAEMON, GUEST:
        # One after the other: smtpd's queue of connections is short.
        clients = [Client(port, timeout=60) for _ in range(40)]
        threads = [threading.Thread(target=session, args=(client, port, n))
                   for n, client in enumerate(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal(bad, [], "clients")
    harness.wait(lambda: len(t.mails()) == 240, "240 mails", 60)
    for got in t.mails():
        top, _, rest = mail.split(got)
        verify(t, others, [top + rest])
