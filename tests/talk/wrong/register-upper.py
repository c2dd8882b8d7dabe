#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: register-direction

The direction in capitals.
"""

from echo import Echo


class Wrong(Echo):
    def register(self):
        self.say("register|report|SMTP-IN|link-connect\n")
        super().register()


Wrong().run()
