/* SPDX-License-Identifier: ISC */
/*
 * Inside of the library: what the filter registered (register.c), a session as
 * it sees it (context.c), what the engine calls (hooks.c), answers (answers.c),
 * and osmtpd_run (run.c).
 */

#ifndef LIBRARY_H
#define LIBRARY_H

#include "filter.h"
#include "opensmtpd_more.h"
#include "proto.h"

union callback {
	void	(*none)(struct osmtpd_ctx *);
	void	(*text)(struct osmtpd_ctx *, const char *);
	void	(*connect)(struct osmtpd_ctx *, const char *,
		    struct sockaddr_storage *);
	void	(*link)(struct osmtpd_ctx *, const char *, enum osmtpd_status,
		    struct sockaddr_storage *, struct sockaddr_storage *);
	void	(*user)(struct osmtpd_ctx *, const char *, enum osmtpd_status);
	void	(*tx)(struct osmtpd_ctx *, uint32_t);
	void	(*address)(struct osmtpd_ctx *, uint32_t, const char *,
		    enum osmtpd_status);
	void	(*envelope)(struct osmtpd_ctx *, uint32_t, uint64_t);
	void	(*data)(struct osmtpd_ctx *, uint32_t, enum osmtpd_status);
	void	(*commit)(struct osmtpd_ctx *, uint32_t, size_t);
};

/* The filter's own data: how it is made, and freed. */
struct local {
	void   *(*create)(struct osmtpd_ctx *);
	void	(*destroy)(struct osmtpd_ctx *, void *);
};

struct registered {
	struct filter	 filter;	/* what the engine is to do */
	union callback	 ask[PHASE_MAX], line;
	union callback	 tell[REPORT_MAX][2];	/* outgoing, incoming */
	struct local	 session, message;
	void		(*conf)(const char *, const char *);
};

extern struct registered	registered;

/*
 * A session.  The filter keeps pointers to it in timers of its own, so it stays
 * in memory a good while after its end: an answer that comes then finds that
 * there is no question.
 */
struct client {
	struct osmtpd_ctx	 ctx;		/* must be the first */
	char			*helo;		/* asked about */
	uint64_t		 message;	/* serial of its request */
	int			 ended;		/* its "." came */
	struct client		*next_dead;
};

/* The session's, or NULL: there was no memory for it. */
struct client	*context_of(const struct session *);
/* A new one, NULL: out of memory. */
struct client	*context_new(struct session *);
/* What the session knows by now, for an event of this kind. */
void		 context_update(struct client *, const struct session *,
		    enum osmtpd_type, int phase);
/* link-connect: rdns|fcrdns|src|dst */
void		 context_link(struct client *, const struct session *,
		    const char *arg);
/* A string of the context's own takes the place of *dst. */
void		 context_string(char **dst, const char *);
/* As the engine's session_end and tx_end. */
void		 context_end(struct session *);
void		 context_tx_end(struct session *);

/* As the engine's any_report, any_request and line. */
void		 hook_report(struct session *, enum report, const char *);
void		 hook_request(struct session *, struct request, enum phase,
		    const char *);
void		 hook_line(struct session *, struct request, const char *,
		    size_t);

/* As the engine's config and events. */
void		 run_config(const char *, const char *);
struct event_base *run_events(void);

#endif /* LIBRARY_H */
