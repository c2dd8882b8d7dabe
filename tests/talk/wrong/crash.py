#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: exit

Dies of a signal in the middle of a message.
"""

import os
import signal

from echo import Echo


class Wrong(Echo):
    def data_line(self, sid, token, line):
        if line == "hello":
            os.kill(os.getpid(), signal.SIGSEGV)
        super().data_line(sid, token, line)


Wrong().run()
