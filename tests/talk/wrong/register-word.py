#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: register-word

A word after register| that is none.
"""

from echo import Echo


class Wrong(Echo):
    def register(self):
        self.say("register|report\n")
        super().register()


Wrong().run()
