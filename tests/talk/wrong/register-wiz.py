#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: register-wiz

A phase that 7.9 does not know any more.
"""

from echo import Echo


class Wrong(Echo):
    def register(self):
        self.say("register|filter|smtp-in|wiz\n")
        super().register()


Wrong().run()
