# SPDX-License-Identifier: ISC
"""The pages of doc/milters, each with the real milter in the real smtpd: as a
daemon, and as a drop-in where the page has one."""

import base64
import os
import re
import shlex
import shutil
import socket
import subprocess

import harness
import mail
import test_delivery as submission
import test_spamassassin
from assassin import GTUBE
from client import Client, send
from harness import check, equal, wait
from milters import Asked, Clamd, EICAR, KEY, OpenDKIM, program
from pages import Dns, Page, Started, override, write

STRANGER = "203.0.113.9"
FORGED = b"Authentication-Results: mx.example.org; dkim=pass " \
    b"header.d=example.com\n" + mail.plain("forged")
DAEMON, DROPIN = "As a daemon", "As a drop-in"
USERS = "tls-require pki mx.example.org auth"    # and the test is in the clear


def submit(message, rcpt="alice@example.org", **how):
    return send(25, message, rcpt, src=STRANGER, **how)


def delivered(t, message, tag, folder="new", **how):
    """What became of a mail from a stranger."""
    rcpt = "alice+%s@example.org" % tag
    equal(submit(message, rcpt, **how)[0], 250, "reply to " + tag)
    return t.mail_to(rcpt, folder=folder)


def refused(message, want):
    equal(submit(message), want, "reply")


def field(got, name):
    found = re.search(rb"^%s: ?(.*(?:\n[ \t].*)*)" % name, got, re.M)
    return found and found.group(1)


def logged(t, page, title):
    """The log has what the page says, the place of a drop-in apart."""
    for line in page.said():
        if title == DROPIN:
            line = re.sub(r"milter=\S+", "milter=libmilter", line)
        t.server.wait_log(re.escape(line).replace("NAME", ".*"))


def each(t, page, titles=(DAEMON, DROPIN), before=""):
    """smtpd as the page says, for each way; stopped when it was looked at.
    before is what the drop-in comes after."""
    for title in titles:
        t.start((before if title == DROPIN else "") + page.conf(title))
        yield title
        t.stop()
    t.server = None


def test_ask(t):
    """The overview's question, as the user of smtpd's filters."""
    page = Page("README")
    line = re.search(r"^    (\S+ -n .*)", page.text, re.M).group(1)
    with socket.socket(socket.AF_UNIX) as one, \
            socket.create_server(("127.0.0.1", 8891)):
        one.bind("/run/one.sock")
        one.listen()
        for mode, code, said in ((0o666, 0, b"configuration OK\n"),
                                 (0o600, 1, b"Permission denied\n")):
            os.chmod("/run/one.sock", mode)
            got = subprocess.run(line.split(), user="opensmtpd", group="opensmtpd",
                                 stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT)
            equal(got.returncode, code, "status for %o" % mode)
            check(got.stdout.endswith(said), "it said %s", got.stdout)
    os.unlink("/run/one.sock")


def public_key():
    der = subprocess.run(["openssl", "pkey", "-in", KEY, "-pubout", "-outform",
                          "DER"], check=True, stdout=subprocess.PIPE).stdout
    return "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode()


def verifier(t):
    path = "/etc/opendkim.conf"
    return Started(t, "inet:8891@127.0.0.1", "opendkim",
                   program("opendkim"), "-f", "-x", path).start()


def signed(t, message):
    """As OpenDKIM signs it, elsewhere."""
    signer = OpenDKIM(t, name="signer").start()
    message = Asked(signer, message, "alice@example.org").message
    signer.kill()
    return message.replace(Asked.RECEIVED, b"")


def test_opendkim(t):
    """Verifies as a daemon, and signs as a drop-in: the one what the other
    has signed."""
    page = Page("opendkim", "opendkim")
    Dns(t, **{"rsa._domainkey.example.com": public_key()})
    with open(KEY) as key:
        write("/etc/dkimkeys/rsa.private", key.read(), "opendkim")
    t.start(page.conf(DROPIN).replace(" " + USERS, ""))
    rcpt = "alice+signed@example.org"
    equal(send(587, mail.plain(), rcpt)[0], 250, "reply to a user")
    got = t.mail_to(rcpt)
    logged(t, page, DROPIN)
    t.stop()
    top, _, rest = mail.split(got)
    check(top.startswith(b"DKIM-Signature: v=1; "), "no signature: %s", top)
    verifier(t)
    t.start(page.conf(DAEMON))
    for tag, sent, want in ("good", top + rest, b"dkim=pass"), \
            ("bad", (top + rest).replace(b"Hello", b"Hullo"), b"dkim=fail"):
        result = field(delivered(t, sent, tag), b"Authentication-Results")
        check(result and want in result, "%s: %s", tag, result)
        check(result.startswith(b"mx.example.org;"), "name in %s", result)
    logged(t, page, DAEMON)


def test_opendkim_users(t):
    """Signed is the mail of those who have authenticated, wherever they are,
    and of nobody else on the same listener."""
    submission.needs_tls()
    page = Page("opendkim", "opendkim")
    with open(KEY) as key:
        write("/etc/dkimkeys/rsa.private", key.read(), "opendkim")
    t.start(t.certificate() + submission.CREDS + page.conf(DROPIN).replace(
        USERS, "tls pki mx.example.org auth-optional <creds>"))
    for tag in "stranger", "user":
        client = Client(587, src=STRANGER)
        client.hello()
        equal(client.cmd("STARTTLS")[0], 220, "STARTTLS")
        client.starttls_now()
        client.hello()
        if tag == "user":
            submission.login(client)
        rcpt = "alice+%s@example.org" % tag
        equal(client.send(mail.plain(), rcpt)[0], 250, "reply")
        client.quit()
        equal(field(t.mail_to(rcpt), b"DKIM-Signature") is not None,
              tag == "user", "signed for a " + tag)


def test_opendkim_group(t):
    """The socket that only the milter's group reaches; smtpd gives a filter
    no other group than the one of its line."""
    page = Page("opendkim", "opendkim")
    name = "unix:/run/opendkim/opendkim.sock"
    write("/etc/opendkim.conf", override(page.files["/etc/opendkim.conf"],
                                         "Socket %s\nUMask 007\n" %
                                         name.replace("unix", "local")))
    daemon = Started(t, name, "opendkim", program("opendkim"), "-f", "-x",
                     "/etc/opendkim.conf").start()
    os.chmod("/run/opendkim", 0o750)
    groups = harness.read("/etc/group").decode()
    with open("/etc/group", "w") as file:
        file.write(re.sub("^opendkim:.*", r"\g<0>opensmtpd", groups,
                          flags=re.M))
    conf = page.conf(DAEMON).replace("inet:8891@127.0.0.1", daemon.name)
    for more, code in (" group opendkim", 250), ("", 451):
        t.start(conf.replace('sock"', 'sock"' + more))
        equal(submit(mail.plain())[0], code, "reply with" + more)
        t.stop()
    t.server = None
    with open("/etc/group", "w") as file:
        file.write(groups)


def policeman(t):
    return Started(t, "inet:8893@127.0.0.1", "opendmarc", program("opendmarc"),
                   "-f", "-c", "/etc/opendmarc.conf").start()


def test_opendmarc_more(t):
    """What else the page says."""
    page = Page("opendmarc", "opendmarc")
    Dns(t, **{"_dmarc.example.com": "v=DMARC1; p=quarantine"})
    write("/etc/opendmarc.conf", override(
        page.files["/etc/opendmarc.conf"], "HoldQuarantinedMessages false\n"))
    daemon = policeman(t)
    alone = page.conf(DAEMON).replace("-s inet:8891@127.0.0.1 ", "").replace(
        "quarantine=junk", "quarantine=reject")
    t.start(alone)
    got = delivered(t, FORGED, "forged")
    check(b"dmarc=pass" in field(got, b"Authentication-Results"), "%s", got)
    got = delivered(t, mail.plain(), "unsigned")
    check(b"dmarc=fail" in field(got, b"Authentication-Results"), "%s", got)
    daemon.kill()
    write("/etc/opendmarc.conf", page.files["/etc/opendmarc.conf"])
    daemon.start()
    wait(lambda: submit(mail.plain())[0] == 550, "quarantine=reject")
    equal(send(25, mail.plain())[0], 250, "reply to this host")


def test_opendmarc(t):
    """Behind OpenDKIM, which forged results don't get past."""
    Page("opendkim", "opendkim")
    page = Page("opendmarc", "opendmarc")
    Dns(t, **{"rsa._domainkey.example.com": public_key(),
              "_dmarc.example.com": "v=DMARC1; p=reject",
              "_dmarc.held.example": "v=DMARC1; p=quarantine"})
    good = signed(t, mail.plain("good"))
    held = mail.plain("held").replace(b"joe@example.com", b"joe@held.example")
    verifier(t)
    policeman(t)
    verify = Page("opendkim", "opendkim").conf(DAEMON).split("\n")[0] + "\n"
    for title in each(t, page, before=verify):
        tag = title.split()[-1]
        got = delivered(t, good, tag)
        check(b"dmarc=pass" in field(got, b"Authentication-Results"), "%s",
              got[:1000])
        refused(mail.plain("unsigned"),
                (550, "550 5.7.1 rejected by DMARC policy for example.com"))
        equal(submit(FORGED)[0], 550, "reply to a forged result")
        got = delivered(t, held, tag + "-held", "junk",
                        sender="joe@held.example")
        check(b"DMARC" in field(got, b"X-Milter-Quarantine").upper(), "%s",
              got[:1000])
        logged(t, page, title)


def test_clamav_milter(t):
    page = Page("clamav-milter", "clamav-milter")
    clamd = Clamd(t)
    clamd.start()
    os.makedirs("/run/clamav", exist_ok=True)
    os.symlink(clamd.path, "/run/clamav/clamd.ctl")
    shutil.chown("/run/clamav", "clamav")
    Started(t, "unix:/run/clamav/clamav-milter.ctl", "clamav",
            program("clamav-milter"), "--foreground=true", "-c",
            "/etc/clamav/clamav-milter.conf").start()
    for title in each(t, page):
        wait(lambda: submit(mail.plain())[0] == 250, "it to find clamd")
        got = delivered(t, mail.plain(), title.split()[-1])
        equal(field(got, b"X-Virus-Status"), b"Clean", "status")
        equal(submit(mail.plain("virus", EICAR))[0], 550, "reply to a virus")
        logged(t, page, title)
        clamd.kill()
        equal(submit(mail.plain())[0], 451, "reply without clamd")
        clamd.start()


def test_spamass_milter(t):
    page = Page("spamass-milter", "spamass-milter", "spamc")
    daemon = test_spamassassin.spamd(t, port=783)
    default = dict(line.split("=", 1) for line in shlex.split(
        page.files["/etc/default/spamass-milter"]))
    Started(t, "unix:" + default["SOCKET"], "spamass-milter",
            program("spamass-milter"), "-p", default["SOCKET"],
            *default["OPTIONS"].split()).start()
    os.chmod(default["SOCKET"], int(default["SOCKETMODE"], 8))
    for title in each(t, page):
        tag = title.split()[-1]
        got = delivered(t, mail.plain(), tag)
        check(field(got, b"X-Spam-Status").startswith(b"No, score=0"), "%s",
              got[:1000])
        got = delivered(t, mail.plain("nine", b"spamword-nine\n"),
                        tag + "-nine", "junk")
        equal(field(got, b"X-Spam-Flag"), b"YES", "flag")
        refused(mail.plain("gtube", GTUBE),
                (550, "550 5.7.1 Blocked by SpamAssassin"))
        logged(t, page, title)


def test_spamass_milter_more(t):
    """What else the page says."""
    page = Page("spamass-milter", "spamass-milter", "spamc")
    daemon = test_spamassassin.spamd(t, port=783)
    conf = page.conf(DROPIN)
    t.start(conf.replace("-r 15", "-b bob@example.org"))
    equal(submit(mail.plain("gtube", GTUBE))[0], 550, "reply to -b")
    daemon.kill()
    got = delivered(t, mail.plain("unseen", b"spamword-nine\n"), "unseen")
    check(field(got, b"X-Spam-Status") is None, "marked without spamd")
    daemon.start()
    t.stop()
    t.start("listen on 127.0.0.1 port 2530\n" + conf.replace(
        "-r 15", "-B alice+copy@example.org").replace(
            "LD_LIBRARY_PATH", "'SMTPD_MILTER=-o inject=127.0.0.1:2530' "
            "LD_LIBRARY_PATH"))
    delivered(t, mail.plain("gtube", GTUBE), "B", "junk")
    t.mail_to("alice+copy@example.org", folder="junk")


def pymilter():
    if subprocess.run(["/usr/bin/python3", "-c", "import Milter"],
                      stderr=subprocess.DEVNULL).returncode != 0:
        raise harness.Skip("there is no python3-milter")
    return Page("pymilter")


def test_pymilter(t):
    """The page's own milter, whole."""
    page = pymilter()
    milter = page.script("milter-hello")
    name = "inet:8895@127.0.0.1"
    Started(t, name, "filt", milter, name).start()
    for title in each(t, page):
        got = delivered(t, mail.plain(), title.split()[-1])
        equal(field(got, b"X-Hello"), STRANGER.encode(), "field")
        equal(submit(mail.plain(), sender="nobody@example.com"),
              (550, "550 5.7.1 Not you"), "reply")
        logged(t, page, title)


def test_pymilter_more(t):
    """What else the page says, with other words at the end of a message."""
    page = pymilter()
    path = page.script("milter-hello")
    text = harness.read(path).decode()
    done = os.path.join(t.dir, "done")
    for line, reply, said in (
            ("raise ValueError('oh')",
             (451, "451 4.3.0 pymilter: untrapped exception in hello"),
             "hello: ValueError: oh"),
            ("self.setreply('550', '5.7.1', 'no', 'way'); "
             "return Milter.REJECT", (550, "550 5.7.1 no way"), "no way"),
            ("print('lo'); return Milter.REJECT",
             (550, "550 5.7.1 Command rejected"), "hello: lo")):
        write(path, text.replace("def eom(self):", "def eom(self):\n"
                                 "        " + line) +
              "open('%s', 'w')\n" % done)
        t.start(page.conf(DROPIN))
        refused(mail.plain(), reply)
        t.server.wait_log(said)
        t.stop()
        wait(lambda: os.path.exists(done), "runmilter() to return", 5)
        os.unlink(done)
    t.server = None


SETTINGS = """sub { from = "sub@example.com"; apply { actions {
    "rewrite subject" = -100; "add header" = null; greylist = null; reject = null; } } }
"""
RSPAMD_PLACES = {
    "SHAREDIR": "share/rspamd", "RULESDIR": "share/rspamd/rules",
    "LUALIBDIR": "share/rspamd/lualib", "PLUGINSDIR": "share/rspamd/plugins",
    "WWWDIR": "share/rspamd/www"}


def rspamd(t, **local):
    """From where it was unpacked, with its package's files, but for the list
    of all top level domains: to read that takes it ten seconds."""
    usr = os.path.dirname(os.path.dirname(program("rspamd")))
    shutil.copytree(os.path.join(usr, "..", "etc/rspamd"), "/etc/rspamd",
                    dirs_exist_ok=True)
    write("/etc/rspamd/local.d/options.inc", 'url_tld = "%s"\n' % write(
        "/etc/rspamd/tlds", "com\norg\n"))
    for name in "settings", "force_actions":
        local.setdefault(name, "")
    for name, text in local.items():
        write("/etc/rspamd/local.d/%s.conf" % name, text)
    for path in "/run/rspamd", "/var/lib/rspamd":
        os.makedirs(path, exist_ok=True)
        shutil.chown(path, "rspamd")
    argv = ["/usr/bin/env", "LD_LIBRARY_PATH=%s/lib/rspamd" % usr,
            program("rspamd"), "-f", "-c", "/etc/rspamd/rspamd.conf",
            "--var=LOGDIR=/run/rspamd"]
    for name, path in RSPAMD_PLACES.items():
        argv.append("--var=%s=%s" % (name, os.path.join(usr, path)))
    return Started(t, "inet:11332@127.0.0.1", "rspamd", *argv).start()


def test_rspamd(t):
    page = Page("rspamd", "rspamd")
    Dns(t)
    rspamd(t)
    for title in each(t, page, [DAEMON]):
        got = delivered(t, mail.plain(), "strange", "junk")
        check(field(got, b"X-Spamd-Result"), "no result: %s", got[:1000])
        equal(field(got, b"X-Spam"), b"Yes", "X-Spam")
        message = mail.plain()
        equal(send(25, message, "alice+near@example.org")[0], 250, "reply")
        check(message in t.mail_to("alice+near@example.org"), "it was marked")
        refused(mail.plain("gtube", GTUBE), (554, "554 5.7.1 Gtube pattern"))
        logged(t, page, title)


def test_rspamd_actions(t):
    """Each of them, by who the sender is."""
    page = Page("rspamd", "rspamd")
    Dns(t)
    rspamd(t, settings=SETTINGS, force_actions="""rules { SOFT {
    action = "soft reject"; expression = "FROM_NEQ_ENVFROM"; } }""")
    t.start(page.conf(DAEMON))
    equal(submit(mail.plain(), sender="ann@example.com")[0], 451,
          "reply to soft reject")
    message = mail.plain("cheap").replace(b"joe@", b"sub@")
    got = delivered(t, message, "sub", sender="sub@example.com")
    equal(field(got, b"Subject"), b"*** SPAM *** cheap", "subject")


def rejects(t, option, code, text):
    """What becomes of a reject that is to be something else."""
    page = Page("rspamd", "rspamd")
    Dns(t)
    path = "/etc/rspamd/local.d/worker-proxy.inc"
    write(path, page.files[path] + option + " = true;\n")
    rspamd(t)
    t.start(page.conf(DAEMON))
    equal(submit(mail.plain("gtube", GTUBE), "alice+r@example.org")[0], code,
          "reply")
    t.server.wait_log(text)


def test_rspamd_discard(t):
    rejects(t, "discard_on_reject", 550, "action=discard as=reject")


def test_rspamd_quarantine(t):
    rejects(t, "quarantine_on_reject", 250, "action=quarantine as=junk")
    t.mail_to("alice+r@example.org", folder="junk")
