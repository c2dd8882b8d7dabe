/* SPDX-License-Identifier: ISC */
/*
 * One server of a backend: where it is.  Whether it is worth trying is kept
 * here by health.h, its addresses by lookup.h, its idle connections by
 * stream_pool.c.
 */

#ifndef SERVER_H
#define SERVER_H

#include <sys/types.h>
#include <sys/socket.h>

#include <stddef.h>
#include <stdint.h>

struct lookup;
struct stream;

#define SERVER_ADDRS	8	/* of a name; more are not tried */

struct address {
	struct sockaddr_storage	 ss;
	socklen_t		 len;
	int			(*call)(void *);	/* instead, if set */
	void			*arg;
};

struct server {
	struct server	*next;
	const char	*service;	/* the backend's name, for the log */
	char		*label;		/* "unix:/path", "[::1]:783" */
	char		*host;		/* a name to look up, or NULL */
	char		 port[6];
	int		 family;
	struct address	 addrs[SERVER_ADDRS];
	size_t		 naddrs;
	int64_t		 fresh;		/* until when a name's addrs are */
	struct lookup	*lookup;	/* in flight, or NULL */
	const char	*lookup_error;	/* of the last one */
	struct stream	*idle;		/* the pool, latest first */
	const void	*probe;		/* who probes it */
	int64_t		 until;
	int64_t		 told;		/* when a failure was last logged */
	int64_t		 rest_max;	/* ms */
	unsigned int	 era, fails;	/* fails: in a row */
	char		 why[128];
};

/* As backend_add().  NULL and *srv, or what is wrong. */
const char	*server_new(const char *where, int port, struct server **srv);
/* As backend_add_call(). */
const char	*server_new_call(const char *label, int (*call)(void *),
		    void *arg, struct server **srv);
void		 server_free(struct server *);
/* A socket that is connecting or connected (errno tells), or -1. */
int		 server_socket(const struct address *);

#endif /* SERVER_H */
