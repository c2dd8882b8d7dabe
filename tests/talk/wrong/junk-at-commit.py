#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: junk-at-commit

Junk is possible only before DATA.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "commit":
            self.answer("filter-result", sid, token, "junk")
        else:
            super().request(phase, sid, token, param)


Wrong().run()
