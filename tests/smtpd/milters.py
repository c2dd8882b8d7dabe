# SPDX-License-Identifier: ISC
"""Real milters in tests: OpenDKIM, clamd with clamav-milter; as daemons, and
as what smtpd starts by itself, on our libmilter.

Asked is the MTA's side of the wire, as short as it can be: what a daemon says
to a mail, and what that mail has to become by it, for comparison.
"""

import base64
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import time

import harness

KEY = os.path.join(harness.HERE, "..", "dkim", "keys", "rsa.pem")
FILTER = 990            # the user that smtpd runs filters as
# In pieces, so that no scanner minds this file.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-" + \
    b"ANTIVIRUS-TEST-FILE!$H+H*\n"


def program(name):
    """Where it is, or None: see fetch."""
    cache = os.environ.get("OSF_CACHE", "/var/cache/opensmtpd-filters-tests")
    paths = [os.path.join(cache, where, name) for where in
             ("milters/usr/sbin", "more-milters/usr/sbin",
              "more-milters/usr/bin")]
    return next(filter(os.path.exists, paths), None) or shutil.which(name)


def need(*names):
    for name in names:
        if not program(name):
            raise harness.Skip("there is no " + name)


def write(path, text):
    with open(path, "w") as file:
        file.write(text)
    return path


class Daemon:
    """argv, to be set: what is started, as user; it listens at path."""

    user, mode = None, 0o777

    def __init__(self, t, name):
        self.dir = os.path.join(t.dir, name)
        os.makedirs(self.dir)
        os.chmod(self.dir, 0o777)
        self.path = os.path.join(self.dir, "socket")
        self.name = "unix:" + self.path
        self.process = None
        t.cleanup.append(self.kill)

    def start(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        with open(os.path.join(self.dir, "log"), "ab") as log:
            self.process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, cwd=self.dir, user=self.user,
                group=self.user, extra_groups=[] if self.user else None)
        harness.wait(self.listens, self.argv[0] + " to listen", 30)
        if self.mode:
            os.chmod(self.path, self.mode)
        return self

    def listens(self):
        harness.check(self.process.poll() is None, "%s: %s", self.argv[0],
                      harness.read(os.path.join(self.dir, "log"))[-500:])
        try:
            self.connect().close()
            return True
        except OSError:
            return False

    def connect(self):
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(self.path)
        except OSError:
            sock.close()
            raise
        return sock

    def signal(self, number):
        os.killpg(self.process.pid, number)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.signal(signal.SIGKILL)
            self.process.wait()


def library():
    """The directory of ours."""
    where = os.path.join(harness.RUN, "lib")
    copy = os.path.join(where, "libmilter.so.1.0.1")
    if not os.path.exists(copy):
        os.makedirs(where, exist_ok=True)
        shutil.copy(os.path.join(harness.BUILD, "libmilter",
                                 "libmilter.so.1.0.1"), copy)
    return where


def guest(t, name, argv, options=""):
    """smtpd.conf's line for a milter that is a filter itself."""
    copy = os.path.join(harness.RUN, "bin", "guest-" + name)
    os.makedirs(os.path.dirname(copy), exist_ok=True)
    shutil.copy(argv[0], copy)
    return 'filter "%s" proc-exec "/usr/bin/env LD_LIBRARY_PATH=%s ' \
        "'SMTPD_MILTER=%s' %s\"\n" % (name, library(), options,
                                      " ".join([copy, *argv[1:]]))


class OpenDKIM(Daemon):
    """Mode is s or v; InternalHosts are those that it signs for."""

    def __init__(self, t, mode="s", name="opendkim"):
        need("opendkim")
        super().__init__(t, name)
        key = os.path.join(self.dir, "rsa.pem")
        shutil.copy(KEY, key)
        os.chmod(key, 0o600)
        os.chown(key, FILTER, FILTER)
        public = subprocess.run(["openssl", "pkey", "-in", KEY, "-pubout",
                                 "-outform", "DER"], check=True,
                                stdout=subprocess.PIPE).stdout
        dns = write(os.path.join(self.dir, "dns"),
                    "rsa._domainkey.example.com v=DKIM1; k=rsa; p=%s\n" %
                    base64.b64encode(public).decode())
        hosts = write(os.path.join(self.dir, "hosts"),
                      "127.0.0.1\n" if mode == "s" else "203.0.113.77\n")
        self.conf = """Mode %s
Domain example.com
Selector rsa
KeyFile %s
Canonicalization relaxed/relaxed
RequireSafeKeys no
AuthservID mx.example.org
InternalHosts %s
TestDNSData file:%s
Background no
Syslog no
""" % (mode, key, hosts, dns)
        daemon = write(os.path.join(self.dir, "daemon.conf"), self.conf +
                       "Socket local:%s\nUMask 000\n" % self.path)
        self.argv = [program("opendkim"), "-f", "-x", daemon]

    def guest(self, t, name="guest", options=""):
        conf = write(os.path.join(self.dir, "guest.conf"), self.conf +
                     "Socket inet:1@127.0.0.1\n")
        return guest(t, name, [program("opendkim"), "-f", "-x", conf], options)


class Clamd(Daemon):
    """With one signature, and no other database."""

    def __init__(self, t):
        need("clamd", "clamav-milter")
        super().__init__(t, "clamd")
        base = os.path.join(self.dir, "db")
        os.makedirs(base)
        write(os.path.join(base, "local.ndb"), "Test.EICAR.local:0:*:%s\n" %
              EICAR.strip().hex())
        conf = write(os.path.join(self.dir, "conf"), "DatabaseDirectory %s\n"
                     "LocalSocket %s\nLocalSocketMode 666\nForeground yes\n"
                     "TemporaryDirectory %s\n" % (base, self.path, self.dir))
        self.argv = [program("clamd"), "--foreground", "-c", conf]


class ClamavMilter(Daemon):
    def __init__(self, t, clamd, infected="Reject", name="clamav"):
        super().__init__(t, name)
        self.conf = """ClamdSocket unix:%s
OnInfected %s
AddHeader Replace
ReportHostname mx.example.org
Foreground yes
TemporaryDirectory %s
%s""" % (clamd.path, infected, self.dir,
         "RejectMsg Infected: %v\n" if infected == "Reject" else "")
        daemon = write(os.path.join(self.dir, "daemon.conf"), self.conf +
                       "MilterSocket unix:%s\nMilterSocketMode 666\n" %
                       self.path)
        self.argv = [program("clamav-milter"), "-c", daemon]

    def guest(self, t, name="guest", options=""):
        conf = write(os.path.join(self.dir, "guest.conf"), self.conf +
                     "MilterSocket inet:1@127.0.0.1\n")
        return guest(t, name, [program("clamav-milter"), "-c", conf], options)


class Asked:
    """A milter's word on one mail: reply is None or (code, text), said the
    letters of what it wanted, and message what that makes of the mail, with
    RECEIVED for smtpd's own field."""

    RECEIVED = b"Received: RECEIVED\n"

    def __init__(self, daemon, message, rcpt, sender="joe@example.com"):
        self.reply, self.said = None, ""
        head, _, self.body = message.partition(b"\n\n")
        self.fields = re.findall(rb"[^\n]*\n(?:[ \t][^\n]*\n)*", head + b"\n")
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(daemon.path)
        try:
            self.talk(rcpt.encode(), sender.encode())
        finally:
            self.sock.close()

    @property
    def message(self):
        return b"".join(self.fields) + b"\n" + self.body

    def send(self, letter, data=b""):
        self.sock.sendall(struct.pack(">I", len(data) + 1) + letter + data)

    def read(self, n):
        data = b""
        while len(data) < n:
            more = self.sock.recv(n - len(data))
            harness.check(more, "the milter hung up")
            data += more
        return data

    def take(self):
        data = self.read(struct.unpack(">I", self.read(4))[0])
        return data[:1], data[1:]

    def ask(self, letter, data, unwanted, unanswered):
        """True if that was the end."""
        if self.protocol & unwanted:
            return False
        self.send(letter, data)
        if self.protocol & unanswered:
            return False
        while True:
            word, data = self.take()
            if word in b"him+-eqb2":
                self.change(word, data)
            elif word != b"p":
                break
        self.said += word.decode()
        if word == b"y":
            text = data.rstrip(b"\0").decode()
            self.reply = int(text[:3]), text
        return word not in b"cs"

    def talk(self, rcpt, sender):
        self.send(b"O", struct.pack(">III", 6, 0x1ff, 0x1fffff))
        self.protocol = struct.unpack(">III", self.take()[1][:12])[2]
        self.lead = b"" if self.protocol & 0x100000 else b" "
        self.send(b"D", b"Cj\0mx.example.org\0")
        client = b"localhost\0" + b"4\0\1" + b"127.0.0.1\0"
        end = self.ask(b"C", client, 1, 0x1000) or \
            self.ask(b"H", b"client.example\0", 2, 0x2000)
        self.send(b"D", b"Mi\x000badc0de\0")
        end = end or self.ask(b"M", b"<%s>\0" % sender, 4, 0x4000) or \
            self.ask(b"R", b"<%s>\0" % rcpt, 8, 0x8000) or \
            self.ask(b"T", b"", 0x200, 0x10000)
        for field in self.fields:
            name, _, value = field[:-1].partition(b":")
            if self.lead and value[:1] == b" ":
                value = value[1:]
            end = end or self.ask(b"L", b"%s\0%s\0" % (name, value), 0x20,
                                  0x80)
        end = end or self.ask(b"N", b"", 0x40, 0x40000)
        body = self.body.replace(b"\n", b"\r\n")
        for at in range(0, len(body), 65535):
            end = end or self.ask(b"B", body[at:at + 65535], 0x10, 0x80000)
        self.fields.insert(0, self.RECEIVED)
        if not end:
            self.ask(b"E", b"", 0, 0)
        self.send(b"Q")

    def change(self, word, data):
        self.said += word.decode()
        if word not in b"hm" + b"i":
            return
        index = 0
        if word != b"h":
            index, data = struct.unpack(">I", data[:4])[0], data[4:]
        name, value = data.split(b"\0")[:2]
        field = b"%s:%s%s\n" % (name, self.lead, value)
        if word == b"h":
            self.fields.append(field)
        elif word == b"i":
            self.fields.insert(index, field)
        else:
            self.set(name, max(index, 1), field if value else b"")

    def set(self, name, nth, field):
        """Fields that are deleted stay, as nothing, and count."""
        for i, old in enumerate(self.fields):
            if old != self.RECEIVED and \
                    old.lower().startswith(name.lower() + b":"):
                nth -= 1
                if nth == 0:
                    self.fields[i] = field
                    return
        if field:
            self.fields.append(field)
