#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: nul

A NUL in an answer.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "ehlo":
            self.answer("filter-result", sid, token, "proceed\0")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
