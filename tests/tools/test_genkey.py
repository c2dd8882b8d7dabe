# SPDX-License-Identifier: ISC
"""dkim-genkey: what it writes, what it leaves alone, and that the tools it
stands in for take it."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import unittest

from tools import Tools, strings


def openssl(*args):
    return subprocess.run(["openssl", *args], check=True,
                          capture_output=True).stdout


class Genkey(Tools):
    def genkey(self, *args, **more):
        return self.tool("dkim-genkey", *args, **more)

    def public(self, key):
        """p= as openssl has it."""
        pem = openssl("pkey", "-in", self.path(key), "-pubout").decode()
        return "".join(pem.split("\n")[1:-2])

    def test_bare_call_writes_default_private_and_default_txt(self):
        r = self.genkey()
        self.assertEqual((r.returncode, r.stdout, r.stderr), (0, "", ""))
        self.assertEqual(sorted(os.listdir(self.dir)),
                         ["default.private", "default.txt"])
        for name in "default.private", "default.txt":
            self.assertEqual(os.stat(self.path(name)).st_mode & 0o7777, 0o600)
        text = openssl("pkey", "-in", self.path("default.private"), "-noout",
                       "-text").decode()
        self.assertIn("2048 bit", text)
        record = self.read("default.txt")
        self.assertTrue(record.startswith("default._domainkey\tIN\tTXT\t( "))
        self.assertTrue(record.endswith(
            " )  ; ----- DKIM key default for localhost\n"))
        self.assertEqual(strings(record), "v=DKIM1; h=sha256; k=rsa; p=" +
                         self.public("default.private"))

    @unittest.skipUnless(shutil.which("opendkim-genkey"), "no opendkim-tools")
    def test_the_record_is_that_of_opendkim_genkey_but_for_the_key(self):
        os.mkdir(self.path("theirs"))
        for args in (["-s", "one"], ["-s", "two", "-d", "example.org", "-a"],
                     ["-s", "three", "-t", "-r", "-b", "1024"],
                     ["-s", "four", "-S", "--domain=example.org"],
                     ["-s", "five", "-tSr", "--hash-algorithms=sha1:sha256"],
                     ["--selector=six", "--nosubdomains", "--testmode",
                      "--restrict", "--bits=4096", "--append-domain"],
                     ["-s", "seven", "--subdomains"]):
            name = args[1] if args[0] == "-s" else "six"
            subprocess.run(["opendkim-genkey", *args], check=True,
                           cwd=self.path("theirs"))
            self.assertEqual(self.genkey(*args).returncode, 0)
            key = re.compile(r'p=[^)]*"')
            ours = self.read(name + ".txt")
            theirs = self.read("theirs/%s.txt" % name)
            self.assertEqual(key.sub("p=", ours), key.sub("p=", theirs))
            # And of the same key all is the same.
            r = self.genkey("-k", "theirs/%s.private" % name, *args)
            self.assertEqual(r.stdout, theirs)

    @unittest.skipUnless(shutil.which("opendkim-genzone"), "no opendkim-tools")
    def test_opendkim_genzone_reads_the_key(self):
        self.genkey()
        self.write("KeyTable", "row example.org:default:%s\n" %
                   self.path("default.private"))
        r = subprocess.run(["opendkim-genzone", "-d", "example.org",
                            "file:" + self.path("KeyTable")],
                           capture_output=True, text=True)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertTrue(strings(r.stdout).endswith(
            "p=" + self.public("default.private")), r.stdout)

    def test_nothing_that_is_there_is_touched(self):
        for name in "default.private", "default.txt":
            self.write(name, "precious")
            r = self.genkey()
            self.assertEqual(r.returncode, 1)
            self.assertIn(name + ": is there already", r.stderr)
            self.assertEqual(os.listdir(self.dir), [name])
            self.assertEqual(self.read(name), "precious")
            os.unlink(self.path(name))
        os.symlink("nowhere", self.path("default.private"))
        self.assertEqual(self.genkey().returncode, 1)
        self.assertEqual(os.listdir(self.dir), ["default.private"])

    def test_a_full_disk_leaves_nothing(self):
        r = self.genkey(limit=100)
        self.assertNotEqual(r.returncode, 0)
        self.assertEqual(os.listdir(self.dir), [])

    def test_one_that_is_killed_leaves_no_half_of_a_key(self):
        for i in range(20):
            p = subprocess.Popen([self.find("dkim-genkey"), "-s", "s%d" % i,
                                  "--type", "ed25519"], cwd=self.dir)
            time.sleep(0.001 * i)
            p.send_signal(signal.SIGTERM)
            p.wait()
            private = os.path.exists(self.path("s%d.private" % i))
            self.assertEqual(private,
                             os.path.exists(self.path("s%d.txt" % i)))
            if private:
                openssl("pkey", "-in", self.path("s%d.private" % i), "-noout")
        self.assertEqual([n for n in os.listdir(self.dir) if n[0] == "."], [])

    def test_ed25519_has_the_bare_key_in_its_record(self):
        r = self.genkey("--type", "ed25519")
        self.assertEqual(r.returncode, 0, r.stderr)
        p = strings(self.read("default.txt")).split("p=")[1]
        self.assertEqual(len(p), 44)
        # SubjectPublicKeyInfo is 12 bytes, which are 16 letters, and the key.
        self.assertEqual(self.public("default.private")[16:], p)
        self.assertIn("k=ed25519; ", self.read("default.txt"))

    def test_other_forms_say_the_same(self):
        self.genkey("-s", "sel")
        want = "v=DKIM1; h=sha256; k=rsa; p=" + self.public("sel.private")
        args = ["-k", "sel.private", "-s", "sel", "-d", "example.org"]
        said = {form: self.genkey(*args, "-f", form).stdout for form in
                ("bind", "oneline", "nsd", "tinydns", "json")}
        self.assertEqual(strings(said["bind"]), want)
        self.assertEqual(said["oneline"], want + "\n")
        self.assertEqual(strings(said["nsd"]), want)
        self.assertEqual(said["nsd"].count("\n"), 1)
        self.assertEqual(said["tinydns"], "'sel._domainkey.example.org:%s"
                         ":3600\n" % want)
        record = json.loads(said["json"])
        self.assertEqual(record["value"], want)
        self.assertEqual("".join(record["strings"]), want)
        self.assertLessEqual(max(map(len, record["strings"])), 255)
        self.assertEqual(record["name"], "sel._domainkey.example.org")

    def test_a_directory_is_gone_to(self):
        os.mkdir(self.path("sub"))
        self.assertEqual(self.genkey("-D", "sub").returncode, 0)
        self.assertEqual(sorted(os.listdir(self.path("sub"))),
                         ["default.private", "default.txt"])
        r = self.genkey("-D", "nowhere")
        self.assertEqual(r.returncode, 1)
        self.assertIn("nowhere", r.stderr)

    def test_mistakes_are_told_and_nothing_is_written(self):
        for args, why in ((["-b", "512"], "1024"), (["-b", "x"], "-b"),
                          (["-b", "16385"], "16384"),
                          (["-s", "../x"], "not a name"),
                          (["-s", ""], "not a name"),
                          (["-s", "-x"], "not a name"),
                          (["-d", "a b"], "not a name"),
                          (["-h", "sha1"], "sha256"),
                          (["-h", "sha256;"], "list"),
                          (["-f", "xml"], "-f"), (["--type", "dsa"], "--type"),
                          (["-n", "x" * 300], "-n"),
                          (["-k", "nothing"], "nothing"),
                          (["more"], "usage: "), (["-?"], "usage: ")):
            r = self.genkey(*args)
            self.assertEqual(r.returncode, 1, args)
            self.assertIn(why, r.stderr, args)
            self.assertEqual(os.listdir(self.dir), [], args)

    def test_the_version_and_help_go_to_stdout(self):
        for arg, want in (("-V", "dkim-genkey "), ("--version", "dkim-genkey "),
                          ("--help", "usage: dkim-genkey")):
            r = self.genkey(arg)
            self.assertEqual((r.returncode, r.stderr), (0, ""))
            self.assertTrue(r.stdout.startswith(want))


if __name__ == "__main__":
    unittest.main()
