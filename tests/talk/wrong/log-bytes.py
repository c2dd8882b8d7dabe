#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: log-bytes

Logs what the client said as it is.
"""

import os

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "rcpt-to":
            os.write(2, b"client said \x1b[2J\n")
            self.answer("filter-result", sid, token, "proceed")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
