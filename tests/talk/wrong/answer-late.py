#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: misbehaving

Changes its mind after the answer was taken.
"""

from echo import Echo


class Wrong(Echo):
    def report(self, event, sid, fields):
        if event == "filter-response" and fields[0] == "ehlo":
            self.answer("filter-result", sid, self.token, "proceed")

    def request(self, phase, sid, token, param):
        self.token = token
        super().request(phase, sid, token, param)


Wrong().run()
