# SPDX-License-Identifier: ISC
"""doc/migrating.md: what it says to write now, smtpd and the filters take."""

import os
import re
import shutil
import socket
import subprocess

import harness
import signed
from examples import LIBEXEC, add_users, by_name
from greyservers import Redis
from harness import check, equal

DOC = os.path.join(harness.HERE, "..", "..", "doc", "migrating.md")
SERVERS = (("127.0.0.1", 783), ("127.0.0.1", 10023), ("127.0.0.1", 8891),
           "/run/postgrey.sock", "/run/milter.sock",
           "/run/clamav/clamav-milter.ctl")
LISTS = ("postgrey/whitelist_clients", "postgrey/whitelist_recipients",
         "mail/lists/uatraps", "mail/lists/override", "mail/lists/bgp-spamd",
         "mail/lists/bgp-bypass", "mail/lists/nospamd", "mail/lists/domains",
         "mail/lists/traps")
KEYS = ("mail/dkim/private.key", "dkimkeys/mail.private",
        "mail/dkim/private.rsa.key", "ssl/private/rsa.private")
OPENDKIM = {
    "KeyTable": "key example.org:mail:/etc/dkimkeys/mail.private\n",
    "SigningTable": "*@example.org key\n",
}


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def listen(t, address):
    """A server that is there, and that is all."""
    if isinstance(address, str):
        os.makedirs(os.path.dirname(address), exist_ok=True)
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(address)
        os.chmod(address, 0o666)
        sock.listen()
        t.cleanup.append(lambda: os.unlink(address))
    else:
        sock = socket.create_server(address)
    t.cleanup.append(sock.close)


def prepare(t, text):
    """All that the lines name is there."""
    add_users()
    for address in SERVERS:
        listen(t, address)
    if Redis.program():
        t.cleanup.append(Redis(os.path.join(t.dir, "redis"), port=6379,
                               bind="0.0.0.0").close)
    for path in LISTS:
        write("/etc/" + path, "")
    for path in KEYS:
        signed.install("rsa", "/etc/" + path)
    os.chmod("/etc/ssl/private", 0o755)
    for name, rows in OPENDKIM.items():
        write("/etc/opendkim/" + name, rows)
    files = re.findall(r"^```\n(.*?)^```$", text, re.M | re.S)
    equal(len(files), 1, "files in the document")
    write("/etc/dkimproxy_out.conf", files[0])
    write("/etc/aliases", "")


def rows(text):
    """(heading of the section, last column) of each row, and its code."""
    found, section = [], None
    for line in text.split("\n"):
        if line.startswith("## "):
            section = line[3:]
        if line.startswith("| ") and not line.startswith("| ---"):
            last = line.strip("| ").rsplit(" | ", 1)[-1] \
                if not line.endswith("| |") else ""
            found += [(section, code) for code in re.findall(r"`([^`]*)`", last)]
    return found


def asked(t, command):
    """What a filter says with -n, as the user that runs it."""
    argv = command.split()
    db = os.path.join(t.dir, "db")
    if argv[0] == "filter-postgrey" and "-s" not in argv:
        argv += ["-o", "db=" + db + "/grey.db"]
    return subprocess.run(
        ["setpriv", "--reuid=opensmtpd", "--regid=opensmtpd", "--clear-groups",
         os.path.join(LIBEXEC, argv[0]), *argv[1:], "-n"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)


def test_filters(t):
    with open(DOC) as file:
        text = file.read()
    by_name()
    prepare(t, text)
    os.mkdir(os.path.join(t.dir, "db"))
    shutil.chown(os.path.join(t.dir, "db"), "opensmtpd")
    commands = [code for _, code in rows(text) if code.startswith("filter-")
                and (Redis.program() or "redis" not in code)]
    check(len(commands) > 40, "only %d commands", len(commands))
    bad = []
    for command in commands:
        ran = asked(t, command)
        if ran.returncode != 0:
            bad.append("%s: %s" % (command, ran.stdout.decode()))
    check(not bad, "%s", "\n".join(bad))


def test_smtpd(t):
    """The lines of smtpd.conf, and smtpd runs with them."""
    with open(DOC) as file:
        text = file.read()
    by_name()
    prepare(t, text)
    lines = [code for section, code in rows(text) if section == "Proxies"]
    lines.sort(key=lambda line: line.startswith("match"))
    actions = 'action "local" maildir\naction "out" relay\n'
    first = [n for n, line in enumerate(lines) if line.startswith("match")][0]
    t.start("\n".join(lines[:first]) + "\n" + actions +
            "\n".join(lines[first:]) + "\n", deliver=False)
    check(first == 4 and len(lines) == 6, "lines are %s", lines)
