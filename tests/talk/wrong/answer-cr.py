#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: carriage-return

Ends its answers in CR LF.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "ehlo":
            self.answer("filter-result", sid, token, "proceed\r")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
