# SPDX-License-Identifier: ISC
"""filter-dkimsign in tests: its keys, its line of smtpd.conf, and whether
what was delivered verifies, by the reference and the verifiers of tests/dkim.

check() raises Failure (through harness.check) with the first thing wrong.
"""

import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
RIG = os.path.join(HERE, "..", "dkim")
sys.path.append(RIG)

import harness  # noqa: E402
import lint  # noqa: E402
import mail  # noqa: E402
import reference  # noqa: E402
import verifiers  # noqa: E402

FILTER = 990            # the user that smtpd runs filters as
DOMAIN = "example.com"


def install(name, path):
    """A key where nobody but the filter can read it, in one step."""
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    with open(os.path.join(RIG, "keys", name + ".pem"), "rb") as key, \
            open(os.open(path + ".new", os.O_WRONLY | os.O_CREAT, 0o600),
                 "wb") as copy:
        copy.write(key.read())
    os.chown(path + ".new", FILTER, FILTER)
    os.rename(path + ".new", path)
    return path


class Signer:
    """A filter's keys and arguments; selectors are rsa and ed25519."""

    def __init__(self, t, names=("rsa",), more="", domains=(DOMAIN,)):
        where = os.path.join(harness.RUN, "keys")
        self.paths = [install(name, os.path.join(where, name + ".pem"))
                      for name in names]
        self.keys = [reference.Key(p, n) for p, n in zip(self.paths, names)]
        self.domains = domains
        words = ["filter-dkimsign"]
        for domain in domains:
            words += ["-d", domain]
        for key in self.keys:
            words += ["-a", key.algorithm.decode(), "-s", key.selector, "-k",
                      key.path]
        self.line = t.filter("dkim", " ".join(words + more.split()))
        self.others = [cls(self.keys) for cls in
                       (verifiers.Dkimpy, verifiers.MailDKIM)
                       if cls in verifiers.available()[0]]
        t.cleanup.append(lambda: [v.close() for v in self.others])

    def own(self, got):
        """(our fields, all fields, body's lines) of what was delivered"""
        got = mail.ENVELOPE.sub(b"", got, 1)
        lines = got.split(b"\n")
        if lines[-1] == b"":
            lines.pop()
        fields, body, _ = reference.split(lines)
        ours = []
        for field in fields[:len(self.keys)]:
            if field.key == b"dkim-signature":
                ours.append(field)
        return ours, fields, body, lines

    def check(self, got, what="mail"):
        """It is signed by all keys, rightly; what each signature says."""
        ours, fields, body, lines = self.own(got)
        harness.equal(len(ours), len(self.keys), "signatures of " + what)
        found = []
        for field, key in zip(ours, self.keys):
            try:
                found.append(reference.verify(field, fields, body, key))
                lint.check(field, fields, time.time())
            except reference.Bad as bad:
                raise harness.Failure("%s: %s: %s" % (what, key.selector, bad))
            harness.check(found[-1][b"d"].decode() in self.domains, "d=%r",
                          found[-1][b"d"])
        self.ask_others(b"\r\n".join(lines) + b"\r\n", found, what)
        return found

    def ask_others(self, wire, found, what):
        for verifier in self.others:
            said = verifier.verify(wire)
            for key, tags in zip(self.keys, found):
                want = tags[b"d"].decode(), key.selector, "pass"
                if key.algorithm in verifier.algorithms:
                    harness.check(want in said, "%s: %s says %s", what,
                                  verifier.name, said)

    def unsigned(self, got, what="mail"):
        harness.equal(self.own(got)[0], [], "signatures of " + what)
