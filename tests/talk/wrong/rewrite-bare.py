#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: rewrite-form

A sender without its angle brackets.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "mail-from":
            self.answer("filter-result", sid, token, "rewrite|joe@example.net")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
