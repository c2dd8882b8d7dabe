#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: script

Loses a line of the message.
"""

from echo import Echo


class Wrong(Echo):
    def data_line(self, sid, token, line):
        if line != "hello":
            super().data_line(sid, token, line)


Wrong().run()
