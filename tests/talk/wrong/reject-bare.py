#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: parameter-missing

Refuses without a word.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "ehlo":
            self.answer("filter-result", sid, token, "reject")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
