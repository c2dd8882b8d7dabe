#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Does the driver catch what it is for?

The correct filter has to pass selftest.talk as each release of smtpd, and
each filter in wrong/ has to fail it for the reason that its second line
gives, "script" being what the conversation itself wants.  Each rule of
model.py needs a filter that breaks it.

usage: selftest.py [-v] [NAME...]
"""

import concurrent.futures
import os
import re
import sys

from model import Broken, LINT, RULES
from talk import SAMPLE, converse

HERE = os.path.dirname(os.path.abspath(__file__))
TALK = os.path.join(HERE, "selftest.talk")


def expected(path):
    """The rule that the filter breaks, and for which releases it does."""
    with open(path) as f:
        text = f.read()
    rule = re.search(r'^"""rule: (.+)$', text, re.M).group(1)
    m = re.search(r"^smtpd: (.+)$", text, re.M)
    return rule, m.group(1).split() if m else ["0.6"]


def check(path):
    """Returns the rules that were caught, and what went wrong."""
    rule, versions = expected(path)
    bad = []
    for version in versions:
        (_, _, why), = converse(TALK, path, HERE, SAMPLE[version])
        got = why.rule if isinstance(why, Broken) else "script"
        if why is None:
            bad.append("%s: smtpd %s: passed, wanted %s" %
                       (path, version, rule))
        elif got != rule:
            bad.append("%s: smtpd %s: wanted %s, got %s: %s" %
                       (path, version, rule, got, why))
    return rule, bad


def main():
    verbose = "-v" in sys.argv[1:]
    names = [name for name in sys.argv[1:] if name != "-v"]
    where = os.path.join(HERE, "wrong")
    paths = sorted(os.path.join(where, name) for name in os.listdir(where)
                   if name.endswith(".py") and name != "echo.py" and
                   (not names or name[:-3] in names))
    problems = []
    passed = 0
    for _, text, _ in converse(TALK, os.path.join(where, "echo.py"), HERE):
        problems += [text] if text else []
        passed += text is None
    caught = {"script"}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for path, (rule, bad) in zip(paths, pool.map(check, paths)):
            caught.add(rule)
            problems += bad
            passed += not bad
            if verbose:
                print("%s: %s" % (path, bad or rule))
    for rule in sorted(set(RULES) | set(LINT)) if not names else []:
        if rule not in caught:
            problems.append("no filter in wrong/ breaks rule " + rule)
    for text in problems:
        print(text)
    print("selftest: %d passed, %d failed" % (passed, len(problems)))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
