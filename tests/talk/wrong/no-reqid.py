#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: reqid

An answer without a session.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "ehlo":
            self.answer("filter-result", "", token, "proceed")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
