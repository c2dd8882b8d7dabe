/* SPDX-License-Identifier: ISC */
/* Which Redis servers, and how they are asked: what the keys have set. */

#ifndef SHARED_CONFIG_H
#define SHARED_CONFIG_H

#include <stdint.h>

struct backend;

#define SHARED_CONNS	16		/* at most */
#define SHARED_PREFIX	64

struct shared_config {
	struct backend	*backend;	/* NULL: no server was named */
	const char	*user;
	const char	*password_file;
	char		*password;	/* NULL: none */
	int		 tls;		/* all servers, or none */
	const char	*ca_file;	/* NULL: the system's */
	const char	*cert_file;
	const char	*key_file;
	int64_t		 db;
	const char	*prefix;
	int64_t		 connections;
	int64_t		 connect_timeout;
	int64_t		 timeout;
	int		 clock_given;	/* tests: store_query.now counts */
};

extern struct shared_config	 shared_config;

#endif /* SHARED_CONFIG_H */
