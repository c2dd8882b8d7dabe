#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: directive-missing
smtpd: 0.6 0.7

Two ids and nothing else.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "ehlo":
            self.say("filter-result|%s|%s\n" % (sid, token))
        else:
            super().request(phase, sid, token, param)


Wrong().run()
