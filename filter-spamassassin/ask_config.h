/* SPDX-License-Identifier: ISC */
/* How spamd is asked: what the keys have set, for ask.c and learn.c. */

#ifndef ASK_CONFIG_H
#define ASK_CONFIG_H

#include <stdint.h>

struct backend;

struct ask_config {
	struct backend	*backend;
	int64_t		 max_concurrent;
	int64_t		 queue_max;
	int64_t		 queue_timeout;
	int64_t		 connect_timeout;
	int64_t		 tries;
	int64_t		 retry_delay;
	int		 compress;
};

extern struct ask_config	 ask_config;

#endif /* ASK_CONFIG_H */
