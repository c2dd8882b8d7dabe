# SPDX-License-Identifier: ISC
"""quickstart's outgoing mail: a new key, a relay to somewhere, and what a
verifier there says.  Raises (check() does) when that is not what should be.
"""

import os
import re
import shutil
import subprocess

import dkim

import harness
import mail
from client import Sink
from harness import check, equal, wait

DOMAIN, SELECTOR = b"example.org", b"default"
RELAY = 'action "out" relay host smtp://127.0.0.1:2600\n' \
    'match from local for domain "elsewhere.example" action "out"\n'


def make_key(t):
    """As an operator does: dkim-genkey; the filter's line of smtpd.conf."""
    where = os.path.join(harness.RUN, "dkim")
    os.makedirs(where)
    subprocess.run([os.path.join(harness.BUILD, "filter-dkimsign/dkim-genkey"),
                    "-d", DOMAIN.decode(), "-D", where], check=True)
    key = os.path.join(where, "default.private")
    os.chown(key, 990, 990)             # smtpd runs filters as this user
    t.record = re.findall(r'"([^"]*)"', harness.read(
        os.path.join(where, "default.txt")).decode())
    return t.filter("dkim", "filter-dkimsign -d %s -s %s -k %s -O "
                    "-c relaxed/relaxed" % (DOMAIN.decode(),
                                            SELECTOR.decode(), key)) + RELAY


def sendmail(sender, rcpt, message):
    """A user of this machine writes."""
    path = os.path.join(harness.RUN, "sendmail")
    if not os.path.exists(path):
        shutil.copy(os.environ["SMTPCTL"], path)
        os.chown(path, 0, 991)
        os.chmod(path, 0o2555)
    subprocess.run([path, "-f", sender, rcpt], input=message, check=True)


def verify(t, wire):
    """dkimpy's word, with what dkim-genkey wrote as the DNS."""
    def lookup(name, timeout=5):
        want = SELECTOR + b"._domainkey." + DOMAIN + b"."
        equal(name, want, "the name that was looked up")
        return "".join(t.record).encode()
    return "pass" if dkim.verify(wire, dnsfunc=lookup) else "fail"


def row_outgoing(t):
    """a user of this machine writes to somebody elsewhere"""
    sink = Sink(2600)
    t.cleanup.append(sink.close)
    message = mail.plain("to the world").replace(b"joe@example.com",
                                                 b"bob@example.org")
    sendmail("bob@example.org", "ann@elsewhere.example", message)
    wait(lambda: sink.messages, "the mail at the next server")
    wire = sink.messages[0][1]
    field = re.search(rb"^DKIM-Signature:.*?\r\n(?![ \t])", wire, re.M | re.S)
    check(field, "it is not signed: %s", wire[:400])
    equal(verify(t, wire), "pass", "dkimpy's word")
    equal(verify(t, wire.replace(b"Hello.", b"Hullo.")), "fail",
          "dkimpy's word for a forged one")
    text = re.sub(r"\s+", " ", field.group().decode())
    return "signed for example.org, and on its way", [
        ("header", re.sub(r"( b=.{16}).*", r"\1 ...", text)),
        ("dkimpy", "pass; fail, when one letter is another"),
        ("DNS", "default._domainkey.example.org TXT %s..." %
         "".join(t.record)[:44])]
