# SPDX-License-Identifier: ISC
"""Mail of every kind through the filters, in the real smtpd."""

import os
import re
import shutil
import socket
import subprocess
import threading
import time

import harness
import mail
from client import Client, Sink, send
from harness import Skip, check, equal, soon, wait

# "secret", by openssl passwd -6
HASH = ("$6$salt$egUxKNxDs8kPfh8iPMNcosMhb2eWah6d3R44JDm5Rj"
        "/j/XWR5E33QPd0YmHXoDHOIDR6kL5D3JcQcz0O8FHE00")
CREDS = 'table creds { alice = "%s" }\n' % HASH

LINE_MAX = 65485        # what a filter may say in one line, dot included


def simple(t, *filters):
    """One listener per filter, from port 2525 on, and 2500 without."""
    conf, listen = "", "listen on 127.0.0.1 port 2500\n"
    for n, command in enumerate(filters):
        conf += t.filter("f%d" % n, command)
        listen += 'listen on 127.0.0.1 port %d filter "f%d"\n' % (2525 + n, n)
    return t.start(conf + listen)


def test_plain_echo(t):
    simple(t, "filter-echo")
    message = mail.plain()
    equal(send(2525, message, "alice+1@example.org")[0], 250, "reply")
    top, _, rest = mail.split(t.mail_to("alice+1@example.org"))
    equal((top, rest), (b"", message), "what was delivered")


def test_plain_tag(t):
    simple(t, "filter-tag")
    message = mail.plain()
    equal(send(2525, message, "alice+1@example.org")[0], 250, "reply")
    top, received, rest = mail.split(t.mail_to("alice+1@example.org"))
    lines = message.count(b"\n") + received.count(b"\n") + 1
    equal((top, rest), (b"X-Lines: %d\n" % lines, message), "delivered")


def test_tag_decides(t):
    """Reject, junk and fail take effect at the end of the message."""
    simple(t, "filter-tag -o reject=virus -o junk=casino -o fail=broken")
    for subject, code in ("a virus", 550), ("my casino", 250), \
            ("it is broken", 451), ("a mail", 250):
        client = Client(2525)
        client.hello()
        equal(client.send(mail.plain(subject), "alice+d@example.org")[0], code,
              "reply to " + subject)
        equal(client.quit()[0], 221, "QUIT after " + subject)
    wait(lambda: t.mails(folder="junk") and t.mails(), "the mails")
    time.sleep(0.3)
    equal((len(t.mails()), len(t.mails(folder="junk"))), (1, 1), "mails")
    check(b"\nX-Spam: Yes\n" in t.mails(folder="junk")[0], "no X-Spam")


def greeted_after(port, **how):
    start = time.monotonic()
    client = Client(port, **how)
    took = time.monotonic() - start
    equal(client.greeting[0], 220, "greeting")
    client.quit()
    return took


def test_pause(t):
    simple(t, "filter-pause -s 1", "filter-echo")
    took = greeted_after(2525)
    check(took > 0.9, "the banner came after %.2f s", took)
    soon(took, 3, "the banner")
    soon(greeted_after(2526), 0.9, "the banner without pause")


def test_chain(t):
    """filter-pause and filter-tag on one listener, filter-tag on another."""
    conf = t.filter("pause", "filter-pause -s 1") + \
        t.filter("tag", "filter-tag") + \
        'filter "both" chain { "pause", "tag" }\n' \
        'listen on 127.0.0.1 port 2525 filter "both"\n' \
        'listen on 127.0.0.1 port 2526 filter "tag"\n' \
        'listen on 127.0.0.1 port 2527 filter "pause"\n'
    t.start(conf)
    for port, paused, tagged in (2525, True, True), (2526, False, True), \
            (2527, True, False):
        start = time.monotonic()
        rcpt = "alice+%d@example.org" % port
        equal(send(port, mail.plain(), rcpt)[0], 250, "reply")
        took = time.monotonic() - start
        if paused:
            check(took > 0.9, "%d: not paused, %.2f s", port, took)
        else:
            soon(took, 0.9, "a mail without pause")
        top = mail.split(t.mail_to(rcpt))[0]
        equal(top.startswith(b"X-Lines: "), tagged, "%d tagged" % port)


def test_two_tags(t):
    """Later filters see what earlier ones left, and go on top."""
    conf = t.filter("a", "filter-tag") + t.filter("b", "filter-tag") + \
        t.filter("c", "filter-echo") + \
        'listen on 127.0.0.1 port 2525 filter { "a", "c", "b" }\n'
    t.start(conf)
    message = mail.plain()
    equal(send(2525, message, "alice+1@example.org")[0], 250, "reply")
    top, _, rest = mail.split(t.mail_to("alice+1@example.org"))
    numbers = [int(n) for n in re.findall(rb"X-Lines: (\d+)\n", top)]
    equal(len(numbers), 2, "tags")
    equal(numbers[0], numbers[1] + 1, "lines seen by the later filter")
    equal(rest, message, "delivered")


def deliver_all(t, messages, ports):
    """Each message by each port is what it is without a filter."""
    replies, wrong = {}, []
    for n, (_, data) in enumerate(messages):
        for port in (2500,) + ports:
            replies[n, port] = send(port, data,
                                    "alice+%d.%d@example.org" % (n, port))
    accepted = [key for key, reply in replies.items() if reply[0] == 250]
    wait(lambda: len(t.mails()) + len(t.mails(folder="junk")) >=
         len(accepted), "%d mails" % len(accepted), 60)
    mails = {}
    for got in t.mails() + t.mails(folder="junk"):
        key = re.search(rb"Delivered-To: alice\+(\d+)\.(\d+)@", got)
        key = tuple(int(k) for k in key.groups())
        check(key not in mails, "%s came twice", messages[key[0]][0])
        mails[key] = mail.same(mail.split(got)[2], messages[key[0]][1])
    equal(sorted(mails), sorted(accepted), "what was delivered")
    for n, (name, data) in enumerate(messages):
        for port in ports:
            bad = verdict(data, replies[n, 2500], mails.get((n, 2500)),
                          replies[n, port], mails.get((n, port)))
            if bad:
                wrong.append("%s at %d: %s" % (name, port, bad))
    check(not wrong, "%d differ:\n%s", len(wrong), "\n".join(wrong))


def verdict(data, want_reply, want, reply, got):
    """What is wrong with a message that came through, or None."""
    if want and any(len(line) + line.startswith(b".") > LINE_MAX
                    for line in data.split(b"\n")):
        return None if reply[0] >= 400 else "a line was cut in silence"
    if reply[0] != want_reply[0]:
        return "%s, not %s" % (reply, want_reply)
    want = want and survives(want)
    return None if got == want else mail.difference(got, want)


def survives(data):
    """What smtpd before 7.4 leaves of lines that any filter lets pass."""
    if harness.version() >= 7.4:
        return data
    return b"\n".join(line[:1997 - line.startswith(b".")]
                      for line in data.split(b"\n"))


def all_filters(t):
    conf = t.filter("echo", "filter-echo") + t.filter("tag", "filter-tag") + \
        t.filter("pause", "filter-pause -s 0") + \
        "listen on 127.0.0.1 port 2500\n" \
        'listen on 127.0.0.1 port 2525 filter "echo"\n' \
        'listen on 127.0.0.1 port 2526 filter "tag"\n' \
        'listen on 127.0.0.1 port 2527 filter { "pause", "tag", "echo" }\n'
    return t.start(conf)


def test_messages(t):
    """Peculiar messages of our own, byte for byte."""
    all_filters(t)
    messages = mail.own() + [("2 MB", mail.large(2 * 1024 * 1024))]
    deliver_all(t, messages, (2525, 2526, 2527))


def test_corpus(t):
    """Any directory of messages, byte for byte: CORPUS=DIR."""
    if not os.environ.get("CORPUS"):
        raise Skip("CORPUS is not set")
    all_filters(t)
    messages = mail.directory(os.environ["CORPUS"])
    check(messages, "no messages in %s", os.environ["CORPUS"])
    deliver_all(t, messages, (2525, 2527))


def test_long_line(t):
    """Longer than a filter may say: smtpd must live, the mail is refused."""
    simple(t, "filter-echo", "filter-tag")
    for port in 2525, 2526:
        for length, code in (LINE_MAX, 250), (LINE_MAX + 1, 550):
            message = mail.plain(body=b"y" * length + b"\n")
            reply = send(port, message, "alice+%d@example.org" % port)
            equal(reply[0] // 100, code // 100,
                  "reply to %d bytes at %d (%s)" % (length, port, reply[1]))
            if code == 250:
                got = mail.split(t.mail_to("alice+%d@example.org" % port))[2]
                check(got == survives(message), "%s",
                      mail.difference(got, survives(message)))


def test_session_of_many(t):
    """Several messages, RSET and refused recipients in one session."""
    simple(t, "filter-tag")
    client = Client(2525)
    client.hello()
    for n in range(20):
        equal(client.cmd("MAIL FROM:<a@example.com>")[0], 250, "MAIL")
        equal(client.cmd("RSET")[0], 250, "RSET")
        check(client.cmd("RCPT TO:<alice@example.org>")[0] >= 500, "RCPT")
        message = mail.plain("n%d" % n)
        equal(client.send(message, "alice+%d@example.org" % n)[0], 250, "DATA")
        rest = mail.split(t.mail_to("alice+%d@example.org" % n))[2]
        equal(rest, message, "delivered")
    equal(client.quit()[0], 221, "QUIT")


def test_parallel(t):
    """40 sessions at once, each line by line and slowly interleaved."""
    simple(t, "filter-echo", "filter-tag")
    messages, errors = {}, []

    def session(n):
        try:
            body = b"".join(b"%d of %d\n" % (i, n) for i in range(200))
            data = messages[n] = mail.plain("s%d" % n, body)
            clients[n].hello()
            reply = clients[n].send(data, "alice+%d@example.org" % n)
            equal(reply[0], 250, "reply")
            clients[n].quit()
        except Exception as error:
            errors.append("session %d: %s" % (n, error))
    # One after the other: smtpd's queue of connections is short.
    clients = [Client(2525 + n % 2) for n in range(40)]
    threads = [threading.Thread(target=session, args=(n,)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(not errors, "%s", errors)
    for n in range(40):
        got = mail.split(t.mail_to("alice+%d@example.org" % n))[2]
        equal(got, messages[n], "mail %d" % n)


def test_max_message_size(t):
    """Too big is smtpd's 5xx, and the session and the filter go on."""
    conf = "smtp max-message-size 100K\n" + t.filter("e", "filter-echo") + \
        t.filter("t", "filter-tag") + \
        'listen on 127.0.0.1 port 2525 filter "e"\n' \
        'listen on 127.0.0.1 port 2526 filter "t"\n'
    t.start(conf)
    for port in 2525, 2526:
        client = Client(port)
        client.hello()
        reply = client.send(mail.large(300 * 1024))
        equal(reply[0], 554, "reply to a big one (%s)" % reply[1])
        equal(client.send(mail.plain(), "alice+%d@example.org" % port)[0],
              250, "reply to a small one")
        t.mail_to("alice+%d@example.org" % port)
        client.close()
    equal(len(t.mails()), 2, "mails")


def test_sendmail(t):
    """Local submission by sendmail(1) over smtpd's socket."""
    conf = t.filter("pause", "filter-pause -s 2") + \
        t.filter("tag", "filter-tag") + \
        'listen on socket filter { "pause", "tag" }\n'
    t.start(conf)
    sendmail = os.path.join(harness.RUN, "sendmail")
    shutil.copy(os.environ["SMTPCTL"], sendmail)
    os.chown(sendmail, 0, 991)
    os.chmod(sendmail, 0o2555)
    message = mail.plain("local")
    start = time.monotonic()
    subprocess.run([sendmail, "-f", "joe@example.com",
                    "alice+local@example.org"], input=message, check=True)
    got = t.mail_to("alice+local@example.org")
    soon(time.monotonic() - start, 1.9, "local mail, without pause,")
    check(b"X-Lines: " in got, "not tagged")
    check(got.endswith(message.partition(b"\n\n")[2]), "body was changed")


def test_bounce(t):
    """smtpd's own bounces come through the socket's filter."""
    conf = t.filter("tag", "filter-tag") + \
        'listen on socket filter "tag"\n' \
        'listen on 127.0.0.1 port 2525 filter "tag"\n' \
        'action "fails" mda "exit 70"\n' \
        'match from any for rcpt-to "bob+fail@example.org" action "fails"\n'
    t.start(conf)
    equal(send(2525, mail.plain("bounces"), "bob+fail@example.org",
               "alice+bounce@example.org")[0], 250, "reply")
    got = t.mail_to("alice+bounce@example.org")
    check(b"X-Lines: " in got, "the bounce was not tagged")
    check(b"Delivery" in got and b"bob+fail@example.org" in got, "no bounce")


def needs_tls():
    if harness.version() < 7:
        raise Skip("smtpd 6.8 with OpenSSL 3 can't serve TLS")


def submission(t, listener):
    needs_tls()
    conf = t.certificate() + CREDS + t.filter("tag", "filter-tag") + \
        t.filter("echo", "filter-echo") + t.filter("pause", "filter-pause -s 0") + \
        'listen on 127.0.0.1 port 2587 %s pki "mx.example.org" auth <creds> ' \
        'filter { "pause", "tag", "echo" }\n' \
        'action "out" relay host smtp://127.0.0.1:2600\n' \
        'match auth from any for any action "out"\n' % listener
    sink = Sink(2600)
    t.cleanup.append(sink.close)
    t.start(conf, deliver=False)
    return sink


def login(client):
    equal(client.cmd("AUTH PLAIN AGFsaWNlAHNlY3JldA==")[0], 235, "AUTH")


def relayed(sink, message):
    wait(lambda: sink.messages, "the mail at the relay")
    got = sink.messages[0][1].replace(b"\r\n", b"\n")
    check(b"X-Lines: " in got, "not tagged")
    equal(mail.split(got)[2], message, "relayed")


def test_submission(t):
    """STARTTLS and AUTH, and both refused first."""
    sink = submission(t, "tls-require")
    client = Client(2587)
    client.hello()
    check(client.cmd("MAIL FROM:<alice@example.org>")[0] >= 500, "MAIL")
    equal(client.cmd("STARTTLS")[0], 220, "STARTTLS")
    client.starttls_now()
    client.hello()
    check(client.cmd("AUTH PLAIN AGFsaWNlAHdyb25n")[0] >= 500, "wrong AUTH")
    login(client)
    message = mail.plain("submitted")
    equal(client.send(message, "x@elsewhere.example",
                      "alice@example.org")[0], 250, "DATA")
    client.quit()
    relayed(sink, message)


def test_smtps(t):
    sink = submission(t, "smtps")
    client = Client(2587, tls=True)
    client.hello()
    login(client)
    message = mail.plain("by smtps")
    equal(client.send(message, "x@elsewhere.example",
                      "alice@example.org")[0], 250, "DATA")
    client.quit()
    relayed(sink, message)


def test_smtp_out(t):
    """A filter attached to a relay gets reports only, and survives them."""
    trace = os.path.join(t.dir, "trace")
    conf = t.filter("echo", "filter-echo") + t.filter("tag", "filter-tag") + \
        t.filter("pause", "filter-pause -s 0") + \
        t.filter("trace", "trace.py " + trace) + \
        'listen on 127.0.0.1 port 2525 filter { "pause", "echo" }\n' \
        'action "out" relay host smtp://127.0.0.1:2600 ' \
        'filter { "pause", "echo", "tag", "trace" }\n' \
        'match from any for any action "out"\n'
    sink = Sink(2600)
    t.cleanup.append(sink.close)
    t.start(conf, deliver=False)
    for n in range(3):
        equal(send(2525, mail.plain("out%d" % n),
                   "x%d@elsewhere.example" % n)[0], 250, "reply")
    wait(lambda: len(sink.messages) == 3, "three mails at the relay")
    wait(lambda: b"|smtp-out|tx-commit|" in harness.read(trace), "reports")


def test_unregistered_socket(t):
    """A client that connects before the filters are ready gets its banner."""
    slow = os.path.join(harness.RUN, "slow.sh")
    with open(slow, "w") as file:
        file.write("#!/bin/sh\nsleep 1\nexec %s\n" %
                   harness.program("filter-echo"))
    os.chmod(slow, 0o755)
    t.start('filter "slow" proc-exec "%s"\n'
            'listen on 127.0.0.1 port 2525 filter "slow"\n' % slow)
    sock = socket.create_connection(("127.0.0.1", 2525), 10)
    equal(sock.recv(100)[:4], b"220 ", "banner")
    sock.close()


def test_thousand_sessions(t):
    """Open and close quickly: nothing is left behind in the filter."""
    simple(t, "filter-tag")
    for n in range(1000):
        client = Client(2525)
        if n % 2:
            client.reset()
        client.close()
    equal(send(2525, mail.plain(), "alice+last@example.org")[0], 250, "reply")
    t.mail_to("alice+last@example.org")
