#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: id-bytes

Writes ids in its own way.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "ehlo":
            self.answer("filter-result", sid, token.upper(), "proceed")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
