#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: eof-status

Exits by status 1 when smtpd stops.
"""

import sys

from echo import Echo


class Wrong(Echo):
    def run(self):
        super().run()
        sys.exit(1)


Wrong().run()
