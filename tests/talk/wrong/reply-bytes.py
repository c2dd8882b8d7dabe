#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: reply-bytes

A tab in a reply.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "mail-from":
            self.answer("filter-result", sid, token, "reject|550 5.7.1 No\tway")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
