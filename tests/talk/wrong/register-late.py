#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: register-late

Registers after register|ready.
"""

from echo import Echo


class Wrong(Echo):
    def register(self):
        super().register()
        self.say("register|report|smtp-out|timeout\n")


Wrong().run()
