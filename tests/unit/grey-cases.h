/* SPDX-License-Identifier: ISC */
/*
 * What greylisting has to say, step by step: for the codec, for the store of
 * one host and for the shared one.  Times are ms since 1970, around T.
 */

#ifndef GREY_CASES_H
#define GREY_CASES_H

#include <stddef.h>

#include "grey.h"

#define T	INT64_C(1800000000000)
#define S	INT64_C(1000)
#define M	(60 * S)
#define H	(60 * M)
#define D	(24 * H)

struct grey_step {
	int64_t			 at;		/* 0 ends */
	enum grey_reason	 reason;
	int64_t			 wait, delayed;
	int			 tuple;		/* which sender, from 0 */
	int			 what;		/* PARTNER, BAIT or 0 */
};

/* From somebody we wrote to; to a trap. */
enum { PARTNER = 1, BAIT };

struct grey_case {
	const char		*name;
	struct grey_rules	 rules;
	int64_t			 white_until, trap_until;	/* before */
	struct grey_step	 steps[16];
};

#define POSTGREY	{ .delay = 5 * M, .retry_window = 2 * D, \
			.max_age = 35 * D, .awl_count = 5, .awl_gap = H, \
			.trap_time = D }
#define SPAMD		{ .delay = 2 * M, .retry_window = 4 * H, \
			.max_age = 864 * H, .pass_client = 1, .trap_time = D }

static const struct grey_case	 grey_cases[] = {
	{ "new, early, early, passes, stays", POSTGREY, 0, 0, {
		{ T, GREY_NEW, 5 * M, 0, 0, 0 },
		{ T + M, GREY_EARLY, 4 * M, 0, 0, 0 },
		{ T + 5 * M - 1, GREY_EARLY, 1, 0, 0, 0 },
		{ T + 5 * M, GREY_FOUND, 0, 5 * M, 0, 0 },
		{ T + 6 * M, GREY_FOUND, 0, 0, 0, 0 },
		{ T + 30 * D, GREY_FOUND, 0, 0, 0, 0 },
		{ T + 64 * D, GREY_FOUND, 0, 0, 0, 0 } } },
	{ "a pass not used for too long is over", POSTGREY, 0, 0, {
		{ T, GREY_NEW, 5 * M, 0, 0, 0 },
		{ T + H, GREY_FOUND, 0, H, 0, 0 },
		{ T + H + 35 * D, GREY_FOUND, 0, 0, 0, 0 },
		{ T + H + 70 * D + 1, GREY_NEW, 5 * M, 0, 0, 0 } } },
	{ "a retry after the window is a new one", POSTGREY, 0, 0, {
		{ T, GREY_NEW, 5 * M, 0, 0, 0 },
		{ T + 2 * D + 1, GREY_NEW, 5 * M, 0, 0, 0 },
		{ T + 4 * D + 1, GREY_FOUND, 0, 2 * D, 0, 0 } } },
	{ "the window begins with the first, not the last", POSTGREY, 0, 0, {
		{ T, GREY_NEW, 5 * M, 0, 0, 0 },
		{ T + M, GREY_EARLY, 4 * M, 0, 0, 0 },
		{ T + 2 * D, GREY_FOUND, 0, 2 * D, 0, 0 } } },
	{ "another sender is another tuple", POSTGREY, 0, 0, {
		{ T, GREY_NEW, 5 * M, 0, 0, 0 },
		{ T + 5 * M, GREY_NEW, 5 * M, 0, 1, 0 },
		{ T + 5 * M, GREY_FOUND, 0, 5 * M, 0, 0 },
		{ T + 9 * M, GREY_EARLY, M, 0, 1, 0 } } },
	{ "a clock that goes back begins anew", POSTGREY, 0, 0, {
		{ T, GREY_NEW, 5 * M, 0, 0, 0 },
		{ T - H, GREY_NEW, 5 * M, 0, 0, 0 },
		{ T - H + 5 * M, GREY_FOUND, 0, 5 * M, 0, 0 } } },
	{ "a step of the clock changes nothing", POSTGREY, 0, 0, {
		{ T, GREY_NEW, 5 * M, 0, 0, 0 },
		{ T - S, GREY_EARLY, 5 * M + S, 0, 0, 0 },
		{ T + 5 * M, GREY_FOUND, 0, 5 * M, 0, 0 },
		{ T + 5 * M - S, GREY_FOUND, 0, 0, 0, 0 },
		{ T + 4 * M - S, GREY_FOUND, 0, 0, 0, 0 },
		{ T + 3 * M - S - 1, GREY_NEW, 5 * M, 0, 0, 0 } } },
	{ "a client is known after five, one an hour", {
		.delay = S, .retry_window = D, .max_age = 35 * D,
		.awl_count = 2, .awl_gap = H }, 0, 0, {
		{ T, GREY_NEW, S, 0, 0, 0 },
		{ T + S, GREY_FOUND, 0, S, 0, 0 },
		{ T + S, GREY_NEW, S, 0, 1, 0 },
		{ T + 3 * S, GREY_FOUND, 0, 2 * S, 1, 0 },
		{ T + 4 * S, GREY_NEW, S, 0, 2, 0 },
		{ T + H + S, GREY_FOUND, 0, H - 3 * S, 2, 0 },
		{ T + H + 2 * S, GREY_AWL, 0, 0, 3, 0 },
		{ T + 30 * D, GREY_AWL, 0, 0, 3, 0 },
		{ T + 65 * D + 1, GREY_NEW, S, 0, 3, 0 } } },
	{ "mail after mail of one tuple makes nobody known", {
		.delay = S, .retry_window = D, .max_age = 35 * D,
		.awl_count = 2, .awl_gap = H }, 0, 0, {
		{ T, GREY_NEW, S, 0, 0, 0 },
		{ T + S, GREY_FOUND, 0, S, 0, 0 },
		{ T + 2 * H, GREY_FOUND, 0, 0, 0, 0 },
		{ T + 4 * H, GREY_FOUND, 0, 0, 0, 0 },
		{ T + 4 * H, GREY_NEW, S, 0, 1, 0 } } },
	{ "no delay, no defer", { .delay = 0, .retry_window = D,
		.max_age = D }, 0, 0, {
		{ T, GREY_FOUND, 0, 0, 0, 0 } } },
	{ "spamd: one pass whitens the address", SPAMD, 0, 0, {
		{ T, GREY_NEW, 2 * M, 0, 0, 0 },
		{ T + 2 * M, GREY_FOUND, 0, 2 * M, 0, 0 },
		{ T + 3 * M, GREY_WHITE, 0, 0, 1, 0 },
		{ T + 800 * H, GREY_WHITE, 0, 0, 2, 0 },
		{ T + 1663 * H, GREY_WHITE, 0, 0, 2, 0 },
		{ T + 1663 * H + 864 * H, GREY_NEW, 2 * M, 0, 2, 0 } } },
	{ "a trapped client waits, whatever it was", POSTGREY, 0, T + H, {
		{ T, GREY_TRAPPED, H, 0, 0, 0 },
		{ T + H - 1, GREY_TRAPPED, 1, 0, 0, PARTNER },
		{ T + H, GREY_NEW, 5 * M, 0, 0, 0 } } },
	{ "a trap is stronger than white", POSTGREY, T + D, T + H, {
		{ T, GREY_TRAPPED, H, 0, 0, 0 },
		{ T + H, GREY_WHITE, 0, 0, 0, 0 } } },
	{ "white passes, and what is seen stays", POSTGREY, T + D, 0, {
		{ T, GREY_WHITE, 0, 0, 0, 0 },
		{ T + 20 * D, GREY_WHITE, 0, 0, 0, 0 },
		{ T + 55 * D, GREY_NEW, 5 * M, 0, 0, 0 } } },
	{ "an answer to our mail passes", POSTGREY, 0, 0, {
		{ T, GREY_PARTNER, 0, 0, 0, PARTNER },
		{ T + S, GREY_NEW, 5 * M, 0, 0, 0 } } },
	{ "a trap's mail opens no door, however old", SPAMD, 0, 0, {
		{ T, GREY_NEW, 2 * M, 0, 0, BAIT },
		{ T + H, GREY_NEW, 2 * M, 0, 0, BAIT },
		{ T + H, GREY_NEW, 2 * M, 0, 0, 0 },
		{ T + 2 * H, GREY_NEW, 2 * M, 0, 0, BAIT },
		{ T + 2 * H, GREY_FOUND, 0, H, 0, 0 },
		{ T + 2 * H, GREY_WHITE, 0, 0, 0, BAIT } } },
	{ "a trap waits without a delay, too", { .delay = 0,
		.retry_window = D, .max_age = D, .pass_client = 1 }, 0, 0, {
		{ T, GREY_NEW, 0, 0, 0, BAIT },
		{ T + S, GREY_NEW, 0, 0, 0, BAIT },
		{ T + S, GREY_FOUND, 0, 0, 0, 0 } } },
	{ "a trapped client's trap is not a new one", POSTGREY, 0, T + H, {
		{ T, GREY_TRAPPED, H, 0, 0, BAIT },
		{ T + H, GREY_PARTNER, 0, 0, 0, PARTNER } } },
	{ .name = NULL }
};

#endif /* GREY_CASES_H */
