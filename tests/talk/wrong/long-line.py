#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: long-line

A line of 65,536 bytes.
"""

from echo import Echo


class Wrong(Echo):
    def data_line(self, sid, token, line):
        if line == "hello":
            line = "x" * 65486
        super().data_line(sid, token, line)


Wrong().run()
