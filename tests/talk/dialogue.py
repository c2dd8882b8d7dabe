# SPDX-License-Identifier: ISC
"""Whole steps of an SMTP session, as smtpd tells a filter about them.

Each method is a verb of conversation files: it says the reports and asks the
question that smtpd would, waits for the answer, and goes on as smtpd does
after that answer.  Fails by the Wrong of the talk it works for.
"""

from script import Wrong, answer_matches, split_answer

RECEIVED = """Received: from %s (%s [%s])
	by mx.example.org (OpenSMTPD) with ESMTP id %s
	for <%s>;
	Sat, 21 Nov 2026 12:00:00 +0000 (UTC)"""


class Client:
    """A session seen from the client's side."""

    def __init__(self, name, ip, rdns):
        self.name = name
        self.ip = ip
        self.rdns = rdns
        self.helo = None
        self.tx = None          # msgid
        self.rcpts = []
        self.gone = False
        self.next = None        # what "continue" does
        self.tx_data = False    # tx-data is still to be said


def settings(words, known):
    """['from', '192.0.2.1'] to {'from': '192.0.2.1'}"""
    if len(words) % 2:
        raise Wrong("a word without its value: " + words[-1])
    given = dict(zip(words[::2], words[1::2]))
    for word in given:
        if word not in known:
            raise Wrong("unknown word: " + word)
    return given


class Dialogue:
    """The verbs; talk is the conversation they belong to."""

    def __init__(self, talk):
        self.talk = talk
        self.clients = {}
        self.messages = 0

    def client(self, name):
        if name not in self.clients:
            raise Wrong("no such session: " + name)
        return self.clients[name]

    def report(self, c, event, *fields):
        self.talk.report("smtp-in", event, c.name,
                         "|".join(fields) if fields else None)

    def reply(self, c, text):
        self.report(c, "protocol-server", text)

    def step(self, c, phase, param, want, then):
        """Ask; then() goes on after a proceed (or a rewrite, or junk)."""
        c.next = then
        if want == "elsewhere":
            return self.go_on(c, phase, "junk")
        if not self.talk.ask(phase, c.name, param):
            if want is not None and not self.talk.loose:
                raise Wrong("phase %s is not registered" % phase)
            return then()
        if want == "later":
            return None
        text = self.talk.answer(c.name)
        if want is not None or not self.talk.loose:
            if not answer_matches(want or "proceed", text):
                raise Wrong("%s at %s: wanted %s, got %s" %
                            (c.name, phase, want or "proceed", text))
        return self.go_on(c, phase, text)

    def go_on(self, c, phase, text):
        word, _, param = text.partition("|")
        name = {"connect": "connected", "starttls": "tls"}.get(phase, phase)
        self.report(c, "filter-response", name, text)
        if word not in ("reject", "disconnect"):
            return c.next()
        self.reply(c, param)
        if phase == "commit":
            self.report(c, "tx-data", c.tx, "permfail")
            self.rollback(c)
        if word == "disconnect" or param.startswith("421") or \
           phase == "connect":
            self.leave(c)
        return None

    def rollback(self, c):
        if c.tx is not None:
            self.report(c, "tx-rollback", c.tx)
            self.report(c, "tx-reset", c.tx)
            c.tx = None

    def leave(self, c):
        self.rollback(c)
        self.report(c, "link-disconnect")
        c.gone = True

    # -- verbs ---------------------------------------------------------

    def do_connect(self, rest, block):
        rest, want = split_answer(rest)
        name, *words = rest.split()
        given = settings(words, ("from", "rdns", "fcrdns", "port", "to"))
        ip = given.get("from", "192.0.2.1")
        rdns = given.get("rdns", "mx.example")
        c = self.clients[name] = Client(name, ip, rdns)
        if ip == "local":
            src = dst = "unix:/var/run/smtpd.sock"
        else:
            src = ip + ":" + given.get("port", "4711")
            dst = given.get("to", "192.0.2.2:25")
        self.report(c, "link-connect", rdns, given.get("fcrdns", "pass"),
                    src, dst)

        def greeting():
            self.reply(c, "220 mx.example.org ESMTP OpenSMTPD")
            self.report(c, "link-greeting", "mx.example.org")
        self.step(c, "connect", rdns + "|" + ip, want, greeting)

    def do_continue(self, rest, block):
        self.client(rest).next()

    def do_ehlo(self, rest, block, verb="EHLO"):
        rest, want = split_answer(rest)
        name, helo = rest.split()
        c = self.client(name)
        if c.gone:
            return
        self.report(c, "protocol-client", verb + " " + helo)

        def identified():
            self.rollback(c)    # 7.9: HELO acts like RSET
            c.helo = helo
            self.report(c, "link-identify", verb, helo)
            self.reply(c, "250 mx.example.org Hello " + helo)
        self.step(c, verb.lower(), helo, want, identified)

    def do_helo(self, rest, block):
        self.do_ehlo(rest, block, "HELO")

    def do_session(self, rest, block):
        """connect and ehlo; the name said in EHLO is client.example."""
        self.do_connect(rest, block)
        self.do_ehlo(rest.split()[0] + " client.example", block)

    def do_starttls(self, rest, block):
        rest, want = split_answer(rest)
        c = self.client(rest)
        if c.gone:
            return
        self.report(c, "protocol-client", "STARTTLS")

        def secured():
            self.reply(c, "220 2.0.0 Ready to start TLS")
            self.report(c, "link-tls", "TLSv1.3:TLS_AES_256_GCM_SHA384:256")
        self.step(c, "starttls", "", want, secured)

    def do_auth(self, rest, block):
        name, result, user = rest.split(None, 2)
        c = self.client(name)
        if c.gone:
            return
        self.report(c, "protocol-client", "AUTH PLAIN ********")
        self.report(c, "link-auth", result, user)
        self.reply(c, "235 2.0.0 Authentication succeeded"
                   if result == "pass" else "535 Authentication failed")

    def do_mail(self, rest, block):
        rest, want = split_answer(rest)
        name, _, sender = rest.partition(" ")
        c = self.client(name)
        if c.gone:
            return
        sender = sender.strip().strip("<>")
        self.report(c, "protocol-client", "MAIL FROM:<%s>" % sender)

        def begun():
            self.messages += 1
            c.tx = "%08x" % (0x30025a00 + self.messages)
            c.rcpts = []
            self.reply(c, "250 2.0.0 Ok")
            self.report(c, "tx-begin", c.tx)
            self.report(c, "tx-mail", c.tx, "ok", sender)
        self.step(c, "mail-from", sender, want, begun)

    def do_rcpt(self, rest, block):
        rest, want = split_answer(rest)
        name, rcpt = rest.split()
        c = self.client(name)
        if c.gone or c.tx is None:
            return
        self.report(c, "protocol-client", "RCPT TO:<%s>" % rcpt)

        def accepted():
            c.rcpts.append(rcpt)
            self.report(c, "tx-envelope", c.tx,
                        "%s%08x" % (c.tx, len(c.rcpts)))
            self.reply(c, "250 2.1.5 Destination address valid")
            self.report(c, "tx-rcpt", c.tx, "ok", rcpt)
        self.step(c, "rcpt-to", rcpt, want, accepted)

    def do_data(self, rest, block):
        """With "late" the reports of 354 come after the last line."""
        rest, want = split_answer(rest)
        name, *late = rest.split()
        c = self.client(name)
        if c.gone or not c.rcpts:
            return
        self.report(c, "protocol-client", "DATA")

        def flowing():
            c.tx_data = True
            for line in (RECEIVED % (c.helo, c.rdns, c.ip, c.tx,
                                     c.rcpts[0])).split("\n"):
                self.talk.data_line(c.name, line)
            if not late:
                self.go_ahead(c)
        self.step(c, "data", "", want, flowing)

    def go_ahead(self, c):
        if c.tx_data:
            c.tx_data = False
            self.reply(c, '354 Enter mail, end with "." on a line by itself')
            self.report(c, "tx-data", c.tx, "ok")

    def do_body(self, rest, block):
        """Lines as the mail has them: dots are stuffed here."""
        c = self.client(rest)
        if c.tx is None:
            return
        for line in block:
            line = self.talk.expand(line)
            self.talk.data_line(c.name,
                                "." + line if line[:1] == "." else line)

    def do_dot(self, rest, block):
        c = self.client(rest)
        if c.tx is None:
            return
        self.talk.data_line(c.name, ".")
        self.go_ahead(c)

    def do_commit(self, rest, block):
        rest, want = split_answer(rest)
        c = self.client(rest)
        if c.tx is None:
            return
        self.report(c, "protocol-client", ".")

        def committed():
            self.reply(c, "250 2.0.0 %s Message accepted for delivery" % c.tx)
            self.report(c, "tx-commit", c.tx, "485")
            self.report(c, "tx-reset", c.tx)
            c.tx = None
        self.step(c, "commit", "", want, committed)

    def do_message(self, rest, block):
        """data, body, dot, commit; the answer is commit's."""
        name = split_answer(rest)[0]
        self.do_data(name, None)
        self.do_body(name, block)
        self.do_dot(name, None)
        self.do_commit(rest, None)

    def do_mailing(self, rest, block):
        """mail and rcpt with usual addresses, and the message."""
        name = split_answer(rest)[0]
        self.do_mail(name + " joe@example.com", None)
        self.do_rcpt(name + " alice@example.org", None)
        if block is None:
            block = ["Subject: test", "", "hello"]
        self.do_message(rest, block)

    def do_toobig(self, rest, block):
        """The message is too big: smtpd's own refusal, after commit."""
        c = self.client(rest)
        if c.tx is None:
            return
        self.report(c, "protocol-client", ".")

        def refused():
            self.reply(c, "554 5.3.4 Message too big for system")
            self.report(c, "tx-data", c.tx, "permfail")
            self.rollback(c)
        self.step(c, "commit", "", None, refused)

    def simple(self, rest, phase, then):
        rest, want = split_answer(rest)
        c = self.client(rest)
        if c.gone:
            return
        self.report(c, "protocol-client", phase.upper())
        self.step(c, phase, "", want, lambda: then(c))

    def do_rset(self, rest, block):
        def done(c):
            self.rollback(c)
            self.reply(c, "250 2.0.0 Reset state")
        self.simple(rest, "rset", done)

    def do_noop(self, rest, block):
        self.simple(rest, "noop", lambda c: self.reply(c, "250 2.0.0 Ok"))

    def do_quit(self, rest, block):
        def done(c):
            self.reply(c, "221 2.0.0 Bye")
            self.leave(c)
        self.simple(rest, "quit", done)

    def do_drop(self, rest, block):
        """The client vanishes."""
        c = self.client(rest)
        if not c.gone:
            self.leave(c)

    def do_timeout(self, rest, block):
        """300 s without a word."""
        c = self.client(rest)
        if not c.gone:
            self.report(c, "timeout")
            self.leave(c)
