#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: register-name

Only reports can be registered by *.
"""

from echo import Echo


class Wrong(Echo):
    def register(self):
        self.say("register|filter|smtp-in|*\n")
        super().register()


Wrong().run()
