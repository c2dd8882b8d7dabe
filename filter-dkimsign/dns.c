/* SPDX-License-Identifier: ISC */
/*
 * See dns.h.  A few look-ups are under way at a time, the others wait.  The
 * server's answer is walked here: what of it is a CNAME is told too, and one
 * that leads to where the server did not look is followed.
 *
 * What goes wrong is an answer as well: temporary, if it may be another one
 * later.
 */

#define CARES_NO_DEPRECATED

#include <sys/types.h>
#include <sys/time.h>

#include <ares.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "compat.h"
#include "dns.h"
#include "log.h"

#define IN_FLIGHT	32
#define TRIES		3	/* each waits twice as long: 1 + 2 + 4 */
#define EDNS_SIZE	1232
#define HEADER_LEN	12	/* RFC 1035, 4.1.1 */
#define TYPE_CNAME	5
#define TYPE_TXT	16
#define CLASS_IN	1

struct query {
	struct query		*next;
	struct dns		*dns;
	struct dns_answer	*answer;
	char			 name[256];
};

struct dns {
	ares_channel	 channel;
	int64_t		 ms;
	struct query	*first, **last;	/* that wait */
	size_t		 running;
};

int
dns_answer_add(struct dns_answer *a, const char *s, size_t len)
{
	if (a->n < DNS_TXT) {
		if ((a->txt[a->n] = malloc(len + 1)) == NULL)
			return -1;
		memcpy(a->txt[a->n], s, len);
		a->txt[a->n][len] = '\0';
		a->len[a->n] = len;
	}
	a->n++;
	return 0;
}

void
dns_answer_clear(struct dns_answer *a)
{
	size_t	 i;

	for (i = 0; i < a->n && i < DNS_TXT; i++)
		free(a->txt[i]);
	memset(a, 0, sizeof(*a));
}

static void
answer_set(struct dns_answer *a, enum dns_status status, const char *why)
{
	a->status = status;
	if (a->hops > 0 && status == DNS_NONE)
		(void)snprintf(a->why, sizeof(a->why), "CNAME to %.100s: %s",
		    log_safe(a->cname), why);
	else
		(void)snprintf(a->why, sizeof(a->why), "%s", why);
}

/* A record's strings, one after the other.  RFC 1035, 3.3.14 */
static int
txt_take(struct dns_answer *a, const unsigned char *rd, size_t len)
{
	char	*text;
	size_t	 i, n, used = 0;
	int	 ret;

	if ((text = malloc(len + 1)) == NULL)
		return -1;
	for (i = 0; i < len; i += n + 1) {
		n = rd[i];
		if (n > len - i - 1)
			n = len - i - 1;
		memcpy(text + used, rd + i + 1, n);
		used += n;
	}
	ret = dns_answer_add(a, text, used);
	free(text);
	return ret;
}

/* The name at p; *p is moved behind it.  -1: there is none. */
static int
name_take(const unsigned char **p, const unsigned char *msg, int len,
    char out[256])
{
	char	*name;
	long	 used;
	int	 fits;

	if (*p >= msg + len ||
	    ares_expand_name(*p, msg, len, &name, &used) != ARES_SUCCESS)
		return -1;
	fits = strlcpy(out, name, 256) < 256;
	ares_free_string(name);
	*p += used;
	return fits ? 0 : -1;
}

static unsigned int
be16(const unsigned char *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

/* One record.  RFC 1035, 4.1.3 */
static int
record_take(struct query *q, const unsigned char **p,
    const unsigned char *msg, int len)
{
	struct dns_answer	*a = q->answer;
	const unsigned char	*rd, *end = msg + len;
	char			 name[256];
	unsigned int		 type, class;
	size_t			 rdlen;

	if (name_take(p, msg, len, name) == -1 || end - *p < 10)
		return -1;
	type = be16(*p);
	class = be16(*p + 2);
	rdlen = be16(*p + 8);
	rd = *p += 10;
	if (rdlen > (size_t)(end - rd))
		return -1;
	*p += rdlen;
	if (class != CLASS_IN)
		return 0;
	if (type == TYPE_TXT)
		return txt_take(a, rd, rdlen);
	if (type == TYPE_CNAME) {
		a->hops++;
		return name_take(&rd, msg, len, a->cname);
	}
	return 0;
}

static int
message_take(struct query *q, const unsigned char *msg, int len)
{
	const unsigned char	*p = msg + HEADER_LEN;
	char			 name[256];
	unsigned int		 i, questions, records;

	if (len < HEADER_LEN)
		return -1;
	questions = be16(msg + 4);
	records = be16(msg + 6);
	for (i = 0; i < questions; i++) {
		if (name_take(&p, msg, len, name) == -1 ||
		    msg + len - p < 4)
			return -1;
		p += 4;
	}
	for (i = 0; i < records; i++)
		if (record_take(q, &p, msg, len) == -1)
			return -1;
	return 0;
}

static void	 query_start(struct query *);

static void
query_end(struct query *q, enum dns_status status, const char *why)
{
	struct dns	*dns = q->dns;

	answer_set(q->answer, status, why);
	free(q);
	dns->running--;
}

static void
query_done(void *arg, int status, int timeouts, unsigned char *msg, int len)
{
	struct query	*q = arg;
	unsigned int	 hops = q->answer->hops;

	/* To say where a CNAME leads that leads to nothing. */
	if ((status == ARES_ENOTFOUND || status == ARES_ENODATA) &&
	    msg != NULL)
		(void)message_take(q, msg, len);
	if (status == ARES_ENOTFOUND)
		query_end(q, DNS_NONE, "no such name");
	else if (status == ARES_ENODATA)
		query_end(q, DNS_NONE, "no TXT record");
	else if (status == ARES_EBADNAME)
		query_end(q, DNS_NONE, "not a name");
	else if (status == ARES_ECANCELLED || status == ARES_EDESTRUCTION)
		query_end(q, DNS_TEMPORARY, "no answer in time");
	else if (status != ARES_SUCCESS)
		query_end(q, DNS_TEMPORARY, ares_strerror(status));
	else if (message_take(q, msg, len) == -1)
		query_end(q, DNS_TEMPORARY, "an answer that makes no sense");
	else if (q->answer->n > 0)
		query_end(q, DNS_FOUND, "");
	else if (q->answer->hops == hops)
		query_end(q, DNS_NONE, "no TXT record");
	else if (q->answer->hops > DNS_HOPS)
		query_end(q, DNS_NONE, "too many CNAMEs");
	else {
		(void)strlcpy(q->name, q->answer->cname, sizeof(q->name));
		query_start(q);
	}
}

static void
query_start(struct query *q)
{
	ares_query(q->dns->channel, q->name, CLASS_IN, TYPE_TXT, query_done,
	    q);
}

struct dns *
dns_new(const char *server, int64_t ms)
{
	struct ares_options	 options;
	struct dns		*dns;
	int			 status;

	memset(&options, 0, sizeof(options));
	options.flags = ARES_FLAG_EDNS;
	options.ednspsz = EDNS_SIZE;
	options.tries = TRIES;
	options.timeout = (int)(ms / ((1 << TRIES) - 1));
	if ((dns = calloc(1, sizeof(*dns))) == NULL) {
		log_warn("DNS");
		return NULL;
	}
	dns->ms = ms;
	dns->last = &dns->first;
	status = ares_library_init(ARES_LIB_INIT_ALL);
	if (status == ARES_SUCCESS)
		status = ares_init_options(&dns->channel, &options,
		    ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TRIES |
		    ARES_OPT_TIMEOUTMS);
	if (status == ARES_SUCCESS && server != NULL &&
	    (status = ares_set_servers_ports_csv(dns->channel, server)) !=
	    ARES_SUCCESS)
		ares_destroy(dns->channel);
	if (status == ARES_SUCCESS)
		return dns;
	log_warnx("DNS: %s%s%s", server == NULL ? "" : server,
	    server == NULL ? "" : ": ", ares_strerror(status));
	free(dns);
	return NULL;
}

void
dns_free(struct dns *dns)
{
	struct query	*q;

	if (dns == NULL)
		return;
	ares_destroy(dns->channel);
	while ((q = dns->first) != NULL) {
		dns->first = q->next;
		free(q);
	}
	free(dns);
	ares_library_cleanup();
}

void
dns_txt(struct dns *dns, const char *name, struct dns_answer *answer)
{
	struct query	*q;

	memset(answer, 0, sizeof(*answer));
	if ((q = calloc(1, sizeof(*q))) == NULL) {
		answer_set(answer, DNS_TEMPORARY, "out of memory");
		return;
	}
	q->dns = dns;
	q->answer = answer;
	if (strlcpy(q->name, name, sizeof(q->name)) >= sizeof(q->name)) {
		answer_set(answer, DNS_NONE, "not a name");
		free(q);
		return;
	}
	*dns->last = q;
	dns->last = &q->next;
}

/* A server may refuse at once, and so end one that is just begun. */
static void
queries_start(struct dns *dns)
{
	struct query	*q;

	while (dns->running < IN_FLIGHT && (q = dns->first) != NULL) {
		if ((dns->first = q->next) == NULL)
			dns->last = &dns->first;
		dns->running++;
		query_start(q);
	}
}

/* Wait for sockets, and let the library do with them what there is to do. */
static void
sockets_wait(struct dns *dns, int64_t ms)
{
	ares_socket_t	 fds[ARES_GETSOCK_MAXNUM];
	struct pollfd	 pfd[ARES_GETSOCK_MAXNUM];
	struct timeval	 most = { ms / 1000, (ms % 1000) * 1000 }, tv, *t;
	unsigned int	 bits;
	int		 i, n = 0;

	/* The library's macros for this shift a sign bit. */
	bits = (unsigned int)ares_getsock(dns->channel, fds,
	    ARES_GETSOCK_MAXNUM);
	for (i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		pfd[n].fd = fds[i];
		pfd[n].events = ((bits >> i & 1) != 0 ? POLLIN : 0) |
		    ((bits >> (ARES_GETSOCK_MAXNUM + i) & 1) != 0 ?
		    POLLOUT : 0);
		if (pfd[n].events != 0)
			n++;
	}
	t = ares_timeout(dns->channel, &most, &tv);
	ms = (int64_t)t->tv_sec * 1000 + t->tv_usec / 1000 + 1;
	if (poll(pfd, (nfds_t)n, (int)ms) == -1)
		n = 0;
	for (i = 0; i < n; i++)
		ares_process_fd(dns->channel,
		    (pfd[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0 ?
		    pfd[i].fd : ARES_SOCKET_BAD,
		    (pfd[i].revents & POLLOUT) != 0 ? pfd[i].fd :
		    ARES_SOCKET_BAD);
	ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

void
dns_run(struct dns *dns)
{
	const struct query	*q;
	int64_t			 left, end = clock_ms() + dns->ms;
	size_t			 n = 0;

	/* The library keeps its deadlines; should it not, this is the end. */
	for (q = dns->first; q != NULL; q = q->next)
		n++;
	end += (int64_t)(n / IN_FLIGHT) * dns->ms * DNS_HOPS;
	for (queries_start(dns); dns->running > 0; queries_start(dns)) {
		if ((left = end - clock_ms()) <= 0)
			ares_cancel(dns->channel);
		else
			sockets_wait(dns, left);
	}
}
