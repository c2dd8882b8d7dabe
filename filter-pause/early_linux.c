/* SPDX-License-Identifier: ISC */
/*
 * Early talkers by sock_diag(7), which needs no privileges.  One connection is
 * asked for by its four numbers, never the list of all, so that a look costs
 * the same with 10,000 sockets.  When the listener is a wildcard, our own
 * address is not known: each that the system has is tried, once, at the begin
 * of the pause; that a connection found then is not there at its end says
 * that the client reset it.
 *
 * The kernel answers before write(2) returns, so nothing here ever waits; what
 * fails is "unknown".  Both sockets are opened at start, as the sandbox
 * forbids it later, and only read(2) and write(2) are used on them.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "addrs.h"
#include "compat.h"
#include "early.h"
#include "log.h"

#define LOCALS_MAX	1024		/* addresses of ours */
#define LOCALS_AGE	10		/* s, how old they get at least */

struct reply {
	int		 state;
	uint32_t	 rqueue;
};

const int		 early_kernel = 1;

static int		 diag_fd = -1, route_fd = -1;
static uint32_t		 seq;
static struct addr	 locals[LOCALS_MAX];
static size_t		 nlocals;
static time_t		 locals_time;

/* The kernel's answers come in pieces of up to 32 kB. */
static union {
	struct nlmsghdr	 align;
	char		 bytes[32768];
} buf;

static int
netlink_open(int protocol)
{
	return socket(AF_NETLINK,
	    SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
}

/*
 * Read the answer to the request seq, and call back for each part of it.
 * Returns 0, or -1 with errno: the kernel's, or EAGAIN if none came.
 */
static int
netlink_read(int fd, void (*part)(struct nlmsghdr *, void *), void *arg)
{
	struct nlmsghdr	*h;
	struct nlmsgerr	*e;
	ssize_t		 n;

	while ((n = read(fd, &buf, sizeof(buf))) > 0) {
		for (h = &buf.align; NLMSG_OK(h, (size_t)n);
		    h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_seq != seq)
				continue;	/* one we gave up on */
			if (h->nlmsg_type == NLMSG_DONE)
				return 0;
			if (h->nlmsg_type == NLMSG_ERROR) {
				e = NLMSG_DATA(h);
				errno = -e->error;
				return -1;
			}
			part(h, arg);
			if ((h->nlmsg_flags & NLM_F_MULTI) == 0)
				return 0;
		}
	}
	if (n == 0)
		errno = EAGAIN;
	return -1;
}

static void
diag_part(struct nlmsghdr *h, void *arg)
{
	struct inet_diag_msg	*m = NLMSG_DATA(h);
	struct reply		*r = arg;

	if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return;
	r->state = m->idiag_state;
	r->rqueue = m->idiag_rqueue;
}

/* errno is ENOENT if there is no such connection, and no listener either. */
static int
diag_ask(const struct addr *src, const struct addr *local, struct reply *r)
{
	struct {
		struct nlmsghdr		 h;
		struct inet_diag_req_v2	 q;
	} m;

	memset(&m, 0, sizeof(m));
	m.h.nlmsg_len = sizeof(m);
	m.h.nlmsg_type = SOCK_DIAG_BY_FAMILY;
	m.h.nlmsg_flags = NLM_F_REQUEST;
	m.h.nlmsg_seq = ++seq;
	m.q.sdiag_family = src->family;
	m.q.sdiag_protocol = IPPROTO_TCP;
	m.q.idiag_states = ~0U;
	m.q.id.idiag_sport = htons(local->port);
	m.q.id.idiag_dport = htons(src->port);
	memcpy(m.q.id.idiag_src, local->ip, sizeof(m.q.id.idiag_src));
	memcpy(m.q.id.idiag_dst, src->ip, sizeof(m.q.id.idiag_dst));
	m.q.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	m.q.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;

	memset(r, 0, sizeof(*r));
	if (write(diag_fd, &m, sizeof(m)) == -1)
		return -1;
	return netlink_read(diag_fd, diag_part, r);
}

static void
locals_part(struct nlmsghdr *h, void *arg)
{
	struct ifaddrmsg	*m = NLMSG_DATA(h);
	struct rtattr		*a;
	struct addr		*l;
	size_t			 len;
	int			 n, want;

	if (h->nlmsg_type != RTM_NEWADDR || nlocals == LOCALS_MAX)
		return;
	if (m->ifa_family != AF_INET && m->ifa_family != AF_INET6)
		return;
	/* On point to point links IFA_ADDRESS is the other end of a v4 one. */
	want = m->ifa_family == AF_INET ? IFA_LOCAL : IFA_ADDRESS;
	len = m->ifa_family == AF_INET ? 4 : 16;
	n = IFA_PAYLOAD(h);
	for (a = IFA_RTA(m); RTA_OK(a, n); a = RTA_NEXT(a, n)) {
		if (a->rta_type != want || RTA_PAYLOAD(a) != len)
			continue;
		l = &locals[nlocals++];
		memset(l, 0, sizeof(*l));
		l->family = m->ifa_family;
		memcpy(l->ip, RTA_DATA(a), len);
		break;
	}
}

static int
locals_load(void)
{
	struct {
		struct nlmsghdr		 h;
		struct ifaddrmsg	 q;
	} m;

	memset(&m, 0, sizeof(m));
	m.h.nlmsg_len = sizeof(m);
	m.h.nlmsg_type = RTM_GETADDR;
	m.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	m.h.nlmsg_seq = ++seq;
	m.q.ifa_family = AF_UNSPEC;

	nlocals = 0;
	if (write(route_fd, &m, sizeof(m)) == -1)
		return -1;
	return netlink_read(route_fd, locals_part, NULL);
}

static time_t
time_now(void)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);	/* can't fail */
	return ts.tv_sec;
}

/*
 * Only a socket that is there shows that the kernel answers: without its
 * tcp_diag module it says ENOENT, as for a connection that is gone.
 */
static int
diag_check(void)
{
	struct sockaddr_in	 sin;
	struct addr		 src, local;
	struct reply		 r;
	socklen_t		 len = sizeof(sin);
	int			 fd, ret;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return -1;
	if (bind(fd, (struct sockaddr *)&sin, len) == -1 ||
	    listen(fd, 1) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1) {
		(void)close(fd);
		return -1;
	}
	(void)addr_parse(&local, "127.0.0.1");	/* can't fail */
	local.port = ntohs(sin.sin_port);
	src = local;
	src.port = 1;
	ret = diag_ask(&src, &local, &r);
	(void)close(fd);
	return ret;
}

int
early_start(void)
{
	early_stop();
	if ((diag_fd = netlink_open(NETLINK_SOCK_DIAG)) == -1 ||
	    (route_fd = netlink_open(NETLINK_ROUTE)) == -1 ||
	    diag_check() == -1 || locals_load() == -1) {
		log_warn("early talkers can't be seen: sock_diag");
		early_stop();
		return -1;
	}
	locals_time = time_now();
	return 0;
}

void
early_stop(void)
{
	if (diag_fd != -1)
		(void)close(diag_fd);
	if (route_fd != -1)
		(void)close(route_fd);
	diag_fd = route_fd = -1;
	nlocals = 0;
}

/* A listener's socket is what the kernel finds when there is no other. */
static int
locals_try(const struct addr *src, struct addr *local)
{
	struct reply	 r;

	return diag_ask(src, local, &r) == 0 && r.state != 0 &&
	    r.state != TCP_LISTEN;
}

/* Those that clients come to move to the front. */
static int
locals_find(const struct addr *src, uint16_t port, struct addr *local)
{
	struct addr	 first;
	size_t		 i;

	for (i = 0; i < nlocals; i++) {
		if (locals[i].family != src->family)
			continue;
		*local = locals[i];
		local->port = port;
		if (!locals_try(src, local))
			continue;
		first = locals[i];
		memmove(locals + 1, locals, i * sizeof(*locals));
		locals[0] = first;
		return 1;
	}
	return 0;
}

static int
addr_is_any(const struct addr *a)
{
	static const uint8_t	 zero[16];

	return memcmp(a->ip, zero, a->family == AF_INET ? 4 : 16) == 0;
}

void
early_find(const struct addr *src, const struct addr *listener,
    struct addr *local)
{
	*local = *listener;
	if (diag_fd == -1 || src->family == AF_UNSPEC ||
	    listener->family == AF_UNSPEC)
		goto none;
	if (!addr_is_any(listener)) {
		if (locals_try(src, local))
			return;
		goto none;
	}
	if (addr_is_loopback(src)) {
		*local = *src;
		local->port = listener->port;
		if (locals_try(src, local))
			return;
	}
	if (locals_find(src, listener->port, local))
		return;
	/* Did the system get a new address?  Not worth asking each time. */
	if (time_now() - locals_time >= LOCALS_AGE) {
		locals_time = time_now();
		if (locals_load() == 0 &&
		    locals_find(src, listener->port, local))
			return;
	}
 none:
	memset(local, 0, sizeof(*local));
}

int
early_look(const struct addr *src, const struct addr *local)
{
	struct reply	 r;

	if (diag_fd == -1 || local->family == AF_UNSPEC)
		return EARLY_UNKNOWN;
	if (diag_ask(src, local, &r) == -1)
		return errno == ENOENT ? EARLY_GONE : EARLY_UNKNOWN;
	switch (r.state) {
	case TCP_ESTABLISHED:
		return r.rqueue > 0 ? EARLY_TALKED : 0;
	case TCP_CLOSE_WAIT:
		/* The end of the stream counts as one byte. */
		return EARLY_GONE | (r.rqueue > 1 ? EARLY_TALKED : 0);
	case TCP_LISTEN:
		return EARLY_GONE;
	default:
		return EARLY_UNKNOWN;
	}
}
