#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: stderr-line

A long line on stderr without its end.
"""

import os

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "rcpt-to":
            os.write(2, b"x" * 65536)
            self.answer("filter-result", sid, token, "proceed")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
