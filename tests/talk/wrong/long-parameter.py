#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: long-parameter

A reply of 512 bytes.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "mail-from":
            self.answer("filter-result", sid, token, "reject|550 " + "x" * 508)
        else:
            super().request(phase, sid, token, param)


Wrong().run()
