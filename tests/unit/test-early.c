/* SPDX-License-Identifier: ISC */
/*
 * What the kernel says of clients that wait, asked about real connections over
 * loopback.  A system that can't be asked skips all of it.
 */

#include <sys/socket.h>

#include <netinet/in.h>
#include <arpa/inet.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "addrs.h"
#include "early.h"

/* A client of ours and the server's end, as smtpd would name both. */
struct pair {
	int		 listener, client, server;
	struct addr	 src;
	struct addr	 dst;		/* the listener's */
	struct addr	 local;		/* what early_find() says */
};

static int	 seen;			/* sock_diag is to be had */

static uint16_t
port_of(const struct sockaddr_storage *ss)
{
	if (ss->ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)ss)->sin_port);
	return ntohs(((const struct sockaddr_in6 *)ss)->sin6_port);
}

static void
address_fill(struct sockaddr_storage *ss, socklen_t *len, const char *ip,
    uint16_t port)
{
	struct sockaddr_in	*sin = (struct sockaddr_in *)ss;
	struct sockaddr_in6	*sin6 = (struct sockaddr_in6 *)ss;

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, ip, &sin->sin_addr) == 1) {
		sin->sin_family = AF_INET;
		sin->sin_port = htons(port);
		*len = sizeof(*sin);
		return;
	}
	assert_int_equal(inet_pton(AF_INET6, ip, &sin6->sin6_addr), 1);
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons(port);
	*len = sizeof(*sin6);
}

/* Returns -1 if the system does not have that address. */
static int
pair_open_from(struct pair *p, const char *listen_ip, const char *client_ip,
    const char *from_ip)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len;
	int			 off = 0;

	memset(p, 0, sizeof(*p));
	p->client = p->server = -1;
	address_fill(&ss, &len, listen_ip, 0);
	p->listener = socket(ss.ss_family, SOCK_STREAM, 0);
	if (p->listener == -1)
		return -1;
	if (ss.ss_family == AF_INET6)
		(void)setsockopt(p->listener, IPPROTO_IPV6, IPV6_V6ONLY, &off,
		    sizeof(off));
	if (bind(p->listener, (struct sockaddr *)&ss, len) == -1) {
		(void)close(p->listener);
		return -1;
	}
	assert_int_equal(listen(p->listener, 1), 0);
	assert_int_equal(getsockname(p->listener, (struct sockaddr *)&ss,
	    &len), 0);
	assert_int_equal(addr_parse(&p->dst, listen_ip), 0);
	p->dst.port = port_of(&ss);

	address_fill(&ss, &len, from_ip, 0);
	p->client = socket(ss.ss_family, SOCK_STREAM, 0);
	assert_int_equal(bind(p->client, (struct sockaddr *)&ss, len), 0);
	address_fill(&ss, &len, client_ip, p->dst.port);
	assert_int_equal(connect(p->client, (struct sockaddr *)&ss, len), 0);
	p->server = accept(p->listener, NULL, NULL);
	assert_int_not_equal(p->server, -1);
	len = sizeof(ss);
	assert_int_equal(getsockname(p->client, (struct sockaddr *)&ss, &len),
	    0);
	assert_int_equal(addr_parse(&p->src, from_ip), 0);
	p->src.port = port_of(&ss);
	early_find(&p->src, &p->dst, &p->local);
	return 0;
}

static int
pair_open(struct pair *p, const char *listen_ip, const char *client_ip)
{
	return pair_open_from(p, listen_ip, client_ip, client_ip);
}

static void
pair_close(struct pair *p)
{
	if (p->client != -1)
		(void)close(p->client);
	(void)close(p->server);
	(void)close(p->listener);
}

/* Loopback delivers at once, mostly: wait for what must come, not longer. */
static void
look_becomes(const struct pair *p, int want)
{
	struct timespec	 ts = { 0, 1000000 };
	int		 i;

	for (i = 0; i < 2000; i++) {
		if (early_look(&p->src, &p->local) == want)
			return;
		(void)nanosleep(&ts, NULL);
	}
	assert_int_equal(early_look(&p->src, &p->local), want);
}

static void
client_that_waits_is_silent(void **state)
{
	struct pair	 p;

	if (!seen)
		skip();
	assert_int_equal(pair_open(&p, "127.0.0.1", "127.0.0.1"), 0);
	assert_int_equal(p.local.port, p.dst.port);
	assert_true(addr_equal(&p.local, &p.dst));
	assert_int_equal(early_look(&p.src, &p.local), 0);
	pair_close(&p);
}

static void
client_that_speaks_has_talked(void **state)
{
	struct pair	 p;

	if (!seen)
		skip();
	assert_int_equal(pair_open(&p, "127.0.0.1", "127.0.0.1"), 0);
	assert_int_equal(write(p.client, "E", 1), 1);
	look_becomes(&p, EARLY_TALKED);
	pair_close(&p);
}

static void
client_whose_bytes_were_read_is_silent(void **state)
{
	struct pair	 p;
	char		 c;

	if (!seen)
		skip();
	assert_int_equal(pair_open(&p, "127.0.0.1", "127.0.0.1"), 0);
	assert_int_equal(write(p.client, "E", 1), 1);
	assert_int_equal(read(p.server, &c, 1), 1);
	look_becomes(&p, 0);
	pair_close(&p);
}

static void
client_that_hangs_up_is_gone_but_did_not_talk(void **state)
{
	struct pair	 p;

	if (!seen)
		skip();
	assert_int_equal(pair_open(&p, "127.0.0.1", "127.0.0.1"), 0);
	assert_int_equal(shutdown(p.client, SHUT_WR), 0);
	look_becomes(&p, EARLY_GONE);
	pair_close(&p);
}

static void
client_that_speaks_and_hangs_up_did_both(void **state)
{
	struct pair	 p;

	if (!seen)
		skip();
	assert_int_equal(pair_open(&p, "127.0.0.1", "127.0.0.1"), 0);
	assert_int_equal(write(p.client, "E", 1), 1);
	assert_int_equal(close(p.client), 0);
	p.client = -1;
	look_becomes(&p, EARLY_TALKED | EARLY_GONE);
	pair_close(&p);
}

static void
client_that_resets_is_gone(void **state)
{
	struct linger	 l = { 1, 0 };
	struct pair	 p;

	if (!seen)
		skip();
	assert_int_equal(pair_open(&p, "127.0.0.1", "127.0.0.1"), 0);
	assert_int_equal(early_look(&p.src, &p.local), 0);
	assert_int_equal(setsockopt(p.client, SOL_SOCKET, SO_LINGER, &l,
	    sizeof(l)), 0);
	assert_int_equal(close(p.client), 0);
	p.client = -1;
	look_becomes(&p, EARLY_GONE);
	pair_close(&p);
}

static void
wildcard_listener_is_found_by_our_addresses(void **state)
{
	struct pair	 p;
	struct addr	 want;

	if (!seen)
		skip();
	assert_int_equal(pair_open(&p, "0.0.0.0", "127.0.0.1"), 0);
	assert_int_equal(addr_parse(&want, "127.0.0.1"), 0);
	assert_true(addr_equal(&p.local, &want));
	assert_int_equal(early_look(&p.src, &p.local), 0);
	assert_int_equal(write(p.client, "E", 1), 1);
	look_becomes(&p, EARLY_TALKED);
	pair_close(&p);
}

static void
our_address_need_not_be_the_clients(void **state)
{
	struct pair	 p;
	struct addr	 want;

	if (!seen)
		skip();
	assert_int_equal(pair_open_from(&p, "0.0.0.0", "127.0.0.1",
	    "127.0.0.9"), 0);
	assert_int_equal(addr_parse(&want, "127.0.0.1"), 0);
	assert_true(addr_equal(&p.local, &want));
	assert_int_equal(p.local.port, p.dst.port);
	assert_int_equal(write(p.client, "E", 1), 1);
	look_becomes(&p, EARLY_TALKED);
	pair_close(&p);
}

static void
v6_listener_is_found(void **state)
{
	struct pair	 p;

	if (!seen || pair_open(&p, "::1", "::1") == -1)
		skip();
	assert_true(addr_equal(&p.local, &p.dst));
	assert_int_equal(write(p.client, "E", 1), 1);
	look_becomes(&p, EARLY_TALKED);
	pair_close(&p);
}

static void
v4_client_of_a_v6_wildcard_is_found(void **state)
{
	struct pair	 p;

	if (!seen || pair_open(&p, "::", "127.0.0.1") == -1)
		skip();
	assert_int_equal(p.local.family, AF_INET);
	assert_int_equal(early_look(&p.src, &p.local), 0);
	assert_int_equal(write(p.client, "E", 1), 1);
	look_becomes(&p, EARLY_TALKED);
	pair_close(&p);
}

static void
listener_is_not_taken_for_a_connection(void **state)
{
	struct pair	 p;
	struct addr	 src;

	if (!seen)
		skip();
	assert_int_equal(pair_open(&p, "0.0.0.0", "127.0.0.1"), 0);
	src = p.src;
	src.port = src.port == 1 ? 2 : 1;
	early_find(&src, &p.dst, &p.local);
	assert_int_equal(p.local.family, AF_UNSPEC);
	assert_int_equal(early_look(&src, &p.local), EARLY_UNKNOWN);
	pair_close(&p);
}

static void
neighbour_that_speaks_does_not_count(void **state)
{
	struct pair	 p, q;

	if (!seen)
		skip();
	assert_int_equal(pair_open(&p, "127.0.0.1", "127.0.0.1"), 0);
	assert_int_equal(pair_open(&q, "127.0.0.1", "127.0.0.1"), 0);
	assert_int_equal(write(q.client, "EHLO", 4), 4);
	look_becomes(&q, EARLY_TALKED);
	assert_int_equal(early_look(&p.src, &p.local), 0);
	pair_close(&p);
	pair_close(&q);
}

static void
nothing_is_known_of_a_local_client(void **state)
{
	struct addr	 none, local;

	memset(&none, 0, sizeof(none));
	memset(&local, 0xff, sizeof(local));
	early_find(&none, &none, &local);
	assert_int_equal(local.family, AF_UNSPEC);
	assert_int_equal(early_look(&none, &local), EARLY_UNKNOWN);
}

static void
nothing_is_known_when_stopped(void **state)
{
	struct pair	 p;

	early_stop();
	assert_int_equal(pair_open(&p, "127.0.0.1", "127.0.0.1"), 0);
	assert_int_equal(p.local.family, AF_UNSPEC);
	assert_int_equal(early_look(&p.src, &p.dst), EARLY_UNKNOWN);
	pair_close(&p);
	if (seen)
		assert_int_equal(early_start(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client_that_waits_is_silent),
		cmocka_unit_test(client_that_speaks_has_talked),
		cmocka_unit_test(client_whose_bytes_were_read_is_silent),
		cmocka_unit_test(client_that_hangs_up_is_gone_but_did_not_talk),
		cmocka_unit_test(client_that_speaks_and_hangs_up_did_both),
		cmocka_unit_test(client_that_resets_is_gone),
		cmocka_unit_test(wildcard_listener_is_found_by_our_addresses),
		cmocka_unit_test(our_address_need_not_be_the_clients),
		cmocka_unit_test(v6_listener_is_found),
		cmocka_unit_test(v4_client_of_a_v6_wildcard_is_found),
		cmocka_unit_test(listener_is_not_taken_for_a_connection),
		cmocka_unit_test(neighbour_that_speaks_does_not_count),
		cmocka_unit_test(nothing_is_known_of_a_local_client),
		cmocka_unit_test(nothing_is_known_when_stopped),
	};

	seen = early_start() == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
