# SPDX-License-Identifier: ISC
"""Is what became of a message what should have become of it?

One Judge for each run of a filter: it knows the keys that sign and who may
verify.  Nothing is raised for a wrong filter; failures are collected, as
text, and what no verifier could do with a right signature either is counted.
"""

import collections
import hashlib
import time

import later
import lint
import reference
import tricky
from reference import Bad
from tricky import EITHER, LEAVE, SIGN

MAX_HEADER, MAX_FIELDS = 1 << 20, 2000
LARGE = 16384           # a header that no copy is made of, in z=

# RFC 6376, 5.4.1: what Debian's filter-dkimsign signs, and we without -O.
DEFAULT = b"""from reply-to subject date to cc resent-date resent-from
resent-to resent-cc in-reply-to references list-id list-help list-unsubscribe
list-subscribe list-post list-owner list-archive""".split()
# With -O: "o" once more than there are, "x" so if there is one.
OVERSIGN = dict(word.split(b"/") if b"/" in word else (word, b"")
                for word in b"""from/o subject/o to/o cc/o reply-to/o date/x
message-id/x mime-version/x content-type/x content-transfer-encoding/x
in-reply-to/x references/x sender list-id list-help list-unsubscribe
list-unsubscribe-post list-subscribe list-post list-owner list-archive
resent-date resent-from resent-sender resent-to resent-cc resent-message-id
content-id content-description autocrypt feedback-id""".split())


def classify(lines, host):
    """(what a signer should do, why) by the rules of RFC 5322, 3.6, and ours."""
    if any(b"\r" in line for line in lines):
        return LEAVE, "a bare CR"
    fields, _, _ = reference.split(lines)
    if not fields or fields[0].lines[0][:1] in (b" ", b"\t"):
        return LEAVE, "no header"
    if not all(f.colon for f in fields):
        return LEAVE, "no colon"
    if sum(f.key == b"from" for f in fields) != 1:
        return LEAVE, "From is not there once"
    for f in fields:
        if not f.name or not all(32 < c < 127 for c in f.name):
            return EITHER, "an odd name"
    if len(fields) > MAX_FIELDS or sum(len(f.raw) for f in fields) > MAX_HEADER:
        return EITHER, "large"
    return SIGN, ""


def stays(lines, host):
    """Will smtpd, whichever it is, leave a completed message alone?"""
    return all(later.rewrite(later.rewrite(lines, host, new, False), host,
                             new, False) ==
               later.rewrite(lines, host, new, False) for new in (0, 1))


def expected_names(fields, oversign):
    """h= as a bag, for the default lists."""
    have = collections.Counter(f.key for f in fields)
    names = collections.Counter()
    for name in OVERSIGN if oversign else DEFAULT:
        names[name] = have[name]
        mark = OVERSIGN[name] if oversign else b""
        if mark == b"o" or mark == b"x" and have[name]:
            names[name] += 1
    return +names


class Judge:
    """keys: of the signatures, in the order in which they are expected."""

    def __init__(self, keys, how, how_body, verifiers, options):
        self.keys, self.how, self.how_body = keys, how, how_body
        self.verifiers, self.options = verifiers, options
        self.failures = []
        self.counts = collections.Counter()
        self.excluded = collections.Counter()
        self.fields = {}        # name of a message: its signatures' bytes
        self.slowest = 0.0, ""      # seconds, and which message
        self.known = {}         # what verified already

    def fail(self, name, text, *args):
        self.failures.append("%s: %s" % (name, text % args))

    def ok(self, what, n=1):
        self.counts[what] += n

    # -- one message ---------------------------------------------------

    def message(self, name, want, result, through, domain=None):
        """want: SIGN, LEAVE, EITHER, or None to find out"""
        self.slowest = max(self.slowest, (result.took, name))
        host = through.host
        if through.too_long(result.sent):
            if (result.answer or "").startswith("reject|5"):
                self.ok("refused")
            else:
                self.fail(name, "a line too long to pass: %s", result.answer)
            return
        if result.answer not in ("proceed", None):
            self.fail(name, "answered %s", result.answer)
            return
        sent = through.cut(result.sent)
        if want is None:
            want, _ = classify(sent, host)
        if want == SIGN and not stays(sent, host):
            want = EITHER
        if result.got == sent:
            self.left(name, want, sent)
            return
        if want == LEAVE:
            self.fail(name, "signed or changed, and should not be")
            return
        self.signed(name, result.got, sent, through, domain)

    def left(self, name, want, sent):
        if want == SIGN:
            self.fail(name, "not signed")
        else:
            self.ok("left")

    def signed(self, name, got, sent, through, domain):
        fields, lines, gap = reference.split(got)
        own, fields = fields[:len(self.keys)], fields[len(self.keys):]
        if len(own) != len(self.keys) or \
                any(f.key != b"dkim-signature" for f in own):
            self.fail(name, "no signature on top: %r", got[0][:80])
            return
        rest = [line for f in fields for line in f.lines] + \
            ([b""] if gap else []) + lines
        if not self.same(name, rest, sent, through):
            return
        self.fields[name] = b"\n".join(f.raw for f in own)
        views = [("", own + fields)]
        if self.options.post:
            view = later.rewrite(got, through.host, through.new)
            if view != got:
                views.append((" after smtpd", reference.split(view)[0]))
        for suffix, view in views:
            self.verify(name + suffix, view, lines, gap, domain)
        self.ok("signed")

    def same(self, name, rest, sent, through):
        """Nothing but addresses that smtpd would complete was changed."""
        done = through.cut(later.rewrite(sent, through.host, through.new,
                                         False))
        for got in rest, through.cut(later.rewrite(
                rest, through.host, through.new, False)):
            if got not in (sent, done):
                n = next((i for i, (a, b) in enumerate(zip(got, done))
                          if a != b), min(len(got), len(done)))
                self.fail(name, "line %d changed: %r, not %r", n + 1,
                          got[n:n + 1], done[n:n + 1])
                return False
        return True

    # -- its signatures ------------------------------------------------

    def verify(self, name, fields, lines, gap, domain):
        count = len(self.keys)
        wire = b"".join(line + b"\r\n" for f in fields for line in f.lines)
        wire += b"\r\n" if gap else b""
        wire += b"".join(line + b"\r\n" for line in lines)
        key = hashlib.sha256(wire).digest()
        if key in self.known:           # by the other protocol
            self.ok("again")
            return
        self.known[key] = True
        for field, key in zip(fields[:count], self.keys):
            try:
                found = reference.verify(field, fields, lines, key)
                names = lint.check(field, fields, time.time())
                self.look(found, names, fields[count:], key, domain)
            except (Bad, ValueError, KeyError) as e:
                self.fail(name, "%s: %s", key.selector, e)
                return
            self.ok("reference")
        for verifier in self.verifiers:
            said = verifier.verify(wire)
            for field, key in zip(fields[:count], self.keys):
                if key.algorithm in verifier.algorithms:
                    self.heard(name, verifier, said, field, key,
                               fields[count:], lines, gap)

    def look(self, found, names, fields, key, domain):
        """Is it the signature that was asked for?"""
        if reference.canons(found) != (self.how, self.how_body):
            raise Bad("c=%r" % found.get(b"c"))
        if found[b"s"] != key.selector.encode():
            raise Bad("s=%r" % found[b"s"])
        if domain is not None and found[b"d"] != domain:
            raise Bad("d=%s, not %s" % (found[b"d"].decode(), domain.decode()))
        if found[b"d"] not in tricky.DOMAINS:
            raise Bad("d=%r" % found[b"d"])
        want = expected_names(fields, self.options.oversign)
        got = collections.Counter(n.lower() for n in names)
        if got != want and not self.options.lenient:
            raise Bad("h= has %s, lacks %s" % (dict(got - want),
                                               dict(want - got)))
        large = sum(len(f.raw) for f in fields) > LARGE
        for tag in b"t", b"x", b"z":
            if (tag in found) != self.options.extra and \
                    not (tag == b"z" and large):
                raise Bad("%s= is %s" % (tag.decode(), found.get(tag)))

    def heard(self, name, verifier, said, field, key, fields, lines, gap):
        mine = reference.tags(field)
        own = mine[b"d"].decode(), key.selector
        words = [result for d, s, result in said if (d, s) == own]
        if "pass" in words:
            self.ok(verifier.name)
        elif self.control(verifier, key, mine, fields, lines, gap):
            self.fail(name, "%s: %s says %s", key.selector, verifier.name,
                      (words or said)[:3])
        else:
            self.excluded[verifier.name] += 1

    def control(self, verifier, key, mine, fields, lines, gap):
        """Does it pass a plain signature of the same?"""
        names = [reference.unfolded(n) for n in mine[b"h"].split(b":")]
        own = reference.sign(fields, lines, key, self.how, self.how_body,
                             mine[b"d"], names)
        wire = b"".join(line + b"\r\n" for f in [own] + fields
                        for line in f.lines) + (b"\r\n" if gap else b"") + \
            b"".join(line + b"\r\n" for line in lines)
        return any(result == "pass" for d, s, result in verifier.verify(wire)
                   if (d, s) == (mine[b"d"].decode(), key.selector))
