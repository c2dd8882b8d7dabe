#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: script

Sends a line on without its dot-stuffing.
"""

from echo import Echo


class Wrong(Echo):
    def data_line(self, sid, token, line):
        if line == "..a line with a dot":
            line = line[1:]
        super().data_line(sid, token, line)


Wrong().run()
