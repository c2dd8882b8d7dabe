# SPDX-License-Identifier: ISC
"""DKIM as RFC 6376 and RFC 8463 have it: slow, obvious, and by itself.

Canonicalisation is byte by byte, without regular expressions, so that it can
be read beside the RFC.  A message is a list of lines, bytes without their
ends: on the wire each is ended by CRLF.  Raises Bad for what is no signature
that a strict verifier takes.
"""

import base64
import hashlib
import subprocess

import nacl.exceptions
import nacl.signing

WSP = b" \t"
# DigestInfo of SHA-256, RFC 8017, 9.2, note 1.
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


class Bad(Exception):
    pass


class Field:
    """A header field; raw has its folds as CRLF and no last CRLF."""

    def __init__(self, lines):
        self.lines = lines
        self.raw = b"\r\n".join(lines)
        name, colon, self.value = self.raw.partition(b":")
        self.colon = colon != b""
        self.blank = name != name.rstrip(WSP)
        self.name = name.rstrip(WSP)
        self.key = self.name.lower()


def split(lines):
    """(fields, body lines, was there an empty line between them)"""
    end = lines.index(b"") if b"" in lines else len(lines)
    parts = []
    for line in lines[:end]:
        if line[:1] in (b" ", b"\t") and parts:
            parts[-1].append(line)
        else:
            parts.append([line])
    return [Field(p) for p in parts], lines[end + 1:], end < len(lines)


# -- canonicalisation ----------------------------------------------------

def squeeze(data):
    """Runs of SP and HTAB become one SP."""
    out = bytearray()
    for c in data:
        if c in WSP:
            if out[-1:] != b" ":
                out.append(0x20)
        else:
            out.append(c)
    return bytes(out)


def header(how, field):
    """RFC 6376, 3.4.1 and 3.4.2; with its CRLF."""
    if how == b"simple":
        return field.raw + b"\r\n"
    value = b"".join(field.value.split(b"\r\n"))
    name = bytes(c + 32 if 0x41 <= c <= 0x5a else c for c in field.name)
    return name + b":" + squeeze(value).strip(b" ") + b"\r\n"


def body(how, lines):
    """RFC 6376, 3.4.3 and 3.4.4."""
    if how == b"relaxed":
        lines = [squeeze(line).rstrip(b" ") for line in lines]
    end = len(lines)
    while end > 0 and lines[end - 1] == b"":
        end -= 1
    lines = lines[:end]
    if not lines and how == b"simple":
        lines = [b""]
    return b"".join(line + b"\r\n" for line in lines)


# -- keys ----------------------------------------------------------------

class Key:
    """A test key, from its PEM file, by openssl."""

    def __init__(self, path, selector):
        self.path, self.selector = path, selector
        text = self.openssl("-text").decode()
        self.rsa = "modulus" in text
        self.algorithm = b"rsa-sha256" if self.rsa else b"ed25519-sha256"
        if self.rsa:
            self.n = number(text, "modulus")
            self.d = number(text, "privateExponent")
            self.e = 65537
            self.size = (self.n.bit_length() + 7) // 8
            public = self.openssl("-pubout", "-outform", "DER")
        else:
            self.seed = self.openssl("-outform", "DER")[-32:]
            self.signing = nacl.signing.SigningKey(self.seed)
            public = bytes(self.signing.verify_key)
        self.record = "v=DKIM1; k=%s; p=%s" % (
            "rsa" if self.rsa else "ed25519",
            base64.b64encode(public).decode())

    def openssl(self, *args):
        out = subprocess.run(["openssl", "pkey", "-in", self.path, *args] +
                             (["-noout"] if "-text" in args else []),
                             stdout=subprocess.PIPE, check=True)
        return out.stdout

    def padded(self, digest):
        """EMSA-PKCS1-v1_5, RFC 8017, 9.2"""
        tail = SHA256_INFO + digest
        return b"\0\1" + b"\xff" * (self.size - len(tail) - 3) + b"\0" + tail

    def sign(self, digest):
        if not self.rsa:
            return self.signing.sign(digest).signature
        m = int.from_bytes(self.padded(digest), "big")
        return pow(m, self.d, self.n).to_bytes(self.size, "big")

    def verify(self, digest, signature):
        if not self.rsa:
            try:
                self.signing.verify_key.verify(digest, signature)
                return True
            except (nacl.exceptions.BadSignatureError, ValueError):
                return False
        if len(signature) != self.size:
            return False
        m = pow(int.from_bytes(signature, "big"), self.e, self.n)
        return m.to_bytes(self.size, "big") == self.padded(digest)


def number(text, name):
    """A number from openssl's listing: lines of hex bytes below its name."""
    digits = []
    for line in text.partition(name + ":")[2].split("\n")[1:]:
        if not line.startswith("    "):
            break
        digits.append(line.strip().replace(":", ""))
    return int("".join(digits), 16)


# -- signatures ----------------------------------------------------------

def tags(field):
    """{tag: value without folding} in order; RFC 6376, 3.2"""
    found = {}
    parts = field.value.split(b";")
    if parts[-1].strip(b" \t\r\n") == b"":
        parts.pop()
    for part in parts:
        name, equals, value = part.partition(b"=")
        name = name.strip(b" \t\r\n")
        if not equals or not name:
            raise Bad("no tag: %r" % part[:60])
        if name in found:
            raise Bad("%r comes twice" % name)
        found[name] = value.strip(b" \t\r\n")
    return found


def unfolded(value):
    return bytes(c for c in value if c not in b" \t\r\n")


def without_b(field):
    """The field as it is hashed: nothing between "b=" and ';' or the end."""
    at = 0
    raw = field.raw
    start = raw.index(b":") + 1
    for part in raw[start:].split(b";"):
        name, equals, _ = part.partition(b"=")
        if equals and name.strip(b" \t\r\n") == b"b":
            from_ = start + at + len(name) + 1
            to = start + at + len(part)
            return Field((raw[:from_] + raw[to:]).split(b"\r\n"))
        at += len(part) + 1
    raise Bad("no b=")


def picked(names, fields):
    """Those that h= names, from the bottom up; RFC 6376, 5.4.2"""
    stacks = {}
    for field in fields:
        stacks.setdefault(field.key, []).append(field)
    for name in names:
        stack = stacks.get(name.lower())
        if stack:
            yield stack.pop()


def digest(how, names, fields, own):
    """own: the signature's field with an empty b="""
    data = b"".join(header(how, f) for f in picked(names, fields))
    data += header(how, own)[:-2]
    return hashlib.sha256(data).digest()


def canons(found):
    first, slash, second = found.get(b"c", b"simple/simple").partition(b"/")
    return first, second if slash else b"simple"


def verify(own, fields, lines, key):
    """Raises Bad unless this field of ours is right.  Returns its tags."""
    found = tags(own)
    if found.get(b"a") != key.algorithm:
        raise Bad("a= is %r" % found.get(b"a"))
    how, how_body = canons(found)
    want = hashlib.sha256(body(how_body, lines)).digest()
    if base64.b64decode(unfolded(found[b"bh"]), validate=True) != want:
        raise Bad("bh= is wrong")
    names = [unfolded(n) for n in found[b"h"].split(b":")]
    rest = [f for f in fields if f is not own]
    signature = base64.b64decode(unfolded(found[b"b"]), validate=True)
    if not key.verify(digest(how, names, rest, without_b(own)), signature):
        raise Bad("b= is wrong")
    return found


def sign(fields, lines, key, how, how_body, domain, names):
    """A field as plain as can be, to see whether a verifier takes any."""
    bh = base64.b64encode(hashlib.sha256(body(how_body, lines)).digest())
    text = [b"DKIM-Signature: v=1; a=" + key.algorithm + b"; c=" + how + b"/" +
            how_body + b"; d=" + domain + b"; s=" + key.selector.encode() +
            b";"]
    text += [b"\th=" + b":\r\n\t ".join(names) + b";", b"\tbh=" + bh + b";",
             b"\tb="]
    own = Field(b"\r\n".join(text).split(b"\r\n"))
    value = base64.b64encode(key.sign(digest(how, names, fields, own)))
    return Field(own.lines[:-1] + [b"\tb=" + value])
