# SPDX-License-Identifier: ISC
"""Rows of run: what filter-spamassassin costs on top of spamd itself, against
Debian's spampd, with the rules of tests/smtpd/sa and the same message.

What counts is the time that a mail takes more than spamd needs for it, which is
asked directly by tests/bench/asks.  Mails go one after the other, and of each
the fastest batch counts: what a machine does besides makes a batch slower only,
and spamd's own time changes by more than ours is.
"""

import os
import re
import shutil
import smtplib
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, '..', 'smtpd'))

import assassin  # noqa: E402
from client import Sink  # noqa: E402

FILTER = 'filter-spamassassin/filter-spamassassin'
SPAMPD = '/usr/sbin/spampd'
BAR = 0.5               # ms
LIMIT = 8.0             # MB
SINK, PORT = 20026, 20025
BATCH = 25              # mails
MAIL = """\
Received: from client.example (mx.example [198.51.100.7])
\tby mx.example.org (OpenSMTPD) with ESMTP id 30025a01
\tfor <alice@example.org>;
\tSat, 21 Nov 2026 12:00:00 +0000 (UTC)
From: Joe Smith <joe@example.com>
To: Alice Miller <alice@example.org>
Subject: The minutes of our meeting last Tuesday, and what is to do
Date: Tue, 03 Feb 2026 10:11:12 +0100
Message-ID: <20260203.101112.4711@mail.example.com>

""" + 22 * ('It was agreed that all of this will be looked at again by Friday '
            'noon.\n')


class Rig:
    """A spamd and the mail, for one row."""

    def __init__(self, b, missing):
        if not assassin.program():
            raise missing('spamd is not installed')
        self.b, self.path = b, b.path
        self.where = os.path.join(b.where.name, 'spam%f' % time.monotonic())
        self.spamd = assassin.Spamd(self.where)
        self.mail = os.path.join(self.where, 'mail')
        with open(self.mail, 'w') as file:
            file.write(MAIL)

    def close(self):
        self.spamd.close()

    def asked(self, count):
        """Milliseconds of spamd alone."""
        done = subprocess.run(
            [self.path('tests/bench/asks'), self.spamd.path, self.mail,
             str(count)], stdout=subprocess.PIPE, text=True, check=True)
        return float(done.stdout.strip().split('=')[1]) / 1000

    def filtered(self, count):
        return self.b.drive(
            'wall_us', ['-n', str(count), '-w', '1', '-f', self.mail, '-t',
                        'X-Spam-'], FILTER, '-o',
            'server=' + self.spamd.server, driver='mails') / 1000


class Spampd:
    """Debian's, with our rules, and a log on stderr: as shipped it needs
    /dev/log, and taint mode does not let it have a home."""

    def __init__(self, where, relay=None):
        """It relays to that port, or to a sink of its own."""
        with open(SPAMPD) as file:
            text = file.read()
        rules = os.path.join(assassin.SA, 'rules')
        site = os.path.join(assassin.SA, 'site')
        for old, new in ((r'\A(#!\S+) -T', r'\1'),
                         (r"(log_file +=> )'Sys::Syslog'", r'\1undef'),
                         (r'(my \$sa_options = \{)',
                          r"\1 rules_filename => '%s', "
                          r"site_rules_filename => '%s'," % (rules, site))):
            text, count = re.subn(old, new, text, 1)
            if count != 1:
                sys.exit('spampd is not as it was: ' + old)
        path = os.path.join(where, 'spampd')
        with open(path, 'w') as file:
            file.write(text)
        home = os.path.join(where, 'spampd-home')
        os.makedirs(home)
        os.chmod(where, 0o755)
        self.sink = None if relay else Sink(SINK)
        with open(os.path.join(where, 'spampd.log'), 'wb') as log:
            self.process = subprocess.Popen(
                ['perl', path, '--host=127.0.0.1:%d' % PORT,
                 '--relayhost=127.0.0.1:%d' % (relay or SINK), '--nodetach',
                 '--user=nobody', '--group=nogroup', '--pid=' + path + '.pid',
                 '--homedir=' + home, '--local-only', '--tagall',
                 '--children=2'], stdout=log, stderr=log,
                start_new_session=True)
        self.log = log.name
        shutil.chown(home, 'nobody', 'nogroup')

    def wait(self):
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(('127.0.0.1', PORT), 1).close()
                return
            except OSError:
                if time.monotonic() > end:
                    with open(self.log) as log:
                        sys.exit('spampd: ' + log.read()[-1000:])
                time.sleep(0.05)

    def close(self):
        if self.sink:
            self.sink.close()
        os.killpg(self.process.pid, 9)
        self.process.wait()

    def sent(self, count, port):
        """Milliseconds a mail, by one connection to this port."""
        have = len(self.sink.messages)
        with smtplib.SMTP('127.0.0.1', port) as smtp:
            smtp.ehlo()
            began = time.monotonic()
            for _ in range(count):
                smtp.sendmail('joe@example.com', 'alice@example.org', MAIL)
            took = time.monotonic() - began
        if len(self.sink.messages) != have + count or (
                port == PORT and
                b'X-Spam-Status: No, score=' not in self.sink.messages[-1][1]):
            sys.exit('spampd: a mail is missing, or not marked')
        return took * 1000 / count


def fastest(b, rig, peer):
    """Milliseconds of (spamd, the filter, spampd, spampd's sink), in turns."""
    rows = []
    for _ in range(10 * b.pairs):
        rows.append((rig.asked(BATCH), rig.filtered(BATCH),
                     peer.sent(BATCH // 5, PORT) if peer else 0,
                     peer.sent(BATCH // 5, SINK) if peer else 0))
    return [min(column) for column in zip(*rows)]


def row(missing):
    def measure(b):
        rig, peer = Rig(b, missing), None
        try:
            if os.path.exists(SPAMPD):
                peer = Spampd(rig.where)
                peer.wait()
            alone, ours, theirs, sink = fastest(b, rig, peer)
        finally:
            rig.close()
            if peer:
                peer.close()
        a, p = ours - alone, theirs - sink - alone if peer else BAR
        return '%.2fms' % a, '%.2fms' % p, a / p, BAR / p, 0 < a <= BAR
    return measure


def message(f, number):
    """One mail through an Idle of run, as smtpd says it."""
    sid = b'%016x' % (0x77a5cdf91d000000 + number)
    f.connect(number, b'198.51.100.7', False)
    head = b'|0.7|1795291025.000001|smtp-in|'
    text = b''.join(
        b'report' + head + what % sid for what in (
            b'link-identify|%s|EHLO|client.example\n',
            b'tx-begin|%s|30025a01\n',
            b'tx-mail|%s|30025a01|ok|joe@example.com\n',
            b'tx-rcpt|%s|30025a01|ok|alice@example.org\n',
            b'tx-data|%s|30025a01|ok\n'))
    front = b'filter' + head + b'data-line|' + sid + b'|' + sid + b'|'
    f.sock.sendall(text + b''.join(
        front + line + b'\n' for line in MAIL.encode().split(b'\n')[:-1] +
        [b'.']))
    marked = False
    while True:
        line = f.line().split(b'|', 3)[-1]
        marked = marked or line.startswith(b'X-Spam-Status: No, score=')
        if line == b'.':
            break
    f.sock.sendall(b'filter' + head + b'commit|%s|%s\n' % (sid, sid))
    if not f.line().endswith(b'|proceed') or not marked:
        sys.exit('spamassassin-memory: a mail is not marked')
    f.sock.sendall(b'report' + head + b'tx-commit|%s|30025a01|4711\n' % sid +
                   b'report' + head + b'link-disconnect|%s\n' % sid)


def memory_row(missing, idle, tree_pss):
    """All processes, after a hundred mails; spamd is not ours."""
    def measure(b):
        rig, peer = Rig(b, missing), None
        try:
            f = idle(b.path(FILTER), '-o', 'server=' + rig.spamd.server)
            for number in range(100):
                message(f, number)
            size = f.pss() / 1048576
            f.stop()
            p = LIMIT
            if os.path.exists(SPAMPD):
                peer = Spampd(rig.where)
                peer.wait()
                peer.sent(20, PORT)
                p = tree_pss(peer.process.pid) / 1048576
        finally:
            rig.close()
            if peer:
                peer.close()
        return ('%.1fMB' % size, '%.1fMB' % p, size / p, LIMIT / p,
                size <= LIMIT)
    return measure
