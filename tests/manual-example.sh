#!/bin/sh
# SPDX-License-Identifier: ISC
#
# The example of doc/writing-a-filter.md is a promise: take it out of there,
# compile it against this build, and play sessions with it: one of our own, and
# the one that is in there.  Run by make check, in the directory of the build.

set -eu

src=${srcdir:-.}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# A variable of the build, as configure left it.
var() {
	sed -n "s/^$1 = //p" Makefile
}

sed -n '/^```c$/,/^```$/p' "$src/doc/writing-a-filter.md" |
    grep -v '^```' > "$tmp/filter-hello.c"

# shellcheck disable=SC2046
$(var CC) -std=gnu99 -Wall -Wextra -Wno-unused-parameter -Werror \
    $(var HARDEN_CFLAGS) -I "$src/common" $(var LIBEVENT_CFLAGS) \
    -o "$tmp/filter-hello" "$tmp/filter-hello.c" common/libcommon.a \
    $(var HARDEN_LDFLAGS) $(var LIBEVENT_LIBS) $(var SECCOMP_LIBS)

/usr/bin/python3 - "$tmp/filter-hello" <<'PYTHON'
import socket
import subprocess
import sys
import time

ours, theirs = socket.socketpair()
with theirs:
    proc = subprocess.Popen([sys.argv[1], '-N', 'mx.example.org', '-o',
                             'wait=0.5', '-o', 'max-refused=1'],
                            stdin=theirs, stdout=theirs)
ours.settimeout(20)
stream = ours.makefile('rw', newline='\n')
clock = 0


def say(*lines):
    global clock
    for line in lines:
        if not line.startswith('config'):
            clock += 7
            kind, rest = line.split('|', 1)
            line = '%s|0.7|1795291025.%06d|smtp-in|%s' % (kind, clock, rest)
        stream.write(line + '\n')
    stream.flush()


def expect(*lines):
    for want in lines:
        got = stream.readline().rstrip('\n')
        if got != want:
            sys.exit('wanted: %s\ngot:    %s' % (want, got))


def connect(sid, fcrdns):
    say('report|link-connect|%s|mx.example.net|%s|192.0.2.1:4711|'
        '192.0.2.25:25' % (sid, fcrdns))


say('config|smtpd-version|7.8.0-portable', 'config|protocol|0.7',
    'config|smtp-session-timeout|300', 'config|subsystem|smtp-in',
    'config|admd|mx.example.org', 'config|ready')
asked = set()
for line in stream:
    if line == 'register|ready\n':
        break
    asked.add(line.rstrip('\n'))
for phase in 'helo', 'ehlo', 'rcpt-to', 'data-line', 'commit':
    if 'register|filter|smtp-in|' + phase not in asked:
        sys.exit('did not register ' + phase)
if 'register|filter|smtp-in|mail-from' in asked:
    sys.exit('registers what it has no hook for')

A, B, C = '00000000000000aa', '00000000000000bb', '00000000000000cc'
T, L = '0123456789abcdef', 'fedcba9876543210'

# Who claims our name is cut off.
connect(B, 'pass')
say('filter|ehlo|%s|%s|MX.example.org' % (B, T))
expect('filter-result|%s|%s|disconnect|550 5.7.1 That is my name' % (B, T))
say('report|link-disconnect|' + B)

# Who has no name in the DNS waits.
connect(C, 'fail')
start = time.monotonic()
say('filter|helo|%s|%s|mx.example.net' % (C, T))
expect('filter-result|%s|%s|proceed' % (C, T))
if not 0.4 < time.monotonic() - start < 5:
    sys.exit('waited %.2f s' % (time.monotonic() - start))
say('report|link-disconnect|' + C)

# A message is marked, and without a From refused.
connect(A, 'pass')
say('filter|ehlo|%s|%s|mx.example.net' % (A, T))
expect('filter-result|%s|%s|proceed' % (A, T))
say('report|link-identify|%s|EHLO|mx.example.net' % A)
for head in 'From: bob@example.net', 'To: alice@example.org':
    say('report|tx-begin|%s|b2857122' % A,
        'report|tx-mail|%s|b2857122|ok|bob@example.net' % A,
        'filter|rcpt-to|%s|%s|alice@example.org' % (A, T))
    expect('filter-result|%s|%s|proceed' % (A, T))
    say('report|tx-rcpt|%s|b2857122|ok|alice@example.org' % A)
    body = [head, '', '..dots', '.']
    say(*['filter|data-line|%s|%s|%s' % (A, L, line) for line in body])
    verdict = 'proceed'
    if head.startswith('From'):
        expect(*['filter-dataline|%s|%s|%s' % (A, L, line)
                 for line in ['X-Client-Hello: mx.example.net', *body]])
    else:
        verdict = 'reject|550 5.6.0 A message needs a From'
        # What becomes of the lines of a refused message does not matter.
        for line in stream:
            if line.endswith('|.\n'):
                break
    say('filter|commit|%s|%s|' % (A, T))
    expect('filter-result|%s|%s|%s' % (A, T, verdict))
    say('report|tx-reset|%s|b2857122' % A)

# Who asks for too many that are unknown is cut off.
say('report|protocol-server|%s|550 Invalid recipient' % A,
    'filter|rcpt-to|%s|%s|who@example.org' % (A, T))
expect('filter-result|%s|%s|disconnect|421 4.7.0 Too many unknown recipients'
       % (A, T))

stream.close()
ours.close()
if proc.wait(5) != 0:
    sys.exit('ended with status %d' % proc.returncode)
PYTHON

sed -n '/^```talk$/,/^```$/p' "$src/doc/writing-a-filter.md" |
    grep -v '^```' > "$tmp/hello.talk"
"$src/tests/talk/run" "$tmp/hello.talk"
echo "the manual's example works"
