# SPDX-License-Identifier: ISC
"""filter-spamassassin in the real smtpd, with the real spamd.

What arrives has one verdict, SpamAssassin's, and is else what was sent.
"""

import os
import re
import shutil
import subprocess
import threading
import time

import assassin
import harness
import mail
from assassin import BAYES, GTUBE, Spamd, score_of
from client import Client, send
from harness import Skip, check, equal, wait
from signed import Signer

LISTEN = 'listen on 127.0.0.1 port 2525 filter "spam"\n'
HAM = b"We meet on Friday.\n"
NAMES = (b"X-Spam-Flag", b"X-Spam-Level", b"X-Spam-Status", b"X-Spam-Score",
         b"X-Spam-Checker-Version", b"X-Spam-Relay", b"X-Spam")
FORGED = b"X-Spam-Flag: YES\nX-Spam: Yes\nx-spam-status: No, score=-9,\n" \
    b"\tforged=folded\nX-SPAM-Forged: x\nX-Spam-Prev-Subject: x\n"


def spamd(t, *options, **how):
    if not assassin.program():
        raise Skip("there is no spamd")
    daemon = Spamd(os.path.join(t.dir, how.pop("name", "spamd")), *options,
                   **how)
    t.cleanup.append(daemon.close)
    return daemon


def line(t, servers, more=""):
    return t.filter("spam", "filter-spamassassin " + " ".join(
        "-o server=" + s.server for s in servers) + " " + more)


def start(t, more="", listen=LISTEN, options=(), deliver=True, **how):
    daemon = spamd(t, *options, **how)
    t.start(line(t, [daemon], more) + listen, deliver=deliver)
    return daemon


def parts(got):
    """({X-Spam field: value}, what was sent) of a mail."""
    top, _, rest = mail.split(got)
    fields = {}
    for name, value in re.findall(rb"^(\S+): ?(.*\n(?:[ \t].*\n)*)", top,
                                  re.M):
        check(name in NAMES, "%s is in %s", name, top)
        check(name not in fields, "%s is there twice", name)
        fields[name] = value.rstrip(b"\n")
    return fields, rest


def marked(got, sent, spam, score, junk=False):
    """It has this verdict, all of it, and is else as it was sent."""
    fields, rest = parts(got)
    check(rest == sent, "%s", mail.difference(rest, sent))
    equal(fields.get(b"X-Spam-Flag"), b"YES" if spam else None, "flag")
    equal(fields.get(b"X-Spam"), b"Yes" if junk else None, "X-Spam")
    check(b"X-Spam-Score" in fields, "it was not scanned: %s", fields)
    equal(float(fields[b"X-Spam-Score"]), score, "score")
    status = fields[b"X-Spam-Status"]
    check(status.startswith(b"%s, score=%.1f required=" % (
        b"Yes" if spam else b"No", score)), "X-Spam-Status: %s", status)
    check(fields[b"X-Spam-Checker-Version"].startswith(b"SpamAssassin "),
          "version is %s", fields[b"X-Spam-Checker-Version"])
    return fields


def unscanned(got, sent, why):
    fields, rest = parts(got)
    equal(fields, {b"X-Spam-Status": b"No, " + why}, "marks")
    check(rest == sent, "%s", mail.difference(rest, sent))


def deliver(t, message, tag, folder="new", **how):
    rcpt = "alice+%s@example.org" % tag
    equal(send(2525, message, rcpt, **how)[0], 250, "reply to " + tag)
    return t.mail_to(rcpt, folder=folder, seconds=60)


def test_ham(t):
    start(t)
    message = mail.plain(body=HAM + b"spamword-one\n.\n..dots\n")
    fields = marked(deliver(t, message, "ham"), message, False, 1.0)
    equal(fields[b"X-Spam-Level"], b"*", "stars")
    check(b"WORD_ONE" in fields[b"X-Spam-Status"], "the rule is missing")
    t.server.wait_log("action=pass spam=no score=1.0 threshold=5.0 "
                      "rules=WORD_ONE")


def test_gtube(t):
    """Marked; smtpd's `maildir junk' files it by X-Spam-Flag alone."""
    start(t)
    message = mail.plain(body=GTUBE)
    got = deliver(t, message, "gtube", folder="junk")
    marked(got, message, True, 1000)
    equal(t.mails(), [], "what is in the inbox")


def test_junk(t):
    """junk-score below the threshold: X-Spam alone files it."""
    start(t, "-o junk-score=3")
    message = mail.plain(body=b"spamword-four\n")
    marked(deliver(t, message, "4", folder="junk"), message, False, 4, True)
    message = mail.plain(body=GTUBE)
    marked(deliver(t, message, "1000", folder="junk"), message, True, 1000,
           True)
    message = mail.plain(body=HAM)
    marked(deliver(t, message, "0"), message, False, 0)


def test_bands(t):
    """tempfail-score and reject-score; the session goes on after each."""
    start(t, "-s junk -o tempfail-score=8..12 -o reject-score=12.1")
    client = Client(2525)
    client.hello()
    for body, code, text in (GTUBE, 554, "5.7.1 Message considered spam"), \
            (b"spamword-nine", 451, "4.7.1"), (b"spamword-four", 250, ""), \
            (b"spamword-nine spamword-four", 554, "5.7.1"), \
            (b"spamword-nine spamword-nice", 250, ""), (HAM, 250, ""):
        reply = client.send(mail.plain(body=body + b"\n"))
        equal(reply[0], code, "reply to %s (%s)" % (body, reply[1]))
        check(text in reply[1], "reply is %s", reply[1])
    client.quit()
    wait(lambda: len(t.mails()) == 2 and len(t.mails(folder="junk")) == 1,
         "three mails")
    time.sleep(0.3)
    equal(sorted(score_of(m) for m in t.mails()), [0, 4], "what was delivered")
    equal(score_of(t.mails(folder="junk")[0]), 6, "what is junk")


def test_procmail(t):
    """The recipe of the manual, of those who come from spampd."""
    if not shutil.which("procmail"):
        raise Skip("there is no procmail")
    home = os.path.join(harness.RUN, "home/bob")
    recipe = os.path.join(home, ".procmailrc")
    with open(recipe, "w") as file:
        file.write("MAILDIR=%s\nDEFAULT=%s/Inbox/\nLOGFILE=%s/procmail.log\n"
                   ":0\n* ^X-Spam-Flag: YES\nJunk/\n" % (home, home, home))
    shutil.chown(recipe, "bob", "bob")
    start(t, listen=LISTEN + 'action "p" mda "procmail -f -"\n'
          'match from any for rcpt-to "bob@example.org" action "p"\n')
    for body in GTUBE, HAM:
        message = mail.plain(body=FORGED + body)    # in a body it is nothing
        equal(send(2525, message, "bob@example.org")[0], 250, "reply")
    for folder, score in ("Junk", 1000), ("Inbox", 0):
        new = os.path.join(home, folder, "new")
        wait(lambda: os.path.isdir(new) and os.listdir(new), "mail in " + new)
        equal(len(os.listdir(new)), 1, "mails in " + folder)
        got = harness.read(os.path.join(new, os.listdir(new)[0]))
        equal(score_of(got), score, "score in " + folder)


def big(size):
    """With forged fields and without; a word before and one behind it all."""
    message = mail.large(size)
    head, _, body = message.partition(b"\n\n")
    head += b"\nMIME-Version: 1.0\n" \
        b"Content-Type: multipart/mixed; boundary=part\n"
    body = b"\n--part\n\nspamword-one\n--part\nContent-Type: " \
        b"application/octet-stream\n\n" + body + \
        b"--part\n\nspamword-four\n--part--\n"
    return head + FORGED + body, head + body


def test_big(t):
    """20 MB: skipped, cut, and scanned to its end; byte for byte.  Or not."""
    daemon = spamd(t)
    conf = ""
    for n, more in enumerate(("", "-o oversize=truncate", "-l 0",
                              "-o oversize=tempfail", "-o oversize=reject")):
        conf += line(t, [daemon], more).replace('"spam"', '"f%d"' % n, 1) + \
            'listen on 127.0.0.1 port %d filter "f%d"\n' % (2525 + n, n)
    t.start(conf)
    message, clean = big(20 * 1024 * 1024)
    for n, code in enumerate((250, 250, 250, 452, 552)):
        if n == 3:
            message, _ = big(1024 * 1024)
        equal(send(2525 + n, message, "alice+%d@example.org" % n,
                   timeout=120)[0], code, "reply %d" % n)
        if n == 0:
            unscanned(t.mail_to("alice+0@example.org", seconds=60), clean,
                      b"skipped=size")
        elif n == 1:
            marked(t.mail_to("alice+1@example.org", seconds=60), clean, False,
                   1)
        elif n == 2:
            marked(t.mail_to("alice+2@example.org", seconds=60,
                             folder="junk"), clean, True, 5)
    t.server.wait_log("size=2[0-9]{7} truncated=yes")
    equal(len(t.mails()), 2, "mails")


def test_forged(t):
    """Nobody writes his own verdict, on any path; smtpd's own sign stays."""
    daemon = spamd(t)
    paths = (("", (daemon,), False, 0), ("-o tag=none", (daemon,), None, None),
             ("-o tag=spam", (daemon,), None, None),
             ("-o exempt-local=yes", (daemon,), None, None),
             ("-l 10", (daemon,), None, b"skipped=size"),
             ("-h 127.0.0.1 -p 9 -o retry-delay=0", (), None, b"error=spamd"),
             ("-o mode=process", (daemon,), False, 0),
             ("-o mode=symbols", (daemon,), None, 0))
    conf = 'filter "sign" phase mail-from match !auth junk\n'
    for n, (more, servers, _, _) in enumerate(paths):
        conf += line(t, servers, more).replace('"spam"', '"f%d"' % n, 1) + \
            'listen on 127.0.0.1 port %d filter "f%d"\n' % (2525 + n, n) + \
            'listen on 127.0.0.1 port %d filter { "sign", "f%d" }\n' % (
                2625 + n, n)
    t.start(conf)
    head, _, body = mail.plain(body=HAM + FORGED).partition(b"\n\n")
    for n, (more, _, spam, want) in enumerate(paths):
        for port in 2525 + n, 2625 + n:
            rcpt, ours = "alice+%d@example.org" % port, {}
            equal(send(port, head + b"\n" + FORGED + b"\n" + body, rcpt)[0],
                  250, "reply")
            if port > 2600:
                ours = {b"X-Spam": b"Yes"}
            got = t.mail_to(rcpt, folder="junk" if ours else "new")
            fields, rest = parts(got)
            check(rest == head + b"\n\n" + body, "%s: %s", more,
                  mail.difference(rest, head + b"\n\n" + body))
            equal(fields.get(b"X-Spam"), ours.get(b"X-Spam"), "X-Spam " + more)
            status = fields.get(b"X-Spam-Status")
            if want is None:
                equal(fields, ours, "fields with " + more)
            elif isinstance(want, bytes):
                equal(status, b"No, " + want, "status with " + more)
            else:
                check(status.startswith(b"No, score=0.0 "), "%s: %s", more,
                      status)


def test_chain(t):
    """filter-pause before it, a signer after it: what it wrote is signed."""
    daemon = spamd(t)
    signer = Signer(t, ("rsa", "ed25519"))
    t.start(t.filter("pause", "filter-pause -s 1") + signer.line +
            line(t, [daemon]) +
            'filter "in" chain { "pause", "spam", "dkim" }\n'
            'listen on 127.0.0.1 port 2525 filter "in"\n')
    for n, (body, folder, score) in enumerate(((HAM, "new", 0),
                                               (GTUBE, "junk", 1000))):
        message = mail.plain(body=body)
        head, _, text = message.partition(b"\n\n")
        began = time.monotonic()
        got = deliver(t, head + b"\n" + FORGED + b"\n" + text, str(n), folder)
        check(time.monotonic() - began > 0.9, "it was not paused")
        signer.check(got)
        bare = re.sub(rb"^DKIM-Signature: .*\n([ \t].*\n)*", b"", got,
                      flags=re.M)
        marked(bare, message, score == 1000, score)


def test_what_spamd_sees(t):
    """Client, name and sender, by IPv6, masked, and none of it delivered."""
    daemon = spamd(t)
    t.start(line(t, [daemon]) + "".join(
        'listen on %s port %d filter "spam"%s\n' % (where, port, more)
        for port, more in ((2525, ""), (2526, " mask-src"))
        for where in ("192.0.2.25", "::1")))
    seen = ((2525, "203.0.113.66", 0.3, b"ip=203.0.113.66 rdns= helo="),
            (2525, "203.0.113.9", 0,
             b"ip=203.0.113.9 rdns=host9.pool.example helo="),
            (2526, "203.0.113.66", 0.3, b"ip=203.0.113.66 rdns= helo="),
            (2525, "::1", None, b""), (2526, "::1", None, b""))
    for n, (port, src, score, text) in enumerate(seen):
        for sender in "joe", "spammer":
            message = mail.plain(body=HAM)
            rcpt = "alice+%d.%s@example.org" % (n, sender)
            equal(send(port, message, rcpt, sender + "@example.com", src=src,
                       dst="192.0.2.25" if "." in src else src)[0], 250,
                  "reply")
            got = t.mail_to(rcpt)
            extra = 0.4 if sender == "spammer" else 0
            fields, rest = parts(got)
            equal(rest, message, "the mail")
            if score is not None:
                equal(float(fields[b"X-Spam-Score"]), round(score + extra, 1),
                      "score of %s at %d" % (src, port))
                check(text in fields[b"X-Spam-Relay"].replace(b"\n\t", b" "),
                      "spamd saw %s", fields[b"X-Spam-Relay"])
            for name in b"X-Envelope-", b"envelope-from":
                check(name not in got, "%s was delivered", name)
            equal(got.count(b"Return-Path:"), 1, "Return-Path")


def test_report(t):
    """report_safe: only its marks are used; with mode process all of it."""
    daemon = spamd(t, "--cf=report_safe 1")
    t.start(line(t, [daemon]) + LISTEN +
            line(t, [daemon], "-o mode=process").replace('"spam"', '"p"', 1) +
            'listen on 127.0.0.1 port 2526 filter "p"\n')
    message = mail.plain(body=GTUBE)
    got = deliver(t, message, "headers", folder="junk")
    marked(got, message, True, 1000)
    t.server.wait_log("set report_safe 0")
    equal(send(2526, message, "alice+process@example.org")[0], 250, "reply")
    got = t.mail_to("alice+process@example.org", folder="junk")
    check(b"Content-Type: message/rfc822" in got and
          message.partition(b"\n\n")[2] in got, "it is no report: %s", got)
    equal(score_of(got), 1000, "score of the report")
    message = mail.plain(body=HAM)
    equal(send(2526, message, "alice+ham@example.org")[0], 250, "reply")
    marked(t.mail_to("alice+ham@example.org"), message, False, 0)


def test_compress(t):
    """zlib, as spamc does it, and what spamd has to say of each size."""
    start(t, "-o compress=yes -l 0")
    for n, size in enumerate((1, 1000, 70000, 3000000)):
        message, clean = big(size)
        marked(deliver(t, message, str(n), folder="junk"), clean, True, 5)


def test_users(t):
    """Each recipient's own rules; those of nobody for mail to several."""
    where = os.path.join(t.dir, "users")
    for name, required in ("alice", 1), ("nobody", 8):
        os.makedirs(os.path.join(where, name))
        with open(os.path.join(where, name, "user_prefs"), "w") as file:
            file.write("required_score %d\n" % required)
        os.chmod(os.path.join(where, name), 0o777)
    daemon = spamd(t, "--virtual-config-dir=" + where + "/%u")
    t.start(line(t, [daemon], "-o user=rcpt-local -o user-default=nobody") +
            LISTEN)
    message = mail.plain(body=b"spamword-four\n")
    for rcpts, spam in (["alice+1@example.org"], True), \
            (["alice+2@example.org", "alice+3@example.org"], False):
        equal(send(2525, message, rcpts)[0], 250, "reply")
        got = t.mail_to(rcpts[0], folder="junk" if spam else "new")
        marked(got, message, spam, 4)


def test_messages(t):
    """Peculiar messages of our own, byte for byte, in each mode."""
    daemon = spamd(t, children=3)
    modes = "-l 0", "-l 0 -o mode=symbols", "-l 0 -o mode=process", \
        "-o oversize=truncate -l 100"
    conf = "listen on 127.0.0.1 port 2500\n"
    for n, more in enumerate(modes):
        conf += line(t, [daemon], more).replace('"spam"', '"f%d"' % n, 1) + \
            'listen on 127.0.0.1 port %d filter "f%d"\n' % (2525 + n, n)
    t.start(conf)
    messages = mail.own()
    if os.environ.get("CORPUS"):
        messages += mail.directory(os.environ["CORPUS"])
    bad = []
    for n, (name, data) in enumerate(messages):
        for port in (2500,) + tuple(range(2525, 2525 + len(modes))):
            rcpt = "alice+%d.%d@example.org" % (n, port)
            reply = send(port, data, rcpt, timeout=60)
            if port == 2500:
                plain = stripped(t, rcpt, data) if reply[0] == 250 else reply
            elif (reply[0] == 250) != isinstance(plain, bytes):
                bad.append("%s at %d: %s" % (name, port, reply))
            elif reply[0] == 250:
                got = stripped(t, rcpt, data, True)
                if got != plain:
                    bad.append("%s at %d: %s" % (
                        name, port, mail.difference(got, plain)))
    check(not bad, "%d wrong:\n%s", len(bad), "\n".join(bad[:20]))


def stripped(t, rcpt, data, scanned=False):
    """A mail without X-Spam fields, from whatever folder."""
    head = b"Delivered-To: %s\n" % rcpt.encode()
    got = wait(lambda: [m for m in t.mails() + t.mails(folder="junk")
                        if head in m[:2000]], "mail to " + rcpt)[0]
    if scanned:
        check(score_of(got) is not None, "no score: %s", got[:500])
    got = mail.same(mail.split(got)[2], data)
    head, separator, body = got.partition(b"\n\n")
    return re.sub(rb"^X-Spam(-[^\n:]*)?:.*\n([ \t].*\n)*", b"", head + b"\n",
                  flags=re.M | re.I) + separator + body


class Crowd:
    """Many that send at the same time, each one message."""

    def __init__(self, count):
        self.replies, self.sent, self.errors = {}, {}, []
        threads = []
        for n in range(count):
            client = Client(2525, timeout=120)      # smtpd's backlog is short
            client.hello()
            threads.append(threading.Thread(target=self.client,
                                            args=(n, client)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        check(not self.errors, "%s", self.errors[:5])

    def client(self, n, client):
        word = (b"", b"spamword-four\n", b"spamword-nine\n")[n % 3]
        message = mail.plain("crowd %d" % n, word + b"%d\n" % n * (n * 7))
        head, _, body = message.partition(b"\n\n")
        self.sent[n] = message
        try:
            self.replies[n] = client.send(
                head + b"\n" + FORGED + b"\n" + body,
                "alice+%d@example.org" % n)[0]
            client.quit()
        except Exception as error:
            self.errors.append("client %d: %s" % (n, error))

    def check(self, t):
        """Those that were accepted are there, once, with their score."""
        accepted = {n for n, code in self.replies.items() if code == 250}
        wait(lambda: len(t.mails()) + len(t.mails(folder="junk")) >=
             len(accepted), "%d mails" % len(accepted), 60)
        time.sleep(0.3)
        for got in t.mails() + t.mails(folder="junk"):
            n = int(re.search(rb"Delivered-To: alice\+(\d+)@", got).group(1))
            check(n in accepted, "mail %d came twice, or was refused", n)
            accepted.remove(n)
            marked(got, self.sent[n], n % 3 == 2, (0, 4, 9)[n % 3])
        equal(accepted, set(), "what was lost")


def test_crowd(t):
    """200 messages at once on 5 slots: all are scanned, none is lost."""
    start(t, children=5)
    crowd = Crowd(200)
    equal(set(crowd.replies.values()), {250}, "replies")
    crowd.check(t)
    check("on-failure" not in t.server.log(), "some were not scanned")


def test_crowd_refused(t):
    """More than may wait: they are refused, and none passes unscanned."""
    start(t, "-o on-failure=tempfail -o queue-max=10 -o max-concurrent=2")
    crowd = Crowd(100)
    codes = list(crowd.replies.values())
    equal(set(codes), {250, 451}, "replies")
    check(codes.count(250) > 10, "only %d were accepted", codes.count(250))
    crowd.check(t)


def learn(daemon, what, message, *args):
    done = subprocess.run(
        [harness.program("filter-spamassassin"), "-o",
         "server=" + daemon.server, *args, "learn", what], input=message,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    return done.returncode, done.stdout.decode().strip()


def test_learn(t):
    """spamd learns, once, and forgets."""
    daemon = spamd(t, *BAYES)
    message = mail.plain(body=b"Cheap watches, of gold and steel.\n")
    for what, said in ("spam", "learned"), ("spam", "nothing new"), \
            ("forget", "forgotten"), ("forget", "nothing new"), \
            ("ham", "learned"), ("spam", "learned"):
        equal(learn(daemon, what, message), (0, said), "learn " + what)
    equal(learn(daemon, "ham", mail.large(2000000)), (0, "learned"), "2 MB")


def test_learn_not(t):
    """A spamd that does not allow it, or is not there."""
    daemon = spamd(t)
    equal(learn(daemon, "spam", mail.plain()), (69, ""), "forbidden")
    daemon.stop()
    equal(learn(daemon, "spam", mail.plain()), (75, ""), "stopped")
