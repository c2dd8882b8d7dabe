#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: register-name

An event that is none.
"""

from echo import Echo


class Wrong(Echo):
    def register(self):
        self.say("register|report|smtp-in|link-lost\n")
        super().register()


Wrong().run()
