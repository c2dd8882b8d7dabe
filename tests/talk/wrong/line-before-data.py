#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: data-out-of-phase

A header line before the message begins.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "data":
            self.answer("filter-dataline", sid, token, "X-Early: yes")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
