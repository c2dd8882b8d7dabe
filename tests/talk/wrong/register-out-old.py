#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: register-direction
smtpd: 0.4

Before 6.7 there were no outgoing reports either.
"""

from echo import Echo


class Wrong(Echo):
    def register(self):
        self.say("register|report|smtp-out|link-connect\n")
        super().register()


Wrong().run()
