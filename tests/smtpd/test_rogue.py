# SPDX-License-Identifier: ISC
"""A filter whose author did everything wrong: smtpd lives, and goes on.

The EHLO of a client says what its filter does, and in which phase; after each
misdeed a polite client's mail has to get through.
"""

import socket

import mail
from client import Client, send, wire
from harness import check, equal

ANSWERS = """twice late another junk rewrite rewrite-lines rewrite-big
rewrite-nothing reject-250 reject-9999 reject-nothing reject-lines reject-big
disconnect fail print""".split()
DEATHS = "exit abort crash".split()
PHASES = "helo mail-from rcpt-to data message commit rset noop quit".split()
PORTS = {2525: "", 2526: " -o lines=yes"}


def conf(t, deadline):
    text = ""
    for port, option in PORTS.items():
        name = "rogue%d" % port
        text += t.filter(name, "filter-rogue -o deadline=%s%s" %
                         (deadline, option))
        text += 'listen on 127.0.0.1 port %d filter "%s"\n' % (port, name)
    return text


def misdeed(port, helo):
    """Play a whole session, whatever comes back."""
    client = Client(port, timeout=10)
    try:
        client.hello(helo)
        client.cmd("NOOP")
        client.cmd("MAIL FROM:<joe@example.com>")
        client.cmd("RSET")
        if client.envelope("joe@example.com", ["alice+r@example.org"])[0] == \
                354:
            client.raw(wire(b"Subject: rogue\n\nx\n"))
            client.reply()
        client.cmd("QUIT")
    except (OSError, EOFError, ValueError, socket.timeout):
        pass        # cut off, or a reply that this client does not like
    finally:
        client.close()


def lives(t, port, what):
    """smtpd is there, and a polite client's mail gets through untouched."""
    t.server.healthy()
    lives.n += 1
    rcpt = "alice+p%d@example.org" % lives.n
    data = mail.plain("after " + what)
    equal(send(port, data, rcpt)[0], 250, "reply after " + what)
    equal(mail.split(t.mail_to(rcpt))[2], data, "mail after " + what)


lives.n = 0


def test_wrong_answers(t):
    t.start(conf(t, "2s"))
    for port in PORTS:
        for deed in ANSWERS:
            for phase in PHASES:
                misdeed(port, deed + "." + phase)
            lives(t, port, deed)
    # Else nothing of it was done, and nothing was tested.
    for text in ('result="451 Fine"', 'result="450 Refused"',
                 "rewrite is not possible here", "reason=\"because"):
        check(text in t.server.log(), "not in the log: %s", text)


def test_wrong_messages(t):
    t.start(conf(t, "2s"))
    for helo in ("x.edits", "junk.edits", "x.lines", "x.early",
                 "reject-lines.early", "twice.early", "fail.early"):
        for port in PORTS:
            misdeed(port, helo)
            lives(t, port, helo)


def test_deaths(t):
    t.start(conf(t, "2s"))
    for port in PORTS:
        for deed in DEATHS:
            for phase in PHASES:
                misdeed(port, deed + "." + phase)
                lives(t, port, deed + " in " + phase)
    check("died" in t.server.log(), "no worker died: nothing was tested")


def test_no_answers(t):
    t.start(conf(t, "2s"))
    for port in PORTS:
        for deed in ("silent", "spin", "stop", "close"):
            for phase in ("rcpt-to", "message"):
                misdeed(port, deed + "." + phase)
                lives(t, port, deed + " in " + phase)
