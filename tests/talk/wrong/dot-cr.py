#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: data-cr

Ends its data lines in CR LF.
"""

from echo import Echo


class Wrong(Echo):
    def data_line(self, sid, token, line):
        super().data_line(sid, token, line + "\r")


Wrong().run()
