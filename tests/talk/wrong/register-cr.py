#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: register-word

Ends its lines in CR LF.
"""

from echo import Echo


class Wrong(Echo):
    def register(self):
        self.say("register|ready\r\n")


Wrong().run()
