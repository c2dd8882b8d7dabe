#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: stranger

Answers a session that never was.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "ehlo":
            self.answer("filter-result", "0123456789abcdef", token, "proceed")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
