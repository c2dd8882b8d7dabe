/* SPDX-License-Identifier: ISC */
/* Which policy servers, and how they are asked: what the keys have set. */

#ifndef CONSULT_CONFIG_H
#define CONSULT_CONFIG_H

#include <stdint.h>

struct backend;

struct consult_config {
	struct backend	*backend;	/* NULL: no server was named */
	int64_t		 connections;
	int64_t		 max_idle;
	int64_t		 connect_timeout;
	int64_t		 timeout;
	int64_t		 tries;
	int64_t		 retry_delay;
	int64_t		 queue_max;
	const char	*context;
};

extern struct consult_config	 consult_config;

#endif /* CONSULT_CONFIG_H */
