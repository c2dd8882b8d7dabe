#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: empty-line

An answer, and an empty line after it.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "ehlo":
            self.answer("filter-result", sid, token, "proceed\n")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
