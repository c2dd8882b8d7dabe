#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: rewrite-broken

Rewrites what has no argument.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "data":
            self.answer("filter-result", sid, token, "rewrite|x")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
