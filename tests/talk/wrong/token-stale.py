#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: misbehaving

Answers with the token of the phase before.
"""

from echo import Echo


class Wrong(Echo):
    last = None

    def request(self, phase, sid, token, param):
        self.last, token = token, self.last or token
        super().request(phase, sid, token, param)


Wrong().run()
