#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A spamd that does what the message says, for conversations.

usage: spamd.py PATH|PORT

The last line of a message that begins with "do:" is an order:

    do: score 6.5          a reply as SpamAssassin makes it; over 5 is spam
    do: report 6.5         the same with report_safe 1: a report around it
    do: rewrite 6.5        PROCESS changes Subject and body as well
    do: bodiless 6.5       PROCESS sends no body
    do: show NAME          score 1, and X-Spam-Saw: what it got as NAME;
                           "User" and "Verb" are of the request, "Size" too
    do: later 0.5 6.5      score, some seconds later
    do: split 6.5          score, byte by byte
    do: silent, eof, garbage, half, short, long, endless
    do: error 76 Bad header line

Says a line when it listens.
"""

import re
import socket
import sys
import threading
import time


def read_request(conn):
    """Until the client shut its side."""
    data = b""
    while True:
        more = conn.recv(65536)
        if not more:
            break
        data += more
    head, _, message = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines[1:])
    fields["Verb"] = lines[0].split()[0]
    fields["Size"] = str(len(message))
    if int(fields.get("Content-length", "0")) != len(message):
        raise ValueError("Content-length: " + head.decode("latin-1"))
    return fields, message.decode("latin-1")


def split_fields(header):
    return re.findall(r"[^\n]*\n(?:[ \t][^\n]*\n)*", header)


def marks(score, extra=""):
    spam = score >= 5
    stars = "*" * max(0, int(score))
    rules = "T_LIES,\n\tT_SCORE" if spam else "T_SCORE"
    return ("X-Spam-Flag: YES\n" if spam else "") + \
        "X-Spam-Level: %s\nX-Spam-Status: %s, score=%.1f required=5.0 " \
        "tests=%s\n\tautolearn=no version=4.0.1\n" \
        "X-Spam-Checker-Version: SpamAssassin 4.0.1\n%s" % \
        (stars, "Yes" if spam else "No", score, rules, extra)


def rewrite(message, score, extra=""):
    """SpamAssassin keeps a Return-Path on top, and drops the X-Spam-*."""
    header, _, body = message.partition("\n\n")
    fields = [f for f in split_fields(header + "\n")
              if not re.match(r"x-spam-(?!prev-)", f, re.I)]
    top = fields.pop(0) if fields[0].startswith("Return-Path:") else ""
    return top + marks(score, extra) + "".join(fields), body


def report(message, score):
    header = message.partition("\n\n")[0]
    copied = [f for f in split_fields(header + "\n")
              if re.match(r"(from|to|subject):", f, re.I)]
    return "Received: from localhost by mx.example.org\n" \
        "\twith SpamAssassin (version 4.0.1);\n" \
        "\tSat, 21 Nov 2026 12:00:00 +0000\n" + "".join(copied) + \
        marks(score) + "MIME-Version: 1.0\nContent-Type: multipart/mixed;" \
        " boundary=b\n", "--b\n\nIt is spam.\n--b\n" \
        "Content-Type: message/rfc822\n\n" + message + "--b--\n"


def show(fields, message, name):
    if name in ("User", "Verb", "Size"):
        return fields.get(name, "-")
    found = [f.partition(":")[2].strip() for f in
             split_fields(message.partition("\n\n")[0] + "\n")
             if f.lower().startswith(name.lower() + ":")]
    return re.sub(r"\n\s*", "|", " & ".join(found)) or "-"


def score_line(score):
    return "Spam: %s ; %.1f / 5.0\r\n\r\n" % (score >= 5, score)


def compose(fields, message, order):
    """The reply, as text."""
    verb = fields["Verb"]
    score = float(order[-1]) if order[0] != "show" else 1.0
    extra = ""
    if order[0] == "show":
        extra = "X-Spam-Saw: %s\n" % show(fields, message, order[1])
    if order[0] == "report":
        header, body = report(message, score)
    else:
        header, body = rewrite(message, score, extra)
    if order[0] == "rewrite":
        header = re.sub("(?m)^Subject: ", "Subject: ***SPAM*** ", header)
        body += "changed\n"
    if verb == "SYMBOLS":
        text = "T_LIES,T_SCORE" if score >= 5 else "T_SCORE"
    elif verb == "HEADERS":
        text = header + "\n"
    elif order[0] == "bodiless":
        text = header
    else:
        text = header + "\n" + body
    return "SPAMD/1.1 0 EX_OK\r\nContent-length: %d\r\n%s%s" % \
        (len(text), score_line(score), text)


def obey(conn, fields, message):
    """Returns what to send."""
    found = re.findall(r"(?m)^do: (.*)$", message)
    order = found[-1].split() if found else ["score", "0"]
    if order[0] == "silent":
        time.sleep(60)
    elif order[0] == "eof":
        return ""
    elif order[0] == "garbage":
        return "220 mx.example.org ESMTP\r\n"
    elif order[0] == "half":
        return "SPAMD/1.1 0 EX_OK\r\nContent-le"
    elif order[0] == "short":
        return "SPAMD/1.1 0 EX_OK\r\nContent-length: 99\r\n" + \
            score_line(9) + "X-Spam-Flag: YES\n"
    elif order[0] == "long":
        return "SPAMD/1.1 0 EX_OK\r\nContent-length: 5\r\n" + \
            score_line(9) + "X-Spam-Flag: YES\n"
    elif order[0] == "endless":
        conn.sendall(b"SPAMD/1.1 0 EX_OK\r\n" + score_line(9).encode())
        while True:
            conn.sendall(b"X-Spam-Level: *\n" * 4096)
    elif order[0] == "error":
        return "SPAMD/1.0 %s\r\n" % " ".join(order[1:])
    elif order[0] == "later":
        time.sleep(float(order[1]))
    return compose(fields, message, order)


def serve(conn):
    try:
        fields, message = read_request(conn)
        if fields["Verb"] == "PING":
            conn.sendall(b"SPAMD/1.5 0 PONG\r\n\r\n")
            return
        reply = obey(conn, fields, message).encode("latin-1")
        if re.search(r"(?m)^do: split", message):
            for i in range(len(reply)):
                conn.sendall(reply[i:i + 1])
        else:
            conn.sendall(reply)
    except OSError:
        pass            # the filter has had enough
    finally:
        conn.close()


def main():
    where = sys.argv[1]
    if where.isdigit():
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", int(where)))
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(where)
    listener.listen(50)
    print("ready")
    sys.stdout.flush()
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn,), daemon=True).start()


if __name__ == "__main__":
    main()
