# SPDX-License-Identifier: ISC
"""What smtpd does to a header after its filters: Bcc goes, and addresses
without '@' in From, To and Cc get its name.  Written after what smtpd 6.8 and
7.9 were seen to do, quirks and all.
"""

SPACE = b" \t\n\v\f\r"
BUFFER = 65535          # of an address with its blanks


def escapes(c, escape, quote, comment, new):
    """Does this backslash take the meaning of what follows?"""
    return c == 0x5c and not escape and not comment and (new or not quote)


def complete_one(text, host):
    """One element of an address list."""
    escape = quote = comment = bracket = False
    comment = 0
    domain = has_bracket = group = False
    end_bracket = last = 0
    for i, c in enumerate(text):
        if c == 0x28 and not escape and not quote:
            comment += 1
        if c == 0x22 and not escape and not comment:
            quote = not quote
        if c == 0x29 and not escape and not quote and comment:
            comment -= 1
        escape = c == 0x5c and not escape and not comment and not quote
        plain = not escape and not comment and not quote
        if c == 0x3c and plain and not bracket:
            bracket = has_bracket = True
        if c == 0x3e and plain and bracket:
            bracket = False
            end_bracket = i
        domain |= c == 0x40 and plain
        group |= c == 0x3a and plain
        if not comment and c != 0x29 and c not in SPACE:
            last = i
    if escape or quote or comment or bracket or domain or group:
        return text
    if has_bracket:
        at = end_bracket - 1
        while text[at] in SPACE:
            at -= 1
        if text[at] == 0x3c:
            return text
    else:
        at = last
        if not text or text[at] in SPACE:
            return text
    return text[:at + 1] + b"@" + host + text[at + 1:]


def complete(value, host, new):
    """The value of From, To or Cc; lines are ended by LF here."""
    out, buf = [], bytearray()
    escape = quote = skip = False
    comment = 0
    for c in value + b"\n":
        if c == 0x0a:
            # A line's end is not looked at, and goes with the address.
            if skip:
                out.append(b"\n")
                continue
        else:
            if c == 0x28 and not escape and not quote:
                comment += 1
            if c == 0x22 and not escape and not comment:
                quote = not quote
            if c == 0x29 and not escape and not quote and comment:
                comment -= 1
            escape = escapes(c, escape, quote, comment, new)
            if c == 0x2c and not escape and not quote and not comment:
                if not skip and len(buf) + len(host) + 1 < BUFFER:
                    buf = complete_one(bytes(buf), host)
                out.append(bytes(buf) + b",")
                buf, skip = bytearray(), False
                continue
            if skip:
                out.append(bytes([c]))
                continue
        buf.append(c)
        if len(buf) == BUFFER - 1:
            out.append(bytes(buf))
            buf, skip = bytearray(), True
    if buf:
        if len(buf) + len(host) + 1 < BUFFER:
            buf = complete_one(bytes(buf), host)
        out.append(bytes(buf))
    return b"".join(out)[:-1]


def rewrite(lines, host, new, bcc=True):
    """The lines of a message as smtpd stores them."""
    end = lines.index(b"") if b"" in lines else len(lines)
    out, i = [], 0
    while i < end:
        j = i + 1
        while j < end and lines[j][:1] in (b" ", b"\t"):
            j += 1
        name, _, value = b"\n".join(lines[i:j]).partition(b":")
        if name.lower() in (b"from", b"to", b"cc"):
            value = complete(value, host, new)
            out += (name + b":" + value).split(b"\n")
        elif name.lower() != b"bcc" or not bcc:
            out += lines[i:j]
        i = j
    return out + lines[end:]
