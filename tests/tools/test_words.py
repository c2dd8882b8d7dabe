# SPDX-License-Identifier: ISC
"""A word too much behind a filter's options is named, and never passed over:
an operator who forgot a letter has to hear of it from -n."""

import os

from tools import BUILD, Tools


class Words(Tools):
    @staticmethod
    def find(name):
        return os.path.abspath(os.path.join(BUILD, name, name))

    def left(self, name, *args):
        r = self.tool(name, *args)
        self.assertEqual((r.returncode, r.stdout), (1, ""), args)
        self.assertIn(name + ": left over: word\n", r.stderr)

    def test_checks_name_the_word(self):
        self.left("filter-pause", "-n", "word")
        self.left("filter-postgrey", "-n", "-o", "db=" + self.path("db"),
                  "word")
        self.left("filter-spamassassin", "-n", "word")

    def test_dkimsign_names_it_with_n_and_T_and_neither(self):
        make = os.path.abspath(
            os.path.join(BUILD, "filter-dkimsign", "dkim-genkey"))
        self.assertEqual(self.tool(make, "-s", "s").returncode, 0)
        key = "-d", "example.org", "-s", "s", "-k", self.path("s.private")
        self.assertEqual(
            self.tool("filter-dkimsign", "-n", *key).returncode, 0)
        for letter in ["-n"], ["-T"], []:
            self.left("filter-dkimsign", *letter, *key, "word")
