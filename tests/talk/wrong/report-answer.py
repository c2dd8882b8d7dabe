#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: directive

The decision "report" is broken everywhere.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "ehlo":
            self.answer("filter-result", sid, token, "report|hello")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
