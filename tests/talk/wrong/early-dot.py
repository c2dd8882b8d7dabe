#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: early-dot

Ends the message before smtpd does.
"""

from echo import Echo


class Wrong(Echo):
    def data_line(self, sid, token, line):
        if line == "hello":
            self.answer("filter-dataline", sid, token, ".")
        super().data_line(sid, token, line)


Wrong().run()
