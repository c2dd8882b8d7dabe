#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: worker-died

A guard that hides that its worker died.
"""

import os
import signal

from echo import Echo


class Wrong(Echo):
    def register(self):
        self.worker()
        super().register()

    def worker(self):
        self.pid = os.fork()
        if self.pid == 0:
            os.closerange(0, 3)
            signal.pause()

    def request(self, phase, sid, token, param):
        if phase == "quit":
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.worker()
        super().request(phase, sid, token, param)

    def run(self):
        super().run()
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


Wrong().run()
