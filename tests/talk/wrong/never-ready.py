#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: never-ready

Registers, and leaves it at that.
"""

from echo import Echo


class Wrong(Echo):
    def register(self):
        self.say("register|filter|smtp-in|connect\n")


Wrong().run()
