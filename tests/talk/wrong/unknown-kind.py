#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: kind

A line that is neither answer nor data.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "ehlo":
            self.say("filter-answer|%s|%s|proceed\n" % (sid, token))
        else:
            super().request(phase, sid, token, param)


Wrong().run()
