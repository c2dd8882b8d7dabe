#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: register-twice

Gets each report twice.
"""

from echo import Echo


class Wrong(Echo):
    def register(self):
        self.say("register|report|smtp-in|timeout\n")
        super().register()


Wrong().run()
