# SPDX-License-Identifier: ISC
"""Messages made here, each with one peculiarity, and From fields with the
domain that they are of.

SIGN, LEAVE or EITHER says whether a signer should sign it.  EITHER is for
what RFC 5322 does not know and a signer may refuse; signed, it must verify.
"""

SIGN, LEAVE, EITHER = "sign", "leave", "either"

HEAD = [b"From: Joe <joe@example.org>", b"To: alice@example.com",
        b"Subject: test", b"Date: Tue, 03 Feb 2026 10:11:12 +0100",
        b"Message-ID: <1@example.org>"]


def mail(*body, head=HEAD, more=()):
    return list(head) + list(more) + [b""] + list(body)


def without(name):
    return [line for line in HEAD if not line.startswith(name + b":")]


def replaced(*lines):
    """HEAD with one field replaced by these lines."""
    name = lines[0].split(b":")[0].rstrip().lower()
    return [line for line in HEAD
            if line.split(b":")[0].lower() != name] + list(lines)


def bodies():
    yield "body-none", SIGN, mail()
    yield "body-no-separator", SIGN, list(HEAD)
    yield "body-empty-line", SIGN, mail(b"")
    yield "body-empty-lines", SIGN, mail(b"", b"", b"")
    yield "body-blank-lines", SIGN, mail(b" ", b"\t", b"  \t ")
    yield "body-blank-last", SIGN, mail(b"text", b" ", b"", b"\t")
    yield "body-blanks-inside", SIGN, mail(b"a  b\t\tc \td", b"a\t b")
    yield "body-blanks-first", SIGN, mail(b"  two", b"\tone tab", b" \t both")
    yield "body-blanks-last", SIGN, mail(b"one ", b"two  ", b"tab\t")
    yield "body-dots", SIGN, mail(b".", b"..", b". ", b".a", b"...", b"a.")
    yield "body-dots-only", SIGN, mail(b"..", b"..")
    yield "body-empty-first", SIGN, mail(b"", b"", b"text")
    yield "body-8bit", SIGN, mail(bytes(range(128, 256)), b"\xa0 \xa0", b"\xff")
    yield "body-controls", SIGN, mail(b"\x0b \x0c", b"a\x01 \x7f", b"\x0c")
    yield "body-cr-inside", LEAVE, mail(b"a\rb", b"c")
    yield "body-cr-last", LEAVE, mail(b"a\r", b"\r", b"b")
    yield "body-cr-alone", LEAVE, mail(b"\r")
    yield "body-long-998", SIGN, mail(b"x" * 998)
    yield "body-long-1997", SIGN, mail(b"y" * 1997, b"after")
    yield "body-long-1998", SIGN, mail(b"y" * 1998, b"after")
    yield "body-long-dot", SIGN, mail(b"." + b"y" * 1996, b"." * 1997)
    yield "body-long-3000", SIGN, mail(b"z" * 3000, b"after")
    yield "body-long-blanks", SIGN, mail(b"z" * 1990 + b" " * 100 + b"z",
                                         b" " * 3000, b"")
    yield "body-long-tail", SIGN, mail(b"a", b" " * 2100 + b"x", b"", b"")
    yield "body-long-60000", SIGN, mail(b"long " * 12000)
    yield "body-many-blanks", SIGN, mail(b"a" + b" " * 60000 + b"b")
    yield "body-many-empty", SIGN, mail(*[b""] * 20000, b"end")
    yield "body-block-edges", SIGN, mail(
        *[b"b" * n for n in (16382, 16383, 16384, 16385, 1, 0, 16380)])
    yield "body-large", SIGN, mail(*[b"%07d " % n + b"v" * (n % 64)
                                     for n in range(8000)])
    yield "body-header-like", SIGN, mail(b"From: x@example.net", b"To: y")


def headers():
    yield "from-none", LEAVE, mail(b"x", head=without(b"From"))
    yield "from-twice", LEAVE, mail(b"x", more=[b"From: b@example.net"])
    yield "from-lower", SIGN, mail(b"x", head=replaced(b"from: j@example.org"))
    yield "first-folded", LEAVE, [b" continued"] + mail(b"x")
    yield "no-header", LEAVE, [b"", b"body"]
    yield "no-colon", LEAVE, mail(b"x", more=[b"this is no field"])
    yield "cr-header", LEAVE, mail(b"x", more=[b"X-Cr: a\rb"])
    yield "cr-subject", LEAVE, mail(b"x", head=replaced(b"Subject: a\r b"))
    yield "cr-fold", LEAVE, mail(b"x", head=replaced(b"Subject: a", b" \r b"))
    yield "empty-name", EITHER, mail(b"x", more=[b": nothing"])
    yield "blank-name", SIGN, mail(b"x", head=replaced(b"Subject : blank"))
    yield "tab-name", SIGN, mail(b"x", head=replaced(b"Subject \t: blank"))
    yield "space-in-name", EITHER, mail(b"x", more=[b"A b: c"])
    yield "eight-bit-name", EITHER, mail(b"x", more=[b"\xc3\xa4: c"])
    yield "mbox", EITHER, [b"From joe@x.example Tue Feb  3 10:11:12 2026"] + \
        mail(b"x")
    yield "subject-empty", SIGN, mail(b"x", head=replaced(b"Subject:"))
    yield "subject-blank", SIGN, mail(b"x", head=replaced(b"Subject: "))
    yield "subject-blanks", SIGN, mail(b"x", head=replaced(b"Subject: \t  "))
    yield "subject-glued", SIGN, mail(b"x", head=replaced(b"Subject:test"))
    yield "subject-ends", SIGN, mail(b"x", head=replaced(b"Subject: a \t "))
    yield "subject-inside", SIGN, mail(b"x", head=replaced(
        b"SuBJect:  a \t b   c"))
    yield "subject-folded", SIGN, mail(b"x", head=replaced(
        b"Subject: a", b" b", b"\tc", b"   d"))
    yield "subject-fold-ends", SIGN, mail(b"x", head=replaced(
        b"Subject: a ", b" b\t", b"\t c"))
    yield "subject-blank-fold", SIGN, mail(b"x", head=replaced(
        b"Subject: a", b"  ", b" b"))
    yield "subject-only-folds", SIGN, mail(b"x", head=replaced(
        b"Subject:", b"  ", b"\t"))
    yield "subject-fold-first", SIGN, mail(b"x", head=replaced(
        b"Subject:", b"  value"))
    yield "subject-blank-last", SIGN, mail(b"x", head=replaced(
        b"Subject: a", b" "))
    yield "subject-vt-ff", SIGN, mail(b"x", head=replaced(
        b"Subject: a\x0bb \x0c c\x0c"))
    yield "subject-nbsp", SIGN, mail(b"x", head=replaced(
        b"Subject: \xc2\xa0a\xa0 b"))
    yield "subject-8bit", SIGN, mail(b"x", head=replaced(
        b"Subject: gr\xc3\xbc\xc3\x9fe \xe4"))
    yield "subject-semicolons", SIGN, mail(b"x", head=replaced(
        b"Subject: b=; bh=x; | a:b | =3D"))
    yield "subject-long", SIGN, mail(b"x", head=replaced(
        b"Subject: " + b"word " * 190))
    yield "subject-long-3000", SIGN, mail(b"x", head=replaced(
        b"Subject: " + b"w" * 3000))
    yield "subject-long-blank", SIGN, mail(b"x", head=replaced(
        b"Subject: " + b"w" * 1980 + b" " * 30 + b"end"))
    yield "subject-dot", SIGN, mail(b"x", head=replaced(b"Subject: a", b" .b"))
    yield "dot-name", EITHER, mail(b"x", more=[b".Field: dots are stuffed"])
    yield "twice", SIGN, mail(b"x", more=[b"Subject: two", b"To: b@c.example",
                                          b"Date: later"])
    yield "many-to", SIGN, mail(b"x", more=[b"To: a%d@example.net" % n
                                            for n in range(40)])
    yield "upper", SIGN, mail(b"x", head=[line.split(b":")[0].upper() + b":" +
                                          line.split(b":", 1)[1]
                                          for line in HEAD])
    yield "all-fields", SIGN, mail(b"x", more=[
        b"Cc: c@example.com", b"Reply-To: r@example.org",
        b"Sender: s@example.org", b"In-Reply-To: <0@example.org>",
        b"References: <a@example.org>", b"\t<b@example.org>",
        b"MIME-Version: 1.0", b"Content-Type: text/plain; charset=utf-8",
        b"Content-Transfer-Encoding: 8bit", b"List-Id: L <l.example.org>",
        b"List-Unsubscribe: <https://example.org/u>",
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        b"List-Post: <mailto:l@example.org>", b"List-Help: <h>",
        b"List-Subscribe: <s>", b"List-Owner: <o>", b"List-Archive: <a>",
        b"Resent-From: q@example.org", b"Resent-To: r@example.com",
        b"Resent-Date: today", b"Resent-Cc: x@example.com",
        b"Autocrypt: addr=joe@example.org; keydata=AAAA"])
    yield "unsigned-fields", SIGN, mail(b"x", more=[
        b"Return-Path: <joe@example.org>", b"Comments: none",
        b"Keywords: k", b"X-Spam-Status: No", b"Delivered-To: alice",
        b"Authentication-Results: mx; none"])
    yield "bcc", SIGN, mail(b"x", more=[
        b"Bcc: secret@example.net,", b" other@example.net", b"bcc: third",
        b"Resent-Bcc: fourth@example.net", b"X-After: y"])
    yield "received", SIGN, [b"Received: from a by b; today"] * 3 + mail(b"x")
    yield "own-signature", SIGN, [
        b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=rsa;",
        b"\th=from; bh=AAAA; b=AAAA"] + mail(b"x")
    yield "foreign-signature", SIGN, [
        b"DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=other;",
        b"\th=from; bh=AAAA; b=AAAA",
        b"DomainKey-Signature: a=rsa-sha1; d=example.net; s=x; b=AAAA",
        b"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=example.net; s=x; b=A"] + \
        mail(b"x")
    yield "fields-1500", SIGN, mail(b"x", more=[b"X-%d: y" % n
                                                for n in range(1500)])
    yield "references-60k", SIGN, mail(b"x", more=[b"References:"] + [
        b" <%060d@example.org>" % n for n in range(750)])


def completed():
    """smtpd will complete these: signed, it must find nothing left to do."""
    yield "cron", SIGN, mail(b"x", head=[b"From: root (Cron Daemon)",
                                         b"To: root", b"Subject: Cron <r@h> x",
                                         b"X-Cron-Env: <SHELL=/bin/sh>"])
    for n, value in enumerate((
            b"alice", b"alice, bob", b"<alice>", b'"Alice A" <alice>, b@c.d',
            b"Alice <alice>, Bob <bob> (x)", b"(a) alice (b) , <>",
            b"alice (x, y), bob", b'"a, b" <alice>', b"undisclosed:;",
            b"undisclosed-recipients: ;", b"a:b;", b"a: b@x.example, c;",
            b"alice,", b",alice", b"", b" ", b"(only a comment)",
            b'"unterminated', b"<alice", b"(alice", b"alice)", b"a b",
            b"alice \\, bob", b'"a\\", b" <x@y.example>', b'"a\\\\", b',
            b"alice,\r\n bob", b"Alice\r\n\t<alice>", b"alice\r\n (x)\r\n ",
            b"\r\n alice", b"a@", b"@", b"undisclosed-recipients;;",
            b"x" * 64000, b"a, " * 20000 + b"b")):
        lines = (b"To: " + value).split(b"\r\n")
        yield "to-complete-%d" % n, EITHER, mail(b"x", head=replaced(*lines))
        lines[0] = b"Cc:" + lines[0][4:]
        yield "cc-complete-%d" % n, EITHER, mail(b"x", more=lines)
    for n, value in enumerate((b"joe", b"<joe>", b'"Joe" <joe>', b"joe (Joe)",
                               b"Joe <joe>, ann@example.net")):
        yield "from-complete-%d" % n, SIGN, mail(
            b"x", head=replaced(b"From: " + value))


# (value, domains that are right); FIRST: none in it, or none of ours.
ORG, NET, SUB, FIRST = b"example.org", b"example.net", b"sub.example.org", \
    b"first.example"
DOMAINS = (FIRST, ORG, NET, SUB, b"xn--bcher-kva.example")
FROMS = (
    (b"a@example.org", ORG), (b"<a@example.org>", ORG),
    (b"A <a@example.org>", ORG), (b'"A" <a@example.org>', ORG),
    (b'"A " <a@example.org>', ORG), (b'" A" <a@example.org>', ORG),
    (b"a@example.org (A)", ORG), (b"a@example.org ", ORG),
    (b"(c) a@example.org", ORG), (b"(c)a@example.org(d)", ORG),
    (b"a (c) @ (d) example (e) . (f) org", ORG),
    (b"a @ example . org", ORG), (b"<a @ example.org>", ORG),
    (b"< a@example.org >", ORG), (b"A < a@example.org >", ORG),
    (b"a@EXAMPLE.ORG", ORG), (b"a@Example.Org.", ORG),
    (b"<a@example.org.>", ORG), (b"a@example.org, b@example.net", ORG),
    (b"A <a@example.org>, B <b@example.net>", ORG),
    (b"b@example.net,a@example.org", NET), (b"a@sub.example.org", SUB),
    (b"a@x.sub.example.org", SUB), (b"a@other.example.org", ORG),
    (b"a@notexample.org", FIRST), (b"a@example.org.evil.example", FIRST),
    (b"a@example.orgx", FIRST), (b"a@org", FIRST),
    (b'"a@example.net" <a@example.org>', ORG),
    (b"a@example.net <a@example.org>", ORG),
    (b'"<a@example.net>" <a@example.org>', ORG),
    (b"(a@example.net) a@example.org", ORG),
    (b"(<a@example.net>) <a@example.org>", ORG),
    (b'"x@example.net"@example.org', ORG), (b'"a b"@example.org', ORG),
    (b'"a\\"@example.net\\" "@example.org', ORG), (b"a.b.c@example.org", ORG),
    (b"<@r.example:a@example.org>", ORG),
    (b"A <@r.example,@q.example:a@example.org>", ORG),
    (b"<@r.example,@example.net : a@example.org>", ORG),
    (b"G: a@example.org;", ORG), (b"G: A <a@example.org>, b@example.net;", ORG),
    (b"G:;", FIRST), (b"G: ;", FIRST), (b'"G: x@example.net;" <a@example.org>', ORG),
    (b"A, Inc. <a@example.org>", ORG), (b"A: B <a@example.org>", ORG),
    (b"A [x] <a@example.org>", ORG), (b"A. B. <a@example.org>", ORG),
    (b"\xc3\x84rzte <a@example.org>", ORG), (b"\xe4 <a@example.org>", ORG),
    (b"=?utf-8?q?=40example.net?= <a@example.org>", ORG),
    (b"(((n)e(s(t)e)d))) a@example.org", None),
    (b"((n)e(s(t)e)d) a@example.org", ORG), (b"(un a@example.org", None),
    (b'"un a@example.org', None), (b"A <a@example.org", None),
    (b"a@example.org>", None), (b"a@[192.0.2.1]", FIRST),
    (b"A <a@[192.0.2.1]>", FIRST), (b"a@[IPv6:2001:db8::1]", FIRST),
    (b"(" * 300 + b")" * 300 + b" a@example.org", ORG),
    (b"a@b\xc3\xbccher.example", b"xn--bcher-kva.example"),
    (b"A <a@B\xc3\x9cCHER.example>", b"xn--bcher-kva.example"),
    (b"a@xn--bcher-kva.example", b"xn--bcher-kva.example"),
    (b"a@example.org\r\n (folded)", ORG), (b"\r\n a@example.org", ORG),
    (b"A\r\n\t<a@\r\n example.org>", ORG), (b"@example.org", None),
    (b"a@", FIRST), (b"a@ (c)", FIRST), (b"a@example.org@example.net", None),
    (b"<a@example.org> <b@example.net>", ORG), (b"a;b@example.org", None),
    (b"a@-.example.net", None), (b"a@example..org", None),
    (b"a@" + b"x" * 64 + b".example.org", None),
    (b"a@" + b"x." * 200 + b"example.org", None),
)


def froms():
    """(name, lines, right domain or None for any)"""
    for n, (value, domain) in enumerate(FROMS):
        lines = (b"From: " + value).split(b"\r\n")
        yield "from-%02d" % n, mail(b"x", head=replaced(*lines)), domain


def everything():
    """(name, what to do, lines)"""
    yield from bodies()
    yield from headers()
    yield from completed()
    for name, lines, domain in froms():
        yield name, EITHER if domain is None else SIGN, lines
