# SPDX-License-Identifier: ISC
"""Is a DKIM-Signature legal, and folded where RFC 6376 lets it be?

Verifiers are lenient, each in another way; a field that passes here leaves
nothing to be lenient about.  Raises Bad with the first thing that is wrong.
"""

import re

from reference import Bad, tags, unfolded

LABEL = rb"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
DOMAIN = re.compile(LABEL + rb"(?:\." + LABEL + rb")*")
BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|"
                    rb"[A-Za-z0-9+/]{3}=)?")
TOKEN = re.compile(rb"[!-9<-~]+")          # a field's name but ';'
# dkim-safe-char and hex-octet, RFC 6376, 2.11, '|' quoted as z= wants it.
QUOTED = re.compile(rb"(?:[!-:<>-{}~]|=[0-9A-F]{2})*")
NUMBER = re.compile(rb"[0-9]{1,12}")
REQUIRED = (b"v", b"a", b"b", b"bh", b"d", b"h", b"s")
KNOWN = REQUIRED + (b"c", b"i", b"q", b"t", b"x", b"z")
# What is changed, or may be added, on the way: RFC 6376, 5.4.1, and smtpd.
NEVER = {b"bcc", b"resent-bcc", b"received", b"return-path", b"delivered-to",
         b"dkim-signature", b"domainkey-signature", b"comments", b"keywords",
         b"authentication-results", b"arc-seal", b"arc-message-signature",
         b"arc-authentication-results"}
NOT_ABSENT = {b"date", b"message-id", b"sender", b"list-id"}


def columns(line):
    n = 0
    for c in line:
        n = (n // 8 + 1) * 8 if c == 9 else n + 1
    return n


def check_lines(own):
    for line in own.lines:
        if columns(line) > 78 and len(line.split()) > 1:
            raise Bad("%d columns: %r" % (columns(line), line[:60]))
        if len(line) > 998:
            raise Bad("%d bytes in a line" % len(line))
        if line.rstrip(b" \t") != line:
            raise Bad("blanks at the end: %r" % line[-60:])
        if line.strip(b" \t") == b"":
            raise Bad("an empty line")
        for c in line:
            if c > 126 or c < 32 and c != 9:
                raise Bad("byte %d" % c)


def check_folds(own):
    """Folds are between tags, after ':' in h=, '|' in z=, or in base64."""
    for part in own.value.split(b";"):
        name, _, value = part.partition(b"=")
        name, value = name.strip(), value.strip(b" \t\r\n")
        pieces = value.split(b"\r\n")
        if len(pieces) == 1 or name in (b"b", b"bh"):
            continue
        for before, after in zip(pieces, pieces[1:]):
            ends = {b"h": before[-1:] == b":",
                    b"z": before[-1:] == b"|" or after.strip()[:1] == b"|" or
                    b"=" not in before[-2:]}
            if not ends.get(name, False):
                raise Bad("a fold in %s=: %r" % (name.decode(), before[-60:]))


def check_names(names):
    for name in names:
        if not TOKEN.fullmatch(name):
            raise Bad("%r in h=" % name)
        if name.lower() in NEVER:
            raise Bad("%r is signed" % name)
    if b"from" not in [n.lower() for n in names]:
        raise Bad("from is not signed")


def check_absent(names, fields):
    """Fields that others add later must not be signed as absent."""
    count = {}
    for field in fields:
        count[field.key] = count.get(field.key, 0) + 1
    for name in names:
        if name.lower() in NOT_ABSENT and not count.get(name.lower()):
            raise Bad("%r is signed, and is not there" % name)


def dequote(text):
    parts = text.split(b"=")
    return parts[0] + b"".join(bytes([int(p[:2], 16)]) + p[2:]
                               for p in parts[1:])


def check_copies(value, fields):
    """z=: each copy is that of a field, RFC 6376, 3.5"""
    have = {(f.key, unfolded(f.value)) for f in fields}
    for item in value.split(b"|"):
        item = unfolded(item)
        name, colon, copy = item.partition(b":")
        if not colon or not QUOTED.fullmatch(copy):
            raise Bad("not quoted in z=: %r" % item[:60])
        if (dequote(name).lower(), unfolded(dequote(copy))) not in have:
            raise Bad("z= has what is not there: %r" % item[:60])


def check_times(found, now):
    for tag in b"t", b"x":
        if tag in found and not NUMBER.fullmatch(found[tag]):
            raise Bad("%s=%r" % (tag.decode(), found[tag]))
    if b"t" in found and int(found[b"t"]) > now:
        raise Bad("t= is in the future")
    if b"x" in found and int(found[b"x"]) <= int(found.get(b"t", b"0")):
        raise Bad("x= is not after t=")


def check_identity(found):
    identity = found.get(b"i")
    if identity is None:
        return
    local, at, domain = identity.rpartition(b"@")
    if not at or not QUOTED.fullmatch(local) or \
            not ("." + domain.decode()).endswith("." + found[b"d"].decode()):
        raise Bad("i=%r" % identity)


def check(own, fields, now):
    """own among fields: raises Bad, or returns the names in h="""
    check_lines(own)
    check_folds(own)
    if own.name != b"DKIM-Signature" or own.blank:
        raise Bad("its name is %r" % own.name)
    found = tags(own)
    if list(found)[0] != b"v" or found[b"v"] != b"1":
        raise Bad("v=1 is not the first tag")
    for tag in REQUIRED:
        if tag not in found:
            raise Bad("no %s=" % tag.decode())
    for tag in found:
        if tag not in KNOWN:
            raise Bad("tag %r" % tag)
    for tag in b"d", b"s":
        if not DOMAIN.fullmatch(found[tag]) or len(found[tag]) > 253:
            raise Bad("%s=%r" % (tag.decode(), found[tag]))
    for tag in b"b", b"bh":
        if not BASE64.fullmatch(unfolded(found[tag])) or not found[tag]:
            raise Bad("%s= is not base64" % tag.decode())
    if found.get(b"q", b"dns/txt") != b"dns/txt":
        raise Bad("q=%r" % found[b"q"])
    names = [unfolded(name) for name in found[b"h"].split(b":")]
    check_names(names)
    check_absent(names, [f for f in fields if f is not own])
    check_times(found, now)
    check_identity(found)
    if b"z" in found:
        check_copies(found[b"z"], fields)
    return names
