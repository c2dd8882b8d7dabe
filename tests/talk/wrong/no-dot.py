#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: no-dot

Swallows the end of the message.
"""

from echo import Echo


class Wrong(Echo):
    def data_line(self, sid, token, line):
        if line != ".":
            super().data_line(sid, token, line)


Wrong().run()
