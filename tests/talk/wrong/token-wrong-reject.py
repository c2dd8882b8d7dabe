#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: wrong-token

Refuses with a token of its own making.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "ehlo":
            self.answer("filter-result", sid, token[::-1], "reject|550 No")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
