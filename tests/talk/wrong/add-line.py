#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: script

Adds a line to the message.
"""

from echo import Echo


class Wrong(Echo):
    def data_line(self, sid, token, line):
        if line == ".":
            self.answer("filter-dataline", sid, token, "more")
        super().data_line(sid, token, line)


Wrong().run()
