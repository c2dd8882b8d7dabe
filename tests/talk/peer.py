# SPDX-License-Identifier: ISC
"""The filter's process, and the two sockets between it and us.

As smtpd starts it: fds 0 and 1 are one socket, fd 2 another, a session of its
own.  Sends without ever blocking, as smtpd's queues have no limit; what was
read is handed line by line to two callbacks.  Raises Broken for what smtpd
would notice at this level.
"""

import os
import re
import select
import signal
import socket
import subprocess
import time

from model import Broken, LINE_MAX, show

CHUNK = 1 << 16
LOG_MAX = 65535
CRASH = re.compile(rb"AddressSanitizer|LeakSanitizer|runtime error:|"
                   rb"[Aa]ssertion .*failed|Segmentation fault")


def wait_for(rlist, wlist, timeout):
    """select(2), but its time is over in time even if we are stopped."""
    poll = select.poll()
    for f in set(rlist) | set(wlist):
        poll.register(f, select.POLLIN * (f in rlist) |
                      select.POLLOUT * (f in wlist))
    # POLLHUP and POLLERR: reading or writing will tell.
    ready = dict(poll.poll(max(0, timeout) * 1000))
    return ([f for f in rlist
             if ready.get(f.fileno(), 0) & ~select.POLLOUT],
            [f for f in wlist
             if ready.get(f.fileno(), 0) & ~select.POLLIN])


class Peer:
    """A running filter."""

    def __init__(self, argv, cwd, env, on_line, on_log):
        self.on_line = on_line          # on_line(bytes, now)
        self.on_log = on_log            # on_log(bytes)
        self.log = []                   # lines from stderr, str
        self.out = []                   # blocks not yet sent
        self.out_len = 0
        self.partial = b""
        self.log_partial = b""
        self.reading = True
        self.crash_ok = False           # a worker is known to die
        self.guarded = False            # it has a worker, see kill_worker()
        self.chunk = CHUNK
        self.lines = 0                  # that came from the filter
        self.sock, theirs = socket.socketpair()
        self.err, their_err = socket.socketpair()
        for s in self.sock, self.err:
            s.setblocking(False)
        self.proc = subprocess.Popen(argv, stdin=theirs, stdout=theirs,
                                     stderr=their_err, cwd=cwd, env=env,
                                     start_new_session=True)
        theirs.close()
        their_err.close()

    def send(self, data):
        self.out.append(data)
        self.out_len += len(data)
        if self.out_len >= CHUNK and self.chunk == CHUNK:
            self.pump(0)

    def pump(self, timeout):
        """Write and read what is possible, wait at most timeout for it."""
        rlist = [self.err] if self.err else []
        if self.reading:
            rlist.append(self.sock)
        wlist = [self.sock] if self.out else []
        ready, writable = wait_for(rlist, wlist, timeout)
        if writable:
            self.write()
        if self.err in ready:
            self.read_log()
        if self.sock in ready:
            self.read()
        elif not ready and not writable and self.proc.poll() is not None:
            raise Broken("exit", self.status())
        return bool(ready or writable)

    def write(self):
        if len(self.out) > 1:
            self.out = [b"".join(self.out)]
        data = self.out[0]
        try:
            n = self.sock.send(memoryview(data)[:self.chunk])
        except BlockingIOError:
            return
        except OSError as e:
            raise self.ended() from e
        self.out_len -= n
        self.out = [data[n:]] if n < len(data) else []

    def read(self):
        try:
            data = self.sock.recv(4 * CHUNK)
        except BlockingIOError:
            return
        except ConnectionError as e:
            raise self.ended() from e
        if data == b"":
            raise self.ended()
        now = time.monotonic()
        lines = (self.partial + data).split(b"\n")
        self.partial = lines.pop()
        self.lines += len(lines)
        for line in lines:
            self.on_line(line, now)
        if len(self.partial) > LINE_MAX:
            raise Broken("long-line", show(self.partial))

    def read_log(self):
        try:
            data = self.err.recv(CHUNK)
        except OSError:
            data = b""
        if data == b"":
            self.err.close()
            self.err = None
            return
        lines = (self.log_partial + data).split(b"\n")
        self.log_partial = lines.pop()
        for line in lines:
            self.log_line(line)
        if len(self.log_partial) > LOG_MAX:
            raise Broken("stderr-line")

    def log_line(self, line):
        self.on_log(line)
        self.log.append(line.decode("latin-1"))
        if CRASH.search(line) and not self.crash_ok:
            raise Broken("log-crash", show(line))
        if re.search(rb"[^ -~\t]", line):
            raise Broken("log-bytes", show(line))
        if len(line) > LOG_MAX:
            raise Broken("stderr-line", show(line))

    def status(self):
        code = self.proc.returncode
        text = "status %d" % code if code >= 0 else "signal %d" % -code
        self.drain_log()
        return text + ("; last log: " + self.log[-1] if self.log else "")

    def drain_log(self):
        try:
            while self.err and select.select([self.err], [], [], 0)[0]:
                self.read_log()
        except Broken:
            pass        # the reason for the end is worth more

    def ended(self):
        """The pipe is closed from the other side."""
        try:
            self.proc.wait(0.5)
        except subprocess.TimeoutExpired:
            return Broken("closed")
        return Broken("exit", self.status())

    def find_children(self):
        path = "/proc/%d/task/%d/children" % (self.proc.pid, self.proc.pid)
        try:
            with open(path) as f:
                return [int(pid) for pid in f.read().split()]
        except OSError:
            return []

    def kill_worker(self, signo):
        """The worker is the filter's only child; without guard, itself."""
        pids = self.find_children()
        if len(pids) > 1:
            raise AssertionError("more than one child: %s" % pids)
        self.crash_ok = True
        if pids or not self.guarded:
            os.kill(pids[0] if pids else self.proc.pid, signo)

    def finish(self, limit=1.0):
        """smtpd stops: the filter has a second to exit with status 0."""
        pids = self.find_children()
        self.sock.close()
        began = time.monotonic()
        while self.proc.poll() is None:
            if time.monotonic() - began > limit:
                raise Broken("eof-ignored")
            if self.err and select.select([self.err], [], [], 0.01)[0]:
                self.read_log()
            elif not self.err:
                time.sleep(0.01)
        if self.proc.returncode != 0:
            raise Broken("eof-status", self.status())
        self.drain_log()
        while any(alive(pid) for pid in pids):
            if time.monotonic() - began > limit:
                raise Broken("orphan", str(pids))
            time.sleep(0.01)

    def destroy(self):
        """Whatever is left of it must go."""
        pids = self.find_children() if self.proc.poll() is None else []
        for pid in pids + [self.proc.pid] * (self.proc.poll() is None):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.proc.wait()
        for s in self.sock, self.err:
            if s:
                s.close()


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
