#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: auth

Wants to see passwords.
"""

from echo import Echo


class Wrong(Echo):
    def register(self):
        self.say("register|filter|smtp-in|auth\n")
        super().register()


Wrong().run()
