#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: reqid
smtpd: 0.6 0.7

A session id that is no number.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "ehlo":
            self.answer("filter-result", "x" + sid, token, "proceed")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
