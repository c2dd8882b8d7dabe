#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: closed

Closes the pipe and lives on.
"""

import os
import time

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "rcpt-to":
            os.close(0)
            os.close(1)
            time.sleep(5)
        else:
            super().request(phase, sid, token, param)


Wrong().run()
