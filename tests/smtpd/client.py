# SPDX-License-Identifier: ISC
"""An SMTP client that does as told, rude things too, and a server to relay to.

Nothing here hides a byte: data is sent as given, replies are kept as read.
Every read has a deadline; what comes late raises socket.timeout.
"""

import base64
import socket
import ssl
import struct
import threading


# What nobody may write into a log: all that was ever said in AUTH PLAIN.
SECRETS = set()


class Client:
    """One session.  Replies are (code, text) with the code as a number."""

    def __init__(self, port, src="127.0.0.1", dst="127.0.0.1", timeout=30,
                 greet=True, tls=False):
        self.sock = socket.create_connection((dst, port), timeout, (src, 0))
        self.buf = b""
        self.greeting = None
        if tls:
            self.starttls_now()
        if greet:
            self.greeting = self.reply()

    def starttls_now(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.sock = context.wrap_socket(self.sock)

    def raw(self, data):
        self.sock.sendall(data)

    def line(self):
        while b"\n" not in self.buf:
            more = self.sock.recv(65536)
            if not more:
                raise EOFError("connection closed")
            self.buf += more
        line, self.buf = self.buf.split(b"\n", 1)
        return line.rstrip(b"\r").decode("latin-1")

    def reply(self):
        text = []
        while True:
            line = self.line()
            text.append(line)
            if line[3:4] != "-":
                return int(line[:3]), "\n".join(text)

    def cmd(self, line):
        words = line.split()
        if [word.upper() for word in words[:2]] == ["AUTH", "PLAIN"]:
            for word in words[2:]:
                SECRETS.add(word.rstrip("="))
                SECRETS.add(base64.b64decode(word).split(b"\0")[-1].decode())
        self.raw(line.encode("latin-1") + b"\r\n")
        return self.reply()

    def hello(self, name="client.example"):
        return self.cmd("EHLO " + name)

    def envelope(self, sender, rcpts):
        """MAIL, RCPT, DATA: the reply of the first refused, or of DATA."""
        for line in ["MAIL FROM:<%s>" % sender] + \
                ["RCPT TO:<%s>" % r for r in rcpts] + ["DATA"]:
            reply = self.cmd(line)
            if reply[0] >= 400:
                return reply
        return reply

    def send(self, message, rcpt="alice@example.org", sender="joe@example.com"):
        """One message with the file's line ends; the reply that counts."""
        rcpts = [rcpt] if isinstance(rcpt, str) else rcpt
        reply = self.envelope(sender, rcpts)
        if reply[0] != 354:
            return reply
        self.raw(wire(message))
        return self.reply()

    def quit(self):
        try:
            return self.cmd("QUIT")
        finally:
            self.close()

    def close(self):
        self.sock.close()

    def reset(self):
        """Leave with a RST instead of a FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.sock.close()

    def closed(self):
        """True once the server has closed, after reading what it said."""
        try:
            while True:
                more = self.sock.recv(65536)
                if not more:
                    return True
                self.buf += more
        except socket.timeout:
            return False
        except OSError:
            return True


def wire(message):
    """A file's bytes as DATA sends them: CRLF, dots stuffed, final dot."""
    lines = message.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n"
                    for line in lines) + b".\r\n"


def send(port, message, rcpt="alice@example.org", sender="joe@example.com",
         **how):
    """A session with one message: the reply that counts."""
    client = Client(port, **how)
    try:
        if client.greeting and client.greeting[0] != 220:
            return client.greeting
        reply = client.hello()
        if reply[0] != 250:
            return reply
        reply = client.send(message, rcpt, sender)
        client.cmd("QUIT")
        return reply
    finally:
        client.close()


class Sink:
    """A server that accepts everything: what arrived is in .messages."""

    def __init__(self, port, host="127.0.0.1"):
        self.messages = []
        self.listener = socket.create_server((host, port))
        threading.Thread(target=self.loop, daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)    # ends accept() too
        self.listener.close()

    def loop(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.session, args=(sock,),
                             daemon=True).start()

    def session(self, sock):
        lines = sock.makefile("rb")
        sock.sendall(b"220 sink.example ESMTP\r\n")
        envelope = []
        for line in lines:
            verb = line[:4].upper()
            if verb in (b"MAIL", b"RCPT"):
                envelope.append(line.strip().decode("latin-1"))
            if verb == b"DATA":
                sock.sendall(b"354 go on\r\n")
                body = b""
                for data in lines:
                    if data == b".\r\n":
                        break
                    body += data
                self.messages.append((envelope, body))
                envelope = []
            if verb == b"QUIT":
                sock.sendall(b"221 bye\r\n")
                break
            sock.sendall(b"250 ok\r\n")
        sock.close()
