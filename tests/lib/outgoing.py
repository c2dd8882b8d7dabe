# SPDX-License-Identifier: ISC
"""quickstart's outgoing mail: a new key, a signer, which is the filter or with
--milter OpenDKIM, a relay to somewhere, and what a verifier there says.  Raises
(check() does) when that is not what should be.
"""

import os
import re
import shutil
import subprocess

import dkim

import harness
import mail
import milters
from client import Sink
from harness import check, equal, wait

DOMAIN, SELECTOR = b"example.org", b"default"
RELAY = 'action "out" relay host smtp://127.0.0.1:2600\n' \
    'match from local for domain "elsewhere.example" action "out"\n'
# As in opendkim.conf(5).  On libmilter Socket is needed by its parser only, and
# RequireSafeKeys looks at /tmp, in which all of this is.
OPENDKIM = """\
Domain %s
Selector %s
KeyFile %s
Canonicalization relaxed/relaxed
Mode s
Socket inet:8891@localhost
RequireSafeKeys no
Background no
"""


def make_key(t):
    """As an operator does: dkim-genkey; the path of the private one."""
    where = os.path.join(harness.RUN, "dkim")
    os.makedirs(where)
    subprocess.run([os.path.join(harness.BUILD, "filter-dkimsign/dkim-genkey"),
                    "-d", DOMAIN.decode(), "-D", where], check=True)
    key = os.path.join(where, "default.private")
    os.chown(key, 990, 990)             # smtpd runs filters as this user
    t.record = re.findall(r'"([^"]*)"', harness.read(
        os.path.join(where, "default.txt")).decode())
    return key


def start_signer(t, milter):
    """The filter's line of smtpd.conf."""
    what = DOMAIN.decode(), SELECTOR.decode(), make_key(t)
    t.signed = r"action=accept milters=1 changed-by=1" if milter else \
        r"action=sign .*from=bob@example\.org"
    if not milter:
        return RELAY + t.filter("dkim", "filter-dkimsign -d %s -s %s -k %s "
                                "-O -c relaxed/relaxed" % what)
    milters.need("opendkim")
    conf = milters.write(os.path.join(t.dir, "opendkim.conf"), OPENDKIM % what)
    return RELAY + milters.guest(t, "dkim", [milters.program("opendkim"), "-f",
                                             "-x", conf])


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
    pattern = r"dkim: [0-9a-f]{16} src=local " + t.signed
    t.server.wait_log(pattern)
    line = t.server.filters_logged(pattern)[0]
    return "signed for example.org, and on its way", [
        ("header", re.sub(r"( b=.{16}).*", r"\1 ...", text)),
        ("log", line[line.index("dkim: ") + len("dkim: "):]),
        ("dkimpy", "pass; fail, when one letter is another"),
        ("DNS", "default._domainkey.example.org TXT %s..." %
         "".join(t.record)[:44])]
