# SPDX-License-Identifier: ISC
"""filter-postgrey whose servers, disk or processes fail, in the real smtpd.

Whatever happens: each client gets a reply, smtpd lives, and as soon as a
server can be asked again, it is.  What was learned survives.

Rows of how servers fail, and where their test is, if it is not here:
  never started            test_not_yet; policy-away, redis-away.talk
  clean stop, SIGKILL      test_stopped; test-consult, test-shared
  restart                  test_restart
  re-reads its lists       test_reload
  frozen, overloaded       test_frozen; test-consult, test-shared
  listen queue full        test_queue_full
  dies mid answer, garbage test-consult-bad, policy-fails-*.talk; test-shared
  endless answer           test-consult-bad, test-policyd; test-shared-reply
  refuses us, NOAUTH       test-shared, test-shared-config
  dies of our request      test-policyd-request; each test here and in
                           test_postgrey, as the real one is asked
  DNS slow                 test-lookup; servers are named by address here
  full disk, MISCONF       test_disk_full; test-store-writer; test-shared
  clock jumps              test-grey; test-shared has the server's
  file can't be read       test_broken_file; test-store-broken
  two on one file          test_two_on_one
"""

import glob
import os
import shutil
import signal
import socket
import threading
import time

import harness
from client import Client
from harness import check, equal, soon, wait
from test_fault import small_disk
from test_postgrey import (DELAY, HOST, LISTEN, builtin, database, deliver,
                           policy, postgrey, rcpt, stamped)

ACCEPT, TEMPFAIL = 2525, 2526
GREY = 450          # as postgrey says it
FAST = "-o retry-delay=0 -o timeout=1s "


def start(t, daemons, more=""):
    """One listener for each policy."""
    t.start("".join(
        policy(t, daemons, "-o on-failure=%s %s" % (how, more)).replace(
            '"grey"', '"%s"' % how, 1) +
        'listen on 127.0.0.1 port %d filter "%s"\n' % (port, how)
        for port, how in ((ACCEPT, "accept"), (TEMPFAIL, "tempfail"))))


class Count:
    value = 0


def new():
    """A recipient that nobody has asked about."""
    Count.value += 1
    return "alice+%d@example.org" % Count.value


def both(codes, seconds=3):
    """What clients at both listeners are told, and how soon."""
    for port, code in zip((ACCEPT, TEMPFAIL), codes):
        began = time.monotonic()
        reply = rcpt(new(), port=port)
        equal(reply[0], code, "reply at %d (%s)" % (port, reply[1]))
        soon(time.monotonic() - began, seconds, "the reply")


def fails(seconds=3):
    both((250, 451), seconds)


def works(seconds=3):
    both((GREY, GREY), seconds)


def recovers():
    """A server that is back is noticed: it is tried every 10 s at least."""
    for port in ACCEPT, TEMPFAIL:
        wait(lambda p=port: rcpt(new(), port=p)[0] == GREY, "the server", 12)
    works()


def test_not_yet(t):
    """It comes after smtpd, and is used; until then, on-failure."""
    daemon = postgrey(t, start=False)
    start(t, [daemon], "-o tries=1 -o retry-delay=1s")
    fails()
    fails()     # after a second: till then, it might have been a restart
    fails(1)
    daemon.start()
    recovers()
    t.server.wait_log("No such file or directory")


def test_stopped(t):
    """Stopped or killed, with connections open; started again: used."""
    daemon = postgrey(t)
    start(t, [daemon], FAST)
    for end in daemon.stop, daemon.kill:
        works()
        end()
        fails()
        daemon.start()
        recovers()


def test_frozen(t):
    """It takes all and says nothing: the time-out ends it."""
    daemon = postgrey(t)
    start(t, [daemon], "-o timeout=1s")
    works()
    daemon.freeze()
    fails(4)
    t.server.wait_log("timed out")
    daemon.thaw()
    time.sleep(1)
    works()


def asked(port, result):
    """A thread that is told something in result, later."""
    def ask():
        result.append(rcpt(new(), port=port)[0])
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    return thread


def test_restart(t):
    """Killed with questions open, and a new one: it answers them."""
    daemon = postgrey(t)
    start(t, [daemon], "-o timeout=10s")
    works()
    daemon.freeze()
    results = []
    threads = [asked(port, results) for port in (ACCEPT, TEMPFAIL) * 4]
    time.sleep(0.5)
    daemon.kill()
    time.sleep(0.2)
    daemon.start()
    for thread in threads:
        thread.join(20)
    equal(results, [GREY] * 8, "replies")


def test_reload(t):
    """HUP: it reads its lists again, and connections survive."""
    daemon = postgrey(t)
    start(t, [daemon])
    works()
    with open(os.path.join(daemon.where, "clients"), "w") as file:
        file.write(HOST + "\n")
    os.kill(daemon.process.pid, signal.SIGHUP)
    time.sleep(0.3)
    both((250, 250))
    equal(t.server.filters_logged("next try in"), [], "failures in the log")


def test_second(t):
    """Two servers: the second does the work of one that is no more."""
    one, two = postgrey(t, name="one"), postgrey(t, name="two", port=10023)
    start(t, [one, two], FAST)
    works()
    check("alice+" not in two.log(), "the second was asked")
    one.freeze()
    works(4)
    one.kill()
    works()
    one.start()
    two.kill()
    recovers()


def test_queue_full(t):
    """A server that accepts nobody any more."""
    where = os.path.join(t.dir, "full")
    server = socket.socket(socket.AF_UNIX)
    server.bind(where)
    os.chmod(where, 0o777)
    server.listen(0)
    hogs = []
    try:
        while len(hogs) < 10:
            hog = socket.socket(socket.AF_UNIX)
            hog.setblocking(False)
            hogs.append(hog)
            hog.connect(where)
    except BlockingIOError:
        pass
    check(len(hogs) < 10, "its queue has no end")

    class Full:
        server = "unix:" + where
    start(t, [Full], "-o retry-delay=0")
    fails(6)
    fails(6)
    for hog in hogs:
        hog.close()
    server.close()


def test_client_gone(t):
    """Clients that leave while their question is open: nothing stays."""
    daemon = postgrey(t)
    start(t, [daemon], "-o timeout=5s -o connections=2")
    works()
    daemon.freeze()
    for n in range(20):
        client = Client(TEMPFAIL, HOST)
        client.hello()
        client.raw(b"MAIL FROM:<joe@example.com>\r\n"
                   b"RCPT TO:<alice@example.org>\r\n")
        client.reset() if n % 2 else client.close()
    time.sleep(0.5)
    daemon.thaw()
    works()


def load(over, replies, n):
    """Clients until over is set: each gets an answer that is one."""
    while not over.is_set():
        try:
            replies.append(rcpt("alice+%d@example.org" % len(replies),
                                src="198.51.100.%d" % (n + 1))[0])
        except Exception as error:
            replies.append(repr(error))


def under_load(t, action):
    """What eight clients were told while action() was done."""
    over, replies = threading.Event(), []
    t.cleanup.append(over.set)
    threads = [threading.Thread(target=load, args=(over, replies, n),
                                daemon=True) for n in range(8)]
    for thread in threads:
        thread.start()
    action()
    over.set()
    for thread in threads:
        thread.join(30)
        check(not thread.is_alive(), "a client hangs")
    return replies


def remembered(to="alice+known@example.org"):
    """Is known: passed once, and passes."""
    equal(rcpt(to)[0], 250, "reply to one that passed")


def learn(t, to="alice+known@example.org"):
    equal(rcpt(to)[0], 451, "first")
    time.sleep(DELAY + 0.1)
    stamped(deliver(t, to), b"filter-postgrey")


def test_worker_killed(t):
    """Again and again while mail comes: it goes on, and nothing is lost."""
    t.start(builtin(t, "-o auto-whitelist=0") + LISTEN)
    learn(t)

    def kills():
        for _ in range(20):
            time.sleep(0.15)
            pid = harness.worker_of("filter-postgrey")
            if pid:
                os.kill(pid, signal.SIGKILL)
    replies = under_load(t, kills)
    # 250 is on-failure's: of questions that were open.
    check(set(replies) <= {451, 250}, "replies: %s", set(replies))
    check(replies.count(451) > 50, "%d were greylisted", replies.count(451))
    remembered()
    check("corrupt" not in t.server.log() and
          not glob.glob(database(t) + ".broken*"), "the file was damaged")


def kill_filter():
    """The guard too: smtpd then ends by itself."""
    for pid, _ in harness.processes("filter-postgrey"):
        os.kill(pid, signal.SIGKILL)


def test_all_killed(t):
    """The whole filter, and with it smtpd: started again, all is there."""
    conf = builtin(t, "-o auto-whitelist=0") + LISTEN
    t.start(conf)
    learn(t)
    equal(rcpt("alice+waits@example.org")[0], 451, "one who waits")
    began = time.monotonic()

    def kill():
        time.sleep(1)
        kill_filter()
        t.server.process.wait(10)
    under_load(t, kill)
    t.start(conf)
    remembered()
    time.sleep(max(0, began + DELAY - time.monotonic()) + 0.1)
    # Clients that smtpd left hanging may have kept us.
    waited = int(time.monotonic() - began)
    stamped(deliver(t, "alice+waits@example.org"), b"filter-postgrey", waited)
    equal(glob.glob(database(t) + ".broken*"), [], "files moved aside")


def on_disk(t, path, more=""):
    shutil.chown(path, "opensmtpd", "opensmtpd")
    t.start(t.filter("grey", "filter-postgrey -o db=%s/grey.db -o delay=%d "
                     "-o auto-whitelist=0 %s" % (path, DELAY, more)) + LISTEN)


def test_disk_full(t):
    """1 MB for all: said, and what does not fit is known in memory."""
    path = small_disk(t, "1m")
    on_disk(t, path)
    learn(t)
    with open(os.path.join(path, "hog"), "wb") as file:
        try:
            file.write(b"x" * (2 << 20))
            file.flush()
        except OSError:
            pass
    tos = ["alice+%d@example.org" % n for n in range(200)]
    for to in tos:
        equal(rcpt(to)[0], 451, "first, on a full disk")
    t.server.wait_log("not written: database or disk is full")
    time.sleep(DELAY + 0.1)
    for to in tos:
        equal(rcpt(to)[0], 250, "retry, on a full disk")
    remembered()
    equal(deliver(t, "alice+3@example.org"), b"", "header of a second mail")
    os.unlink(os.path.join(path, "hog"))
    wait(lambda: rcpt(tos[0])[0] and t.server.filters_logged(
        "is written again, 0 changes were lost"), "the disk to be used", 40)
    t.stop()
    on_disk(t, path)
    for to in tos[:20]:
        equal(rcpt(to)[0], 250, "after a restart")


def test_broken_file(t):
    """Garbage instead of a database: moved aside, and on with a new one."""
    path = database(t)
    with open(path, "wb") as file:
        file.write(b"SQLite format 3\0" + os.urandom(40000))
    shutil.chown(path, "opensmtpd", "opensmtpd")
    t.start(builtin(t) + LISTEN)
    learn(t)
    t.server.wait_log("beginning with an empty one")
    aside = [p for p in glob.glob(path + "*") if os.path.getsize(p) == 40016]
    equal(len(aside), 1, "files moved aside of %s" % glob.glob(path + "*"))


def test_file_breaks(t):
    """While it runs."""
    path = database(t)
    t.start(builtin(t, "-o auto-whitelist=0") + LISTEN)
    learn(t)
    with open(path, "r+b") as file:
        file.write(os.urandom(8192))
    tos = ["alice+b%d@example.org" % n for n in range(30)]
    for to in tos:
        equal(rcpt(to)[0], 451, "first")
    wait(lambda: rcpt("alice+b0@example.org")[0] and t.server.filters_logged(
        "beginning with an empty one"), "the file to be moved")
    check(glob.glob(path + ".broken*"), "it is not there")
    # What was in the file is lost, what comes now is not.
    for to in tos:
        rcpt(to)
    time.sleep(DELAY + 0.1)
    for to in tos:
        equal(rcpt(to)[0], 250, "retry")


def test_two_on_one(t):
    """Two filters on one file: what one learned the other knows."""
    t.start(builtin(t, "-o auto-whitelist=0") +
            builtin(t, "-o auto-whitelist=0", "two") + LISTEN +
            'listen on 127.0.0.1 port 2526 filter "two"\n')
    for n in range(20):
        equal(rcpt("alice+%d@example.org" % n, port=2525 + n % 2)[0], 451,
              "first")
    time.sleep(DELAY + 0.1)
    for n in range(20):
        equal(rcpt("alice+%d@example.org" % n, port=2526 - n % 2)[0], 250,
              "retry at the other")
