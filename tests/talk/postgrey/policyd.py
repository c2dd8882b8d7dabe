#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A policy server by rules, for conversations.

usage: policyd.py PATH RULES

RULES is a file, read for each request; the first line that matches says what
to answer, "DUNNO" if none does:

    name~REGEX name~REGEX -> action      each has to match the whole value
    name~REGEX -> show client_name       PREPEND X-Saw: its value
    name~REGEX -> silent, eof, garbage, half, once ACTION

"once" is ACTION, and then the connection is closed.  A request that is not as
it should be ends the server.  Says a line when it listens.
"""

import os
import re
import socket
import sys
import threading
import time

WANTED = {
    "request", "protocol_state", "protocol_name", "helo_name", "queue_id",
    "sender", "recipient", "recipient_count", "client_address", "client_name",
    "reverse_client_name", "instance", "size", "sasl_username", "stress",
    "client_port", "policy_context", "server_address", "server_port"}


def read_request(stream):
    """{name: value}, or None at the end."""
    fields = {}
    for line in stream:
        line = line.rstrip("\n")
        if not line:
            break
        name, _, value = line.partition("=")
        fields[name] = value
    if not fields:
        return None
    if not WANTED <= fields.keys() or "etrn_domain" in fields or \
            not re.fullmatch(r"[0-9a-f:.]+", fields["client_address"]):
        print("bad request: %r" % fields, file=sys.stderr, flush=True)
        os._exit(1)
    return fields


def find_action(fields):
    with open(sys.argv[2]) as f:
        for line in f:
            tests, _, action = line.rstrip("\n").partition(" -> ")
            if tests and all(re.fullmatch(regex, fields[name])
                             for name, _, regex in
                             (t.partition("~") for t in tests.split())):
                return action
    return "DUNNO"


def serve(conn):
    stream = conn.makefile("rw", encoding="latin-1", newline="\n")
    while True:
        fields = read_request(stream)
        if fields is None:
            return
        action = find_action(fields)
        if action == "silent":
            time.sleep(60)
        elif action == "eof":
            return
        elif action == "garbage":
            text = "220 mx.example.org ESMTP\r\n\r\n"
        elif action == "half":
            text = "action=REJ"
        else:
            if action.startswith("show "):
                action = "PREPEND X-Saw: " + (fields[action[5:]] or "-")
            text = "action=%s\n\n" % action.replace("once ", "", 1)
        stream.write(text)
        stream.flush()
        if action == "half" or action.startswith("once "):
            return


def serve_one(conn):
    with conn:
        try:
            serve(conn)
        except OSError:
            pass
        try:
            conn.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def main():
    server = socket.socket(socket.AF_UNIX)
    server.bind(sys.argv[1])
    server.listen(64)
    print("ready", flush=True)
    while True:
        conn, _ = server.accept()
        threading.Thread(target=serve_one, args=(conn,), daemon=True).start()


main()
