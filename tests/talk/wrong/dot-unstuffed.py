#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: early-dot

Sends a line on without its dot-stuffing.
"""

from echo import Echo


class Wrong(Echo):
    def data_line(self, sid, token, line):
        if line == "..a line with a dot":
            line = "."
        super().data_line(sid, token, line)


Wrong().run()
