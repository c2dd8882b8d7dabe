#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: parameter-missing

An answer in capitals.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "ehlo":
            self.answer("filter-result", sid, token, "PROCEED")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
