#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: early-line

Says hello before it registers.
"""

from echo import Echo


class Wrong(Echo):
    def register(self):
        self.say("hello\n")
        super().register()


Wrong().run()
