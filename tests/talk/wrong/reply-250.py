#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: reply-text

Refuses with a code that is no refusal.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "mail-from":
            self.answer("filter-result", sid, token, "reject|250 Ok")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
