/* SPDX-License-Identifier: ISC */
/*
 * What policy servers are told, byte for byte.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policyd.h"

#define X64	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X256	X64 X64 X64 X64
#define X512	X256 X256

static char	 rdns[] = "mail.example.net", helo[] = "mx.example.net";
static char	 user[] = "joe", tls[] = "TLSv1.3:TLS_AES_256_GCM_SHA384:256";

static void
session_make(struct session *s, const char *src, const char *dst)
{
	memset(s, 0, sizeof(*s));
	s->id = 0x1122334455667788;
	(void)addr_parse(&s->src, src);
	(void)addr_parse(&s->dst, dst);
	s->fcrdns = FCRDNS_PASS;
	s->rdns = rdns;
	s->helo = helo;
}

static const char *
request_text(const struct policyd_request *rq)
{
	static char	 buf[POLICYD_REQUEST_MAX + 1];
	size_t		 len;

	len = policyd_request(rq, buf, POLICYD_REQUEST_MAX);
	assert_in_range(len, 1, POLICYD_REQUEST_MAX);
	buf[len] = '\0';
	return buf;
}

/* Is the line there? */
static void
has(const struct policyd_request *rq, const char *line)
{
	const char	*text = request_text(rq), *p = text;
	size_t		 len = strlen(line);

	for (; (p = strstr(p, line)) != NULL; p += len)
		if ((p == text || p[-1] == '\n') && p[len] == '\n')
			return;
	fail_msg("no line \"%s\" in\n%s", line, text);
}

static void
a_request_has_all_attributes(void **state)
{
	struct tx		 tx = { .id = 0x0badcafe };
	struct session		 s;
	struct policyd_request	 rq = {
		.session = &s, .state = "RCPT", .sender = "a@example.net",
		.recipient = "b@example.org", .esmtp = 1,
		.context = "port 25"
	};

	session_make(&s, "192.0.2.10:4711", "198.51.100.1:25");
	s.tx = &tx;
	s.user = user;
	s.tls = tls;
	assert_string_equal(request_text(&rq),
	    "request=smtpd_access_policy\n"
	    "protocol_state=RCPT\n"
	    "protocol_name=ESMTP\n"
	    "client_address=192.0.2.10\n"
	    "client_name=mail.example.net\n"
	    "client_port=4711\n"
	    "reverse_client_name=mail.example.net\n"
	    "server_address=198.51.100.1\n"
	    "server_port=25\n"
	    "helo_name=mx.example.net\n"
	    "sender=a@example.net\n"
	    "recipient=b@example.org\n"
	    "recipient_count=0\n"
	    "queue_id=0badcafe\n"
	    "instance=1122334455667788.0badcafe\n"
	    "size=0\n"
	    "stress=\n"
	    "sasl_method=\n"
	    "sasl_username=joe\n"
	    "sasl_sender=\n"
	    "ccert_subject=\n"
	    "ccert_issuer=\n"
	    "ccert_fingerprint=\n"
	    "ccert_pubkey_fingerprint=\n"
	    "encryption_protocol=TLSv1.3\n"
	    "encryption_cipher=TLS_AES_256_GCM_SHA384\n"
	    "encryption_keysize=256\n"
	    "policy_context=port 25\n"
	    "\n");
}

static void
before_anything_is_known(void **state)
{
	struct session		 s;
	struct policyd_request	 rq = { .session = &s, .state = "CONNECT" };

	session_make(&s, "192.0.2.10:4711", "0.0.0.0:25");
	s.helo = s.rdns = NULL;
	s.fcrdns = FCRDNS_FAIL;
	has(&rq, "protocol_state=CONNECT");
	has(&rq, "protocol_name=SMTP");
	has(&rq, "client_name=unknown");
	has(&rq, "reverse_client_name=unknown");
	has(&rq, "server_address=");
	has(&rq, "server_port=25");
	has(&rq, "helo_name=");
	has(&rq, "sender=");
	has(&rq, "recipient=");
	has(&rq, "queue_id=");
	has(&rq, "instance=1122334455667788.00000000");
	has(&rq, "sasl_username=");
	has(&rq, "encryption_protocol=");
	has(&rq, "encryption_cipher=");
	has(&rq, "encryption_keysize=");
	has(&rq, "policy_context=");
	assert_null(strstr(request_text(&rq), "etrn_domain"));
}

static void
what_is_said_of_the_mail(void **state)
{
	struct session		 s;
	struct policyd_request	 rq = {
		.session = &s, .state = "END-OF-MESSAGE", .nrcpt = 3,
		.size = 4294967296, .stress = 1, .helo = "open.example.net"
	};

	session_make(&s, "192.0.2.10", "198.51.100.1:25");
	s.fcrdns = FCRDNS_ERROR;
	has(&rq, "helo_name=open.example.net");
	has(&rq, "client_name=unknown");
	has(&rq, "reverse_client_name=mail.example.net");
	has(&rq, "recipient_count=3");
	has(&rq, "size=4294967296");
	has(&rq, "stress=yes");
}

/* postgrey dies of what it can't parse here. */
static const struct {
	const char	*src;
	const char	*line;		/* NULL: is not asked about */
} addresses[] = {
	{ "192.0.2.1:25", "client_address=192.0.2.1" },
	{ "[2001:DB8:0:0:1:0:0:1]:25", "client_address=2001:db8::1:0:0:1" },
	{ "IPv6:2001:db8::1", "client_address=2001:db8::1" },
	{ "[::ffff:192.0.2.1]:25", "client_address=192.0.2.1" },
	{ "fe80::1%eth0", "client_address=fe80::1" },
	{ "[::1]:25", "client_address=::1" },
	{ "local", NULL },
	{ "unknown", NULL },
	{ "", NULL },
	{ "unix:/run/smtpd.sock", NULL },
	{ "999.1.1.1", NULL },
};

static void
an_address_is_one_or_not_sent(void **state)
{
	char			 buf[POLICYD_REQUEST_MAX];
	struct session		 s;
	struct policyd_request	 rq = { .session = &s, .state = "RCPT" };
	size_t			 i;

	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		session_make(&s, addresses[i].src, "192.0.2.9:25");
		if (addresses[i].line != NULL)
			has(&rq, addresses[i].line);
		else
			assert_int_equal(policyd_request(&rq, buf,
			    sizeof(buf)), 0);
	}
	session_make(&s, "192.0.2.1:25", "192.0.2.9:25");
	s.local = 1;
	assert_int_equal(policyd_request(&rq, buf, sizeof(buf)), 0);
}

static void
no_value_ends_its_line(void **state)
{
	struct session		 s;
	struct policyd_request	 rq = {
		.session = &s, .state = "RCPT",
		.sender = "a\naction=OK\r\n\n\001\177\200b=c",
		.recipient = X512 "y"
	};

	session_make(&s, "192.0.2.1:25", "192.0.2.9:25");
	has(&rq, "sender=a?action=OK??????b=c");
}

static void
values_are_cut(void **state)
{
	static char		 longest[4 * 512 + 1];
	struct session		 s;
	struct policyd_request	 rq = {
		.session = &s, .state = longest, .sender = longest,
		.recipient = longest, .context = longest, .helo = longest,
		.nrcpt = SIZE_MAX, .size = SIZE_MAX
	};
	char			 buf[POLICYD_REQUEST_MAX];
	size_t			 len;

	memset(longest, 'x', sizeof(longest) - 1);
	session_make(&s, "192.0.2.1:25", "192.0.2.9:25");
	s.rdns = s.user = longest;
	has(&rq, "recipient=" X512);
	longest[512] = longest[1025] = ':';
	s.tls = longest;
	len = policyd_request(&rq, buf, sizeof(buf));
	assert_in_range(len, 11 * 512, sizeof(buf));
	/* One byte less is too few, and nothing is written behind it. */
	buf[len - 1] = '!';
	assert_int_equal(policyd_request(&rq, buf, len - 1), 0);
	assert_int_equal(buf[len - 1], '!');
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_request_has_all_attributes),
		cmocka_unit_test(before_anything_is_known),
		cmocka_unit_test(what_is_said_of_the_mail),
		cmocka_unit_test(an_address_is_one_or_not_sent),
		cmocka_unit_test(no_value_ends_its_line),
		cmocka_unit_test(values_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
