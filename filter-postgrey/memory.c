/* SPDX-License-Identifier: ISC */
/*
 * See memory.h.  Nothing fails once it runs: who does not answer is stood in
 * for by the store of this host, and that remembers in memory what it can't
 * write.  Traps and what was learned go to both.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compat.h"
#include "log.h"
#include "memory.h"
#include "metric.h"
#include "postgrey.h"
#include "shared.h"

/* 35 days of a million tuples take less than one a second. */
#define PURGE_ROWS	5000

/* A question to the servers. */
struct pending {
	struct request	 rq;
	void		(*done)(struct request, const struct grey_verdict *,
			    enum memory_who);
	int64_t		 now;
	int		 bait;
	char		 tuple[TUPLE_KEY];
	char		 client[ADDR_STRLEN];
	char		 sender[];
};

static struct store	*store;
static int		 started;

int64_t
memory_now(void)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);	/* can't fail */
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A file that root would make now could not be written by the filter. */
static int
check_db(void)
{
	struct store	*st;
	struct stat	 sb;
	char		 dir[PATH_MAX];

	if (access(postgrey.db, W_OK) == 0) {
		/* Nothing is in it yet: it becomes one. */
		if (stat(postgrey.db, &sb) == 0 && S_ISREG(sb.st_mode) &&
		    sb.st_size == 0)
			return 0;
		st = store_open(postgrey.db, &postgrey.rules, 0);
		store_close(st);
		return st == NULL ? -1 : 0;
	}
	if (errno == ENOENT &&
	    strlcpy(dir, postgrey.db, sizeof(dir)) < sizeof(dir) &&
	    access(dirname(dir), W_OK | X_OK) == 0)
		return 0;
	log_warn("db %s", postgrey.db);
	return -1;
}

int
memory_load(void)
{
	if (shared_wanted() && shared_load() == -1)
		return -1;
	if (filter_check_only())
		return check_db();
	store = store_open(postgrey.db, &postgrey.rules, 1);
	return store == NULL ? -1 : 0;
}

int
memory_check(void)
{
	return shared_wanted() ? shared_check() : 0;
}

int
memory_start(void)
{
	if (store_start(store) == -1 || (shared_wanted() &&
	    shared_start(filter_events(), &postgrey.rules) == -1))
		return -1;
	started = 1;
	return 0;
}

void
memory_stop(void)
{
	store_close(store);
	store = NULL;
	started = 0;
}

void
memory_poll(void)
{
	if (started)
		(void)store_purge(store, memory_now(), PURGE_ROWS);
}

static void
answered(void *arg, const struct grey_verdict *v, const char *why)
{
	struct pending		*p = arg;
	struct store_query	 q;
	struct grey_verdict	 own;
	enum memory_who		 who = MEMORY_SURE;

	if (filter_session(p->rq) == NULL) {
		free(p);
		return;
	}
	if (v == NULL) {
		q.tuple = p->tuple;
		q.client = p->client;
		q.sender = p->sender;
		q.now = p->now;
		q.bait = p->bait;
		store_decide(store, &q, &own);
		v = &own;
		who = MEMORY_ALONE;
	}
	p->done(p->rq, v, who);
	free(p);
}

/* -1: the servers can't be asked. */
static int
ask_servers(const struct store_query *q, struct request rq,
    void (*done)(struct request, const struct grey_verdict *,
    enum memory_who))
{
	struct pending	*p;
	size_t		 len = strlen(q->sender) + 1;

	if ((p = malloc(sizeof(*p) + len)) == NULL)
		return -1;
	p->rq = rq;
	p->done = done;
	p->now = q->now;
	p->bait = q->bait;
	(void)strlcpy(p->tuple, q->tuple, sizeof(p->tuple));
	(void)strlcpy(p->client, q->client, sizeof(p->client));
	memcpy(p->sender, q->sender, len);
	if (shared_decide(q, answered, p) == 0)
		return 0;
	free(p);
	return -1;
}

int
memory_decide(const struct store_query *q, struct request rq,
    struct grey_verdict *v, enum memory_who *who,
    void (*done)(struct request, const struct grey_verdict *,
    enum memory_who))
{
	if (shared_wanted() && ask_servers(q, rq, done) == 0)
		return 0;
	store_decide(store, q, v);
	*who = shared_wanted() ? MEMORY_ALONE : MEMORY_SURE;
	return 1;
}

static void
raise_to(int64_t *value, int64_t other)
{
	if (*value < other)
		*value = other;
}

/*
 * Servers get what is new, as they join it with their row; what else this host
 * knows may be of a time before somebody has changed it there by hand.
 */
static void
put_client(const struct addr *a, int64_t now, int64_t white_until,
    int64_t trap_until)
{
	char			 key[ADDR_STRLEN];
	struct store_row	 row = { .kind = STORE_CLIENT, .key = key };

	(void)addr_print(a, key);
	row.client.first = row.client.last = now;
	row.client.white_until = white_until;
	row.client.trap_until = trap_until;
	if (shared_wanted())
		shared_put(&row);
	(void)store_get(store, STORE_CLIENT, key, &row);
	if (row.client.first == 0)
		row.client.first = now;
	row.client.last = now;
	raise_to(&row.client.white_until, white_until);
	raise_to(&row.client.trap_until, trap_until);
	(void)store_put(store, &row);
}

void
memory_trap(const struct addr *a)
{
	int64_t	 now = memory_now();

	put_client(a, now, 0, now + postgrey.rules.trap_time);
}

void
memory_white(const struct addr *a)
{
	int64_t	 now = memory_now();

	put_client(a, now, now + postgrey.rules.max_age, 0);
}

void
memory_partner(const char *mailbox)
{
	struct store_row	 row;
	char			 key[TUPLE_KEY];

	memset(&row, 0, sizeof(row));
	tuple_recipient(mailbox, key, sizeof(key));
	row.kind = STORE_PARTNER;
	row.key = key;
	row.until = memory_now() + postgrey.rules.max_age;
	if (shared_wanted())
		shared_put(&row);
	(void)store_put(store, &row);
}
