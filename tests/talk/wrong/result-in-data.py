#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: result-in-data

Answers a line of the message by a decision.
"""

from echo import Echo


class Wrong(Echo):
    def data_line(self, sid, token, line):
        if line == "hello":
            self.answer("filter-result", sid, token, "proceed")
        super().data_line(sid, token, line)


Wrong().run()
