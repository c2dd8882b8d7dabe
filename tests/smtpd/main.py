# SPDX-License-Identifier: ISC
"""usage: main.py FILE [TEST...], inside the sandbox: see run."""

import importlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "fault")]

import harness  # noqa: E402


def main():
    module = importlib.import_module("test_" + sys.argv[1])
    tests = [thing for name, thing in vars(module).items()
             if name.startswith("test_") and callable(thing)]
    known = {t.__name__[5:].replace("_", "-") for t in tests}
    for name in sys.argv[2:]:
        if name not in known:
            sys.exit("main.py: no test of this name: " + name)
    counts = harness.run(tests, sys.argv[2:], os.environ["KEEP"])
    print("%d passed, %d failed, %d skipped" % counts)
    sys.exit(counts[1] > 0)


main()
