#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: line-after-dot

Ends the message twice.
"""

from echo import Echo


class Wrong(Echo):
    def data_line(self, sid, token, line):
        if line == ".":
            self.answer("filter-dataline", sid, token, ".")
        super().data_line(sid, token, line)


Wrong().run()
