#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: orphan

Leaves a child behind.
"""

import os
import time

from echo import Echo


class Wrong(Echo):
    def run(self):
        if os.fork() == 0:
            for fd in range(3):
                os.close(fd)
            time.sleep(3)
            os._exit(0)
        super().run()


Wrong().run()
