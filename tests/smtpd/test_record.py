# SPDX-License-Identifier: ISC
"""Records what smtpd says to filters, as conversations for tests/talk.

    RECORD=DIR run 6.8|7 record

leaves one NAME-VERSION.talk in DIR for each function here; look at it and put
it into tests/talk/recorded.  A recording is made with a filter that registers
everything, so it can be replayed to any other.
"""

import os
import shutil
import subprocess

import harness
import mail
from client import Client, Sink, send
from harness import Skip, check, equal, wait
from test_delivery import CREDS, login

RECORDER = os.path.join(harness.HERE, "..", "talk", "record.py")


def recording(t, conf):
    """Starts smtpd with a recorded filter "rec"; where it is written to."""
    out = os.path.join(t.dir, "out.talk")
    recorder = os.path.join(harness.RUN, "bin", "record.py")
    shutil.copy(RECORDER, recorder)
    os.chmod(recorder, 0o755)
    t.start('filter "rec" proc-exec "%s %s %s /dev/null"\n' %
            (recorder, out, harness.program("trace.py")) + conf)
    return out


def finish(t, out, must):
    """smtpd ends, the recording is complete: check and keep it."""
    t.stop()
    t.server = None
    wait(lambda: must in harness.read(out), "%r in the recording" % must)
    talk = subprocess.run(["grep", "-c", "^> filter", out],
                          stdout=subprocess.PIPE).stdout
    check(int(talk) > 0, "no requests in the recording")
    where = os.environ.get("RECORD") or t.dir
    os.makedirs(where, exist_ok=True)
    name = "%s-%s.talk" % (t.name, "7" if harness.version() >= 7 else "6.8")
    shutil.copyfile(out, os.path.join(where, name))


def test_messages(t):
    """All our small messages, one after the other."""
    out = recording(t, 'listen on 127.0.0.1 port 2525 filter "rec"\n')
    client = Client(2525)
    client.hello()
    for _, data in mail.own():
        if len(data) < 2000:
            client.send(data)
    client.quit()
    finish(t, out, b"tx-commit")


def test_too_big(t):
    out = recording(t, "smtp max-message-size 2K\n"
                    'listen on 127.0.0.1 port 2525 filter "rec"\n')
    equal(send(2525, mail.large(5000))[0], 554, "reply")
    finish(t, out, b"filter|smtp-in|commit")


def test_refused(t):
    """Commands that smtpd refuses, a transaction given up, HELO again."""
    out = recording(t, 'listen on 127.0.0.1 port 2525 filter "rec"\n')
    client = Client(2525)
    for line in ("NOOP", "MAIL FROM:<a@example.com>", "HELO one", "RSET",
                 "MAIL FROM:<a@example.com>", "RCPT TO:<x@elsewhere.example>",
                 "RCPT TO:<nobody@example.org>", "RCPT TO:<alice@example.org>",
                 "EHLO two", "MAIL FROM:<b@example.com> SIZE=100",
                 "RCPT TO:<alice@example.org>", "RSET", "HELP", "QUIT"):
        client.cmd(line)
    finish(t, out, b"tx-rollback")


def test_socket(t):
    """A bounce, which smtpd sends through its own socket."""
    out = recording(t, 'listen on socket filter "rec"\n'
                    "listen on 127.0.0.1 port 2525\n"
                    'action "fails" mda "exit 70"\n'
                    'match from any for rcpt-to "bob+fail@example.org" '
                    'action "fails"\n')
    equal(send(2525, mail.plain("bounces"), "bob+fail@example.org",
               "alice+bounce@example.org")[0], 250, "reply")
    t.mail_to("alice+bounce@example.org")
    finish(t, out, b"|local")


def test_smtp_out(t):
    """Both directions to one filter."""
    sink = Sink(2600)
    t.cleanup.append(sink.close)
    out = recording(t, 'listen on 127.0.0.1 port 2525 filter "rec"\n'
                    'action "out" relay host smtp://127.0.0.1:2600 '
                    'filter "rec"\n'
                    'match from any for domain "elsewhere.example" '
                    'action "out"\n')
    equal(send(2525, mail.plain("out"), "x@elsewhere.example")[0], 250,
          "reply")
    wait(lambda: sink.messages, "the mail at the relay")
    finish(t, out, b"smtp-out|tx-commit")


def test_submission(t):
    """STARTTLS and AUTH."""
    if harness.version() < 7:
        raise Skip("smtpd 6.8 with OpenSSL 3 can't serve TLS")
    out = recording(t, t.certificate() + CREDS +
                    'listen on 127.0.0.1 port 2587 tls-require '
                    'pki "mx.example.org" auth <creds> filter "rec"\n')
    client = Client(2587)
    client.hello()
    equal(client.cmd("STARTTLS")[0], 220, "STARTTLS")
    client.starttls_now()
    client.hello()
    login(client)
    equal(client.send(mail.plain("submitted"))[0], 250, "DATA")
    client.quit()
    finish(t, out, b"link-auth")
