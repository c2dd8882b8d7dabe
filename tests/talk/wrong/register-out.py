#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: register-direction

Outgoing sessions have reports, no requests.
"""

from echo import Echo


class Wrong(Echo):
    def register(self):
        self.say("register|filter|smtp-out|connect\n")
        super().register()


Wrong().run()
