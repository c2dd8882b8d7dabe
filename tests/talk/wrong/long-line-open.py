#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: long-line

No end of line at all.
"""

from echo import Echo


class Wrong(Echo):
    def data_line(self, sid, token, line):
        if line == "hello":
            self.say("x" * 70000)
        super().data_line(sid, token, line)


Wrong().run()
