/* SPDX-License-Identifier: ISC */
/*
 * What smtpd(8) tells and takes beyond <opensmtpd.h>, in the same style.  Only
 * the library of opensmtpd-filters has it.
 */

#ifndef OPENSMTPD_MORE_H
#define OPENSMTPD_MORE_H

#include "opensmtpd.h"

#pragma GCC visibility push(default)

/* In struct osmtpd_ctx as well. */
enum osmtpd_more_phase {
	OSMTPD_PHASE_LINK_AUTH = OSMTPD_PHASE_TIMEOUT + 1,
	OSMTPD_PHASE_TX_RESET,
	OSMTPD_PHASE_FILTER_REPORT
};

/* Who tried to log in; OSMTPD_STATUS_OK: and did. */
void osmtpd_register_report_auth(int, void (*)(struct osmtpd_ctx *, const char
    *, enum osmtpd_status));
/* The transaction is over, after its commit or rollback. */
void osmtpd_register_report_reset(int, void (*)(struct osmtpd_ctx *, uint32_t));
/* An action "report" of smtpd.conf(5): "builtin|NAME|TEXT". */
void osmtpd_register_report_filter(int, void (*)(struct osmtpd_ctx *, const char
    *));

/* Goes on, and is marked X-Spam: Yes; not after DATA was answered. */
void osmtpd_filter_junk(struct osmtpd_ctx *);

#pragma GCC visibility pop

#endif /* OPENSMTPD_MORE_H */
