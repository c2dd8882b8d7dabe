#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: reply-text

A code without a text.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "mail-from":
            self.answer("filter-result", sid, token, "reject|550")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
