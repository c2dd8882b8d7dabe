#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rule: report-line

Reports something to smtpd, which has no use for it.
"""

from echo import Echo


class Wrong(Echo):
    def request(self, phase, sid, token, param):
        if phase == "ehlo":
            self.say("report|0.7|1.0|smtp-in|timeout|%s\n" % sid)
        else:
            super().request(phase, sid, token, param)


Wrong().run()
