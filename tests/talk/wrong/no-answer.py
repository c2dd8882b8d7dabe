#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: no-answer

Does not answer at all.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "rcpt-to":
            pass
        else:
            super().request(phase, sid, token, param)


Wrong().run()
