# SPDX-License-Identifier: ISC
"""DomainKeys (RFC 4870), which only Mail::DKIM still verifies.

It looks for the domain in From by rules of its own, and calls a signature
"invalid" where it finds another: that is counted as what it can't.
"""

import reference
from judge import Judge
from tricky import LEAVE


class DomainKeysJudge(Judge):
    """Like Judge, for one DomainKey-Signature and one verifier."""

    def message(self, name, want, result, through, domain=None):
        self.slowest = max(self.slowest, (result.took, name))
        sent = through.cut(result.sent)
        if through.too_long(result.sent):
            self.ok("refused")
        elif result.got == sent:
            self.ok("left")     # it is for mail of our domains only
        elif want == LEAVE:
            self.fail(name, "signed or changed, and should not be")
        else:
            self.signed(name, result.got, sent, through, domain)

    def signed(self, name, got, sent, through, domain):
        fields, lines, gap = reference.split(got)
        own, fields = fields[0], fields[1:]
        rest = [line for f in fields for line in f.lines] + \
            ([b""] if gap else []) + lines
        if own.key != b"domainkey-signature":
            self.fail(name, "no signature on top: %r", got[0][:80])
            return
        if not self.same(name, rest, sent, through):
            return
        self.ok("signed")
        wire = b"".join(line + b"\r\n" for line in got)
        for verifier in self.verifiers:
            said = [result for _, selector, result in verifier.verify(wire)
                    if selector == self.keys[0].selector]
            if "pass" in said:
                self.ok(verifier.name)
            elif "invalid" in said:
                self.excluded[verifier.name] += 1
            else:
                self.fail(name, "%s says %s", verifier.name, said)
