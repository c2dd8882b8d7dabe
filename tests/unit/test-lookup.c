/* SPDX-License-Identifier: ISC */
/*
 * Names of servers and their look-up.  The name server is the test's own.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "peer.h"

static int	 nothing_known;

/* DNS: answers with what the first label says, or not at all. */
static void
dns_answer(evutil_socket_t fd, short what, void *arg)
{
	static const unsigned char	 a[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0,
					     60, 0, 4, 127, 0, 0, 1 };
	unsigned char			 q[600];
	struct sockaddr_in		 from;
	socklen_t			 len = sizeof(from);
	ssize_t				 n;
	int				*queries = arg;

	n = recvfrom(fd, q, 500, 0, (struct sockaddr *)&from, &len);
	if (n < 17)
		return;
	(*queries)++;
	if (strncasecmp((char *)q + 13, "mute", 4) == 0)
		return;
	q[2] |= 0x80;
	if (nothing_known || strncasecmp((char *)q + 13, "none", 4) == 0)
		q[3] |= 3;		/* NXDOMAIN */
	else if (q[n - 3] == 1) {	/* type A */
		q[7] = 1;
		memcpy(q + n, a, sizeof(a));
		n += sizeof(a);
	}
	(void)sendto(fd, q, (size_t)n, 0, (struct sockaddr *)&from, len);
}

static char	 resolv[128];

static struct backend *
backend_dns(const char *name, const char *where, struct event *ev, int *count)
{
	struct sockaddr_in	 in = { .sin_family = AF_INET };
	socklen_t		 len = sizeof(in);
	struct backend		*b;
	char			 text[64];
	int			 fd = socket(AF_INET, SOCK_DGRAM, 0);
	FILE			*fp;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	event_assign(ev, loop, fd, EV_READ | EV_PERSIST, dns_answer, count);
	assert_int_equal(event_add(ev, NULL), 0);
	(void)snprintf(text, sizeof(text), "%s%s", name, strchr(where, ':'));
	b = backend_to(text);
	(void)snprintf(resolv, sizeof(resolv), "%s.conf", peer_path());
	assert_non_null(fp = fopen(resolv, "w"));
	(void)fprintf(fp, "nameserver 127.0.0.1:%d\n", ntohs(in.sin_port));
	assert_int_equal(fclose(fp), 0);
	b->resolver.resolv_conf = resolv;
	return b;
}

static void
dns_stop(struct event *ev)
{
	event_del(ev);
	(void)close(event_get_fd(ev));
	(void)unlink(resolv);
	/* What evdns put off to the loop when it was freed. */
	run_ms(20);
}

static void
a_name_is_looked_up_once_a_minute(void **state)
{
	struct client	 c[3] = { { .s = NULL } };
	struct event	 ev;
	struct peer	 p;
	struct backend	*b;
	int		 queries = 0, before, i;

	peer_start_tcp(&p, peer_echo);
	b = backend_dns("good.example", p.where, &ev, &queries);
	for (i = 0; i < 3; i++)
		client_open(&c[i], b, "request\n", 3000);
	for (i = 0; i < 3; i++)
		run_until(&c[i].ins);
	assert_int_not_equal(queries, 0);
	before = queries;
	for (i = 0; i < 3; i++)
		stream_close(c[i].s);
	assert_true(client_ask(&c[0], b, "again\n", CLOSE));
	assert_int_equal(queries, before);
	backend_free(b);
	dns_stop(&ev);
	peer_stop(&p);
}

static void
names_without_an_answer_fail_over(void **state)
{
	static const char *const names[] = { "none.example", "mute.example" };
	struct client	 c;
	struct event	 ev;
	struct peer	 p;
	struct backend	*b;
	int		 queries = 0, i;

	peer_start_tcp(&p, peer_echo);
	for (i = 0; i < 2; i++) {
		b = backend_dns(names[i], p.where, &ev, &queries);
		memset(&c, 0, sizeof(c));
		client_open(&c, b, "request\n", 300);
		assert_non_null(c.s);
		run_until(&c.gones);
		assert_memory_equal(c.why, "lookup: ", 8);
		assert_non_null(strstr(backend_why(b), c.why));
		/* With a second server nobody notices. */
		assert_null(backend_add(b, p.where, 0));
		b->servers->until = 0;
		memset(&c, 0, sizeof(c));
		client_open(&c, b, "request\n", 600);
		run_until(&c.ins);
		assert_false(b->servers->until == 0);
		assert_string_equal(stream_peer(c.s), p.where);
		backend_free(b);
		dns_stop(&ev);
	}
	peer_stop(&p);
}

static void
resolv_conf_is_read_again_after_a_failure(void **state)
{
	struct client	 c = { .s = NULL };
	struct event	 ev, old;
	struct peer	 p;
	struct backend	*b, *other;
	int		 queries = 0, asked = 0, before;

	peer_start_tcp(&p, peer_echo);
	b = backend_dns("good.example", p.where, &old, &asked);
	nothing_known = 1;
	client_open(&c, b, "request\n", 2000);
	run_until(&c.gones);
	nothing_known = 0;
	before = asked;
	/* Another name server, and a file that tells of it. */
	(void)unlink(resolv);
	other = backend_dns("good.example", p.where, &ev, &queries);
	b->resolver.resolv_conf = resolv;
	b->servers->until = 0;
	assert_true(client_ask(&c, b, "request\n", CLOSE));
	assert_int_equal(asked, before);
	assert_int_not_equal(queries, 0);
	backend_free(other);
	backend_free(b);
	dns_stop(&old);
	dns_stop(&ev);
	peer_stop(&p);
}

static void
localhost_needs_no_dns_and_all_its_addresses_are_tried(void **state)
{
	struct client	 c;
	struct peer	 p;
	struct backend	*b;
	char		 name[64];

	/* It listens on 127.0.0.1 only. */
	peer_start_tcp(&p, peer_echo);
	(void)snprintf(name, sizeof(name), "localhost%s",
	    strchr(p.where, ':'));
	b = backend_to(name);
	assert_true(client_ask(&c, b, "request\n", NOTHING));
	assert_string_equal(stream_peer(c.s), name);
	backend_free(b);
	peer_stop(&p);
}

static void
a_backend_can_go_while_its_streams_wait(void **state)
{
	struct client	 c[3] = { { .s = NULL } };
	struct event	 ev;
	struct peer	 p;
	struct backend	*b;
	int		 queries = 0, i;

	peer_start_tcp(&p, peer_mute);
	b = backend_dns("mute.example", p.where, &ev, &queries);
	for (i = 0; i < 3; i++)
		client_open(&c[i], b, "request\n", 5000);
	run_until(&queries);
	backend_free(b);
	dns_stop(&ev);
	for (i = 0; i < 3; i++)
		assert_int_equal(c[i].gones, 0);
	peer_stop(&p);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_name_is_looked_up_once_a_minute),
		cmocka_unit_test(names_without_an_answer_fail_over),
		cmocka_unit_test(resolv_conf_is_read_again_after_a_failure),
		cmocka_unit_test(localhost_needs_no_dns_and_all_its_addresses_are_tried),
		cmocka_unit_test(a_backend_can_go_while_its_streams_wait)
	};

	return cmocka_run_group_tests(tests, peer_setup, peer_teardown);
}
