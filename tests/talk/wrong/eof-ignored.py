#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: eof-ignored

Does not look for EOF.
"""

import time

from echo import Echo


class Wrong(Echo):
    def run(self):
        super().run()
        time.sleep(3)


Wrong().run()
