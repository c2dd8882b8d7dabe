#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: early-line

An empty line before it registers.
"""

from echo import Echo


class Wrong(Echo):
    def register(self):
        self.say("\n")
        super().register()


Wrong().run()
