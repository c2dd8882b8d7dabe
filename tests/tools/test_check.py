# SPDX-License-Identifier: ISC
"""dkim-check: keys, files, and records out of zone files and the DNS."""

import base64
import os
import subprocess
import time
import unittest

from stub import Stub
from tools import Tools, strings

NAME = "sel._domainkey.example.org"


class Check(Tools):
    made = {}

    def setUp(self):
        super().setUp()
        # Made once, as it takes a while.
        if not Check.made:
            self.genkey("-s", "sel", "-d", "example.org")
        for name in "sel.private", "sel.txt":
            if name in Check.made:
                self.write(name, Check.made[name])
            Check.made[name] = self.read(name)
        self.text = strings(self.read("sel.txt"))

    def genkey(self, *args):
        r = self.tool("dkim-genkey", *args)
        self.assertEqual(r.returncode, 0, r.stderr)
        return r.stdout

    def stub(self, answers, **more):
        stub = Stub(answers, **more)
        self.addCleanup(stub.close)
        return stub

    def check(self, *args, want, code, key=True):
        """want: what has to be in the output, or with '!' not to be."""
        args = ["-d", "example.org", "-s", "sel", *args]
        if key:
            args += ["-k", "sel.private"]
        r = self.tool("dkim-check", *args)
        said = r.stdout + r.stderr
        for text in want:
            if text[0] == "!":
                self.assertNotIn(text[1:], said)
            else:
                self.assertIn(text, said)
        self.assertEqual(r.returncode, code, said)
        return r

    def dns(self, said, want, code, **more):
        """What the DNS has under the name, or all that it has."""
        answers = said if isinstance(said, dict) else {NAME: said}
        stub = self.stub(answers)
        self.check("--server", stub.where, "--timeout", "0.7", want=want,
                   code=code, **more)
        return stub

    def record(self, text, want, code, **more):
        self.write("zone", '%s. IN TXT ( "%s"\n\t"%s" )\n' %
                   (NAME, text[:200], text[200:]))
        self.check("--zone", "zone", want=want, code=code, **more)

    def test_a_new_key_and_its_record_are_fine(self):
        r = self.check("--zone", "sel.txt", want=[], code=0)
        self.assertEqual(r.stdout, "sel.private: ok: RSA key of 2048 bits, "
                         "mode 0600\n" + NAME + ": ok: RSA key of 2048 bits, "
                         "a test signature verifies\n")
        self.dns([self.text], ["a test signature verifies"], 0)

    def test_so_is_ed25519(self):
        self.genkey("-s", "ed", "--type", "ed25519", "-d", "example.org")
        os.replace(self.path("ed.private"), self.path("sel.private"))
        self.dns([strings(self.read("ed.txt"))],
                 ["Ed25519", "a test signature verifies"], 0)

    def test_all_that_a_record_can_say_is_looked_at(self):
        p = self.text.split("p=")[1]
        for text, want, code in (
                ("v=DKIM1; p=" + p, ["!warning"], 0),
                ("p=" + p, ["warning: no v=DKIM1"], 0),
                ("v=DKIM1; t=y; p=" + p, ["warning: t=y"], 0),
                ("v=DKIM1; t=s; p=" + p, ["ok: t=s"], 0),
                ("v=DKIM1; h=sha1; p=" + p, ["h=sha1 has no sha256"], 1),
                ("v=DKIM1; s=tlsrpt; p=" + p, ["s= is not for email"], 1),
                ("v=DKIM1; p=", ["revoked"], 1),
                ("v=DKIM1; k=dsa; p=" + p, ["neither rsa nor ed25519"], 1),
                ("v=DKIM1; k=ed25519; p=" + p, ["no Ed25519 key"], 1),
                ("v=DKIM1; k=rsa", ["no p="], 1),
                ("v=DKIM1; p=" + p[:100], ["no RSA key"], 1),
                ("v=DKIM1; p=" + p[:-1] + "-", ["not base64"], 1),
                ("v=spf1 -all", ["v= is not DKIM1"], 1)):
            with self.subTest(text=text[:40]):
                self.record(text, want, code)

    def test_another_key_is_noticed(self):
        other = strings(self.genkey("-s", "other") or
                        self.read("other.txt"))
        self.record(other, ["another key than sel.private"], 1)
        # Without the private key it is fine.
        self.record(other, ["ok: RSA key of 2048 bits", "!verif"], 0,
                    key=False)
        ed = base64.b64encode(b"\1" * 32).decode()
        self.record("v=DKIM1; k=ed25519; p=" + ed,
                    ["k= is ed25519, but sel.private is not"], 1)

    def test_the_classic_mistake_with_ed25519_is_named(self):
        spki = bytes.fromhex("302a300506032b6570032100") + b"\1" * 32
        self.record("v=DKIM1; k=ed25519; p=" +
                    base64.b64encode(spki).decode(), ["bare 32 bytes"], 1)

    def test_bits_are_counted_in_key_and_record(self):
        subprocess.run(["openssl", "genrsa", "-out", self.path("512"), "512"],
                       check=True, capture_output=True)
        der = subprocess.run(["openssl", "rsa", "-in", self.path("512"),
                              "-pubout", "-outform", "DER"], check=True,
                             capture_output=True).stdout
        self.record("v=DKIM1; p=" + base64.b64encode(der).decode(),
                    ["512 bits, at least 1024"], 1, key=False)
        os.replace(self.path("512"), self.path("sel.private"))
        self.check("--zone", "sel.txt", want=["512 bits, at least 1024"],
                   code=1)
        self.genkey("-s", "small", "-b", "1024")
        self.record(strings(self.read("small.txt")), ["1024 bits is weak"], 0,
                    key=False)

    def test_a_file_that_others_can_read_or_replace_is_named(self):
        key = self.path("sel.private")
        os.chmod(key, 0o644)
        self.check("--zone", "sel.txt", code=1, want=[
            "sel.private: error: not safe: sel.private: readable by others "
            "(mode 0644)", "a test signature verifies"])
        os.chmod(key, 0o600)
        os.chmod(self.dir, 0o777)
        self.check("--zone", "sel.txt", code=1, want=[
            "%s: writable by others (mode 0777)" % self.dir])
        os.chmod(self.dir, 0o700)
        os.unlink(key)
        self.check("--zone", "sel.txt", code=1, want=["No such file",
                                                      "not a key"])

    def test_only_a_key(self):
        r = self.tool("dkim-check", "-k", "sel.private")
        self.assertEqual((r.returncode, r.stdout), (
            0, "sel.private: ok: RSA key of 2048 bits, mode 0600\n"))

    def test_what_is_not_in_the_dns_is_an_error(self):
        self.dns({}, ["error: no such name"], 1)
        self.dns([], ["error: no TXT record"], 1)

    def test_more_than_one_record_is_an_error(self):
        self.dns([self.text, "v=DKIM1; p="], ["2 TXT records"], 1)
        self.dns(["x"] * 12, ["12 TXT records"], 1)

    def test_a_server_that_fails_is_temporary(self):
        for said in (2, 5, None, b"\x81\x80\0\1\0\1\0\0\0\0", b"\0"):
            with self.subTest(said=said):
                begun = time.monotonic()
                self.dns(said, [NAME + ": temporary: "], 75)
                self.assertLess(time.monotonic() - begun, 10)

    def test_an_error_counts_more_than_a_delay(self):
        os.chmod(self.path("sel.private"), 0o644)
        self.dns(2, ["temporary", "error"], 1)

    def test_nobody_there_is_temporary(self):
        stub = Stub({})
        stub.close()
        self.check("--server", stub.where, "--timeout", "0.7",
                   want=["temporary"], code=75)

    def test_cnames_are_followed(self):
        self.dns({NAME: "a.example.net", "a.example.net": [self.text]},
                 ["CNAME to a.example.net (1 in a row)", "verifies"], 0)
        self.dns({NAME: "a.example.net", "a.example.net": "b.example.com",
                  "b.example.com": [self.text]},
                 ["CNAME to b.example.com (2 in a row)", "verifies"], 0)
        self.dns({NAME: "a.example.net"}, [
            "error: CNAME to a.example.net: no such name"], 1)
        self.dns({NAME: "a.example.net", "a.example.net": NAME},
                 ["too many CNAMEs"], 1)

    def test_cnames_are_followed_to_where_the_server_did_not_look(self):
        stub = self.stub({NAME: "a.example.net",
                          "a.example.net": [self.text]}, follow=False)
        self.check("--server", stub.where, want=["CNAME to a.example.net",
                                                 "verifies"], code=0)
        self.assertEqual([name for name, _ in stub.asked],
                         [NAME, "a.example.net"])

    def test_a_long_record_comes_by_tcp(self):
        stub = self.dns(["v=DKIM1; n=%s;%s" % ("x" * 2000, self.text[8:])],
                        ["a test signature verifies"], 0)
        self.assertIn((NAME, "tcp"), stub.asked)

    def test_what_a_stranger_wrote_can_not_forge_a_finding(self):
        said = self.check("--server", self.stub({
            NAME: ["v=DKIM1; h=x\x1b[2Jy; p=AA"]}).where, want=[], code=1)
        self.assertNotIn("\x1b", said.stdout + said.stderr)

    def test_a_zone_file_is_read_as_servers_read_it(self):
        half = len(self.text) // 2
        a, b = self.text[:half], self.text[half:]
        for zone in (
                '$ORIGIN _domainkey.example.org.\n$TTL 1h\n'
                'sel 3600 IN TXT "%s" "%s" ; a comment "here\n' % (a, b),
                '@ IN SOA ns root ( 1 ; serial\n 2 3 4 5 )\n IN NS ns\n'
                'sel._domainkey IN 60 TXT (\n"%s"\n; (more\n"%s"\n)\n' %
                (a, b),
                'SEL._DOMAINKEY\tTXT\t"%s""%s"\r\n' % (a, b),
                'sel._domainkey CNAME x.example.net.\n'
                'x.example.net. TXT "%s" "%s"' % (a, b),
                '$ORIGIN .\nsel._domainkey.example.org TXT "%s" "%s"\n' %
                (a, b),
                'sel._domainkey TXT "\\118=DKIM1; %s" "%s"\n' %
                (a[9:], b)):
            with self.subTest(zone=zone[:30]):
                self.write("zone", zone)
                self.check("--zone", "zone", want=["verifies"], code=0)

    def test_mistakes_in_a_zone_file_are_told_with_the_line(self):
        for zone, why in (('\nx TXT "open\n', "zone:2: a quote is open"),
                          ('x TXT ( "a"\n\n', "zone:2: a '(' is open"),
                          ('x TXT "a" )\n', "zone:1: a ')' too many"),
                          ('x TXT "%s"\n' % ("a" * 256),
                           "zone:1: a string is longer")):
            self.write("zone", zone)
            self.check("--zone", "zone", want=[why], code=2)
        self.write("zone", "")
        self.check("--zone", "zone", want=["not in the zone file"], code=1)
        self.check("--zone", "nothing", want=["nothing: "], code=2)

    def test_keys_of_an_option_file(self):
        conf = self.path("conf")
        for text in ("# ours\nSyslog yes\nDomain example.org\n"
                     "Selector\tsel\nKeyFile %s\n",
                     "domain=example.org\nselector = sel\nkeyfile: %s\n"):
            self.write("conf", text % self.path("sel.private"))
            r = self.tool("dkim-check", "-f", conf, "--zone", "sel.txt")
            self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
            self.assertIn("a test signature verifies", r.stdout)
        for args in ["-s", "new"], ["-k", "sel.private"]:
            r = self.tool("dkim-check", "-f", conf, "-d", "example.org", *args)
            self.assertEqual(r.returncode, 2)
        self.write("conf", "Domain example.org\n")
        r = self.tool("dkim-check", "-f", conf, "--zone", "sel.txt")
        self.assertEqual(r.returncode, 1)
        self.assertIn("neither KeyTable nor", r.stderr)

    def test_all_keys_of_an_option_file_of_ours(self):
        os.rename(self.path("sel.private"), self.path("example.net.key"))
        self.write("example.org.key", self.read("example.net.key"))
        os.chmod(self.path("example.org.key"), 0o600)
        self.write("conf", "domain example.org\ndomain example.net\n"
                   "keyfile %s/%%d.key\nselector sel\n"
                   "keyfile %s\nselector ed\n" %
                   (self.path(""), self.path("nothing")))
        stub = self.stub({"sel._domainkey.example." + tld: [self.text]
                          for tld in ("org", "net")})
        r = self.tool("dkim-check", "-f", "conf", "--server", stub.where)
        self.assertEqual(r.stdout.count("a test signature verifies"), 2,
                         r.stdout + r.stderr)
        self.assertIn("nothing: ", r.stderr)
        self.assertEqual(r.returncode, 1)

    def test_keys_of_a_table(self):
        rows = ["a example.org:sel:%s" % self.path("sel.private"),
                "b example.net:sel:%s" % self.path("sel.private"),
                "c example.com:sel:%s" % "".join(
                    self.read("sel.private").split("\n")[1:-2]),
                "d %%:sel:%s" % self.path("sel.private")]
        self.write("KeyTable", "\n".join(rows) + "\n")
        os.chmod(self.path("KeyTable"), 0o600)
        self.write("conf", "KeyTable file:%s\n" % self.path("KeyTable"))
        answers = {"sel._domainkey.example." + tld: [self.text]
                   for tld in ("org", "net", "com")}
        stub = self.stub(answers)
        args = ["-x", "conf", "--server", stub.where]
        r = self.tool("dkim-check", *args)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        self.assertEqual(r.stdout.count("a test signature verifies"), 3)
        self.assertIn("d: warning: has a %, give the domain by -d", r.stdout)
        r = self.tool("dkim-check", "-x", "conf", "--zone", "sel.txt",
                      "-d", "example.net")
        self.assertIn("sel._domainkey.example.net: ok: RSA", r.stdout)
        r = self.tool("dkim-check", *args, "-d", "example.info")
        self.assertIn("sel._domainkey.example.info: error: no such name",
                      r.stdout)
        self.assertEqual(r.returncode, 1)
        os.chmod(self.path("KeyTable"), 0o644)
        r = self.tool("dkim-check", *args)
        self.assertIn("KeyTable: error: not safe: ", r.stdout)
        self.assertEqual(r.returncode, 1)
        self.write("KeyTable", "one\n")
        r = self.tool("dkim-check", *args)
        self.assertEqual(r.returncode, 1)
        self.assertIn('KeyTable:1: not "name domain:selector:key"', r.stderr)

    def test_the_filter_names_the_first_domain_if_there_is_one(self):
        os.mkdir(self.path("example.org"))
        self.write("example.org/sel.private", self.read("sel.private"))
        for args, other in (
                (["-d", "example.org", "-k", self.path("sel.private")],
                 "signed by example.org"),
                (["-o", "keydir=" + self.path("%d/%s.private")],
                 "unsigned")):
            r = self.tool("filter-dkimsign", "-n", "-s", "sel", *args)
            self.assertIn("any other domain: %s\n" % other,
                          r.stdout + r.stderr)

    def test_a_key_that_is_not_active_yet(self):
        self.write("KeyTable", "a example.org:sel:%s \tactive-from=2099-01-01"
                   "\n" % self.path("sel.private"))
        self.write("conf", "keytable refile:%s\n" % self.path("KeyTable"))
        r = self.tool("dkim-check", "-x", "conf", "--zone", "sel.txt")
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        self.assertIn("a test signature verifies", r.stdout)
        self.write("KeyTable", "a example.org:sel:/key active-from=x\n")
        r = self.tool("dkim-check", "-x", "conf", "--zone", "sel.txt")
        self.assertEqual(r.returncode, 1)
        self.assertIn("KeyTable:1: not a date like", r.stderr)

    def test_our_own_tables(self):
        self.write("one", "# mine\nexample.org sel %s x=7d\n" %
                   self.path("sel.private"))
        self.write("two", "example.net sel %s/%%s.private\n" % self.path(""))
        self.write("conf", "table %s\nnomatch unsigned\ntable %s\n" %
                   (self.path("one"), self.path("two")))
        stub = self.stub({"sel._domainkey.example." + tld: [self.text]
                          for tld in ("org", "net")})
        args = ["-x", "conf", "--server", stub.where]
        r = self.tool("dkim-check", *args)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        self.assertEqual(r.stdout.count("a test signature verifies"), 2)
        self.write("two", "example.net sel\n")
        r = self.tool("dkim-check", *args)
        self.assertEqual(r.returncode, 1)
        self.assertIn('two:1: not "domain selector keyfile"', r.stderr)

    def test_a_table_of_many_is_asked_for_at_once(self):
        rows, answers = [], {}
        for i in range(100):
            rows.append("r d%d.example.org:sel:%s\n" %
                        (i, self.path("sel.private")))
            answers["sel._domainkey.d%d.example.org" % i] = [self.text]
        answers["sel._domainkey.d50.example.org"] = None
        self.write("KeyTable", "".join(rows))
        self.write("conf", "KeyTable %s\n" % self.path("KeyTable"))
        r = self.tool("dkim-check", "-x", "conf", "--timeout", "1",
                      "--server", self.stub(answers).where)
        self.assertEqual(r.returncode, 75, r.stdout + r.stderr)
        self.assertEqual(r.stdout.count("a test signature verifies"), 99)
        self.assertEqual(r.stdout.count("temporary: "), 1)

    def test_wrong_usage_is_told(self):
        for args in (["-d", "example.org"], ["-s", "sel"], ["-?"], ["more"],
                     ["-k"], ["-d", "a", "-s", "b", "--timeout", "x"],
                     ["-d", "a", "-s", "b", "--server", "not an address"]):
            r = self.tool("dkim-check", *args)
            self.assertEqual(r.returncode, 2, args)
            self.assertNotEqual(r.stderr, "", args)


if __name__ == "__main__":
    unittest.main()
