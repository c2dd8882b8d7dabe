#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: eof-status

Has something to say after the end, and dies of it.
"""

import signal

from echo import Echo


class Wrong(Echo):
    def run(self):
        super().run()
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        self.say("bye\n")


Wrong().run()
