#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: reply-class

Says "try again" and "never" at once.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "mail-from":
            self.answer("filter-result", sid, token, "reject|450 5.7.1 No")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
