#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: exit

Leaves in the middle of a session, in good order.
"""

import sys

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "rcpt-to":
            sys.exit(0)
        else:
            super().request(phase, sid, token, param)


Wrong().run()
