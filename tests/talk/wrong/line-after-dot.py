#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: line-after-dot

One more line after the end.
"""

from echo import Echo


class Wrong(Echo):
    def data_line(self, sid, token, line):
        if line == ".":
            self.answer("filter-dataline", sid, token, ".")
            line = "late"
        super().data_line(sid, token, line)


Wrong().run()
