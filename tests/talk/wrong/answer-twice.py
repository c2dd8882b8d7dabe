#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: second-answer

Says yes twice.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "ehlo":
            ids = (token, sid) if self.old else (sid, token)
            self.answer("filter-result", sid, token, "proceed\n"
                        "filter-result|%s|%s|proceed" % ids)
        else:
            super().request(phase, sid, token, param)


Wrong().run()
