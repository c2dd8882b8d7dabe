# SPDX-License-Identifier: ISC
"""usage: main.py soak|faults, inside the sandbox: see run."""

import os
import re
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "smtpd")]

import faults  # noqa: E402
import harness  # noqa: E402
import soak  # noqa: E402


def duration(text):
    """Seconds of 90, 90s, 5m or 1h."""
    found = re.fullmatch(r"(\d+)([smh]?)", text)
    if not found:
        sys.exit("run: not a duration: " + text)
    return int(found.group(1)) * {"": 1, "s": 1, "m": 60,
                                  "h": 3600}[found.group(2)]


def number(name):
    return int(os.environ[name]) if os.environ[name] else None


def table(name, rows):
    """What was found, for who looks on, and as Markdown."""
    width = max(len(what) for what, _ in rows)
    for what, value in rows:
        print("%-*s  %s" % (width, what, value))
    with open(os.path.join(os.environ["KEEP"], name + ".md"), "w") as file:
        file.write("| | |\n| --- | --- |\n")
        file.writelines("| %s | %s |\n" % row for row in rows)


def keep_log(chain, name):
    copy = os.path.join(os.environ["KEEP"], name)
    shutil.rmtree(copy, ignore_errors=True)
    os.makedirs(copy)
    shutil.copy(chain.server.logname, copy)
    print("log: " + copy)


def main():
    name = sys.argv[1]
    seconds = duration(os.environ["DURATION"]) if os.environ["DURATION"] \
        else None
    test = {"soak": soak.Soak, "faults": faults.Faults}[name](
        number("SESSIONS"), number("MAILS"), seconds)
    failed = 0
    try:
        rows = test.run()
        test.chain.stop()
        table(name, rows)
    except Exception as error:
        if not isinstance(error, (harness.Failure, harness.Skip)):
            raise
        failed = 1
        print("FAILED %s: %s" % (name, error))
        if test.chain:
            keep_log(test.chain, name)
    finally:
        if test.chain:
            test.chain.close()
    print("%d passed, %d failed" % (1 - failed, failed))
    sys.exit(failed)


main()
