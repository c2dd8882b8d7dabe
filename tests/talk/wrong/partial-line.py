#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: partial-line

Begins a line and does not end it.
"""

from echo import Echo


class Wrong(Echo):
    ended = 0

    def report(self, event, sid, fields):
        self.ended += event == "link-disconnect"
        if self.ended == 2:
            self.say("filter-")


Wrong().run()
