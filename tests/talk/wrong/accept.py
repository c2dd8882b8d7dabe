#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: directive

A decision that smtpd does not know.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "ehlo":
            self.answer("filter-result", sid, token, "accept|ok")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
