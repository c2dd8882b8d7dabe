#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: script

Refuses what the conversation says is accepted.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "rcpt-to":
            self.answer("filter-result", sid, token, "reject|550 5.1.1 No")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
