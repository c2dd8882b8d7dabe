# SPDX-License-Identifier: ISC
"""A DNS server for tests, on loopback, by UDP and TCP.

answers maps a lower-case name to what is said of it:
    ["text", ...]       TXT records, each cut into strings of 255 bytes
    "name"              a CNAME, with what that name has if it is here
    3                   this rcode, nothing else
    None                nothing is said at all
    b"..."              these bytes as the whole answer, after the id
Names that are not in it get NXDOMAIN.  An answer that is longer than 512
bytes is cut for who asks by UDP without EDNS.
"""

import socket
import socketserver
import struct
import threading

TXT, CNAME, OPT = 16, 5, 41


def pack_name(name):
    out = b""
    for label in name.rstrip(".").split("."):
        out += bytes([len(label)]) + label.encode()
    return out + b"\0"


def pack_text(text):
    data = text.encode()
    pieces = [data[i:i + 255] for i in range(0, len(data), 255)] or [b""]
    return b"".join(bytes([len(p)]) + p for p in pieces)


def pack_record(name, kind, data):
    return pack_name(name) + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


class Stub:
    def __init__(self, answers, follow=True):
        self.answers, self.follow, self.asked = answers, follow, []
        stub = self

        class Udp(socketserver.BaseRequestHandler):
            def handle(self):
                data, sock = self.request
                said = stub.answer(data, False)
                if said is not None:
                    sock.sendto(said, self.client_address)

        class Tcp(socketserver.BaseRequestHandler):
            def handle(self):
                size = self.request.recv(2, socket.MSG_WAITALL)
                if len(size) < 2:
                    return
                data = self.request.recv(struct.unpack(">H", size)[0],
                                         socket.MSG_WAITALL)
                said = stub.answer(data, True)
                if said is not None:
                    self.request.sendall(struct.pack(">H", len(said)) + said)

        self.udp = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Udp)
        port = self.udp.server_address[1]
        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self.tcp = socketserver.ThreadingTCPServer(("127.0.0.1", port), Tcp)
        self.where = "127.0.0.1:%d" % port
        for server in self.udp, self.tcp:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=(0.05,),
                             daemon=True).start()

    def close(self):
        for server in self.udp, self.tcp:
            server.shutdown()
            server.server_close()

    def answer(self, query, tcp):
        ident, questions, extra = query[:2], query[4:6], query[10:12]
        pos, labels = 12, []
        while query[pos]:
            labels.append(query[pos + 1:pos + 1 + query[pos]].decode())
            pos += query[pos] + 1
        question = query[12:pos + 5]
        name = ".".join(labels).lower()
        self.asked.append((name, "tcp" if tcp else "udp"))
        said = self.answers.get(name, 3)
        if said is None:
            return None
        if isinstance(said, bytes):
            return ident + said
        rcode, records, hops = 0, [], 0
        while isinstance(said, str) and hops < 20:
            records.append(pack_record(name, CNAME, pack_name(said)))
            name, hops = said.lower(), hops + 1
            said = self.answers.get(name, 3) if self.follow else []
        if isinstance(said, int):
            rcode = said
        elif isinstance(said, list):
            records += [pack_record(name, TXT, pack_text(t)) for t in said]
        body = question + b"".join(records)
        limit = 512
        if extra != b"\0\0":
            limit = struct.unpack(">H", query[pos + 5 + 3:pos + 5 + 5])[0]
        flags = 0x8180 | rcode
        if not tcp and 12 + len(body) > limit:
            flags, body, records = flags | 0x200, question, []
        return ident + struct.pack(">H", flags) + questions + \
            struct.pack(">HHH", len(records), 0, 0) + body
