#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: log-crash

Goes on after a sanitizer's complaint.
"""

import os

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "rcpt-to":
            os.write(2, b"x.c:1:2: runtime error: bad\n")
            self.answer("filter-result", sid, token, "proceed")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
