/* SPDX-License-Identifier: ISC */
/*
 * What a milter sends: where a packet ends depends on its length only; what is
 * understood of it makes the same packet again, lies within bounds, and can be
 * said to a client.  And what milters are sent, whatever a client said: packets
 * that are whole, with as many strings in them as there should be.
 */

#include <string.h>

#include "bytes.h"
#include "client.h"
#include "command.h"
#include "engine.h"
#include "fuzz.h"
#include "macro.h"
#include "packet.h"
#include "reply.h"
#include "terms.h"

static const char *
begin(const struct bytes *b)
{
	return b->data + b->off;
}

/* One packet is in b: opened; how many strings are in it. */
static size_t
strings(const struct bytes *b, struct packet *p)
{
	struct packet	 rest;
	const char	*s;
	size_t		 n = 0;

	FUZZ_CHECK(packet_frame(begin(b), b->len) == b->len);
	packet_open(begin(b), b->len, p);
	FUZZ_CHECK(p->len <= PACKET_DATA_MAX);
	for (rest = *p; rest.len > 0; n++)
		FUZZ_CHECK(packet_take_string(&rest, &s) == 0);
	return n;
}

static void
check_change(const struct packet *p)
{
	struct bytes	 b = { 0 };
	struct change	 c;
	ssize_t		 at;

	if (packet_change(p, &c) != 1 || c.command == SMFIR_REPLBODY)
		return;
	at = packet_begin(&b, c.command);
	FUZZ_CHECK(at == 0);
	if (c.command == SMFIR_INSHEADER || c.command == SMFIR_CHGHEADER)
		FUZZ_CHECK(packet_add_uint32(&b, c.index) == 0);
	FUZZ_CHECK(packet_add_string(&b, c.name, strlen(c.name)) == 0);
	if (b.len - 5 < p->len)
		FUZZ_CHECK(packet_add_string(&b, c.value,
		    strlen(c.value)) == 0);
	packet_end(&b, at);
	FUZZ_CHECK(b.len - 5 == p->len);
	FUZZ_CHECK(memcmp(begin(&b) + 5, p->data, p->len) == 0);
	bytes_clear(&b);
}

static void
check_terms(const struct packet *p, uint32_t version)
{
	struct bytes	 b = { 0 }, again = { 0 };
	struct terms	 offer, t, u;
	struct packet	 q;

	terms_offer(&offer, version);
	if (terms_take(&t, p, &offer) != NULL)
		return;
	FUZZ_CHECK(t.version >= 2 && t.version <= version);
	FUZZ_CHECK((t.protocol & ~offer.protocol) == 0);
	FUZZ_CHECK((t.actions & ~offer.actions) == 0);
	FUZZ_CHECK(terms_put(&b, &t) == 0);
	packet_open(begin(&b), b.len, &q);
	FUZZ_CHECK(terms_take(&u, &q, &offer) == NULL);
	FUZZ_CHECK(terms_put(&again, &u) == 0);
	FUZZ_CHECK(b.len == again.len);
	FUZZ_CHECK(memcmp(begin(&b), begin(&again), b.len) == 0);
	bytes_clear(&b);
	bytes_clear(&again);
	terms_free(&t);
	terms_free(&u);
}

static void
check_reply(const struct packet *p)
{
	struct reply	 r;
	const char	*text;

	if (reply_take(&r, p->data, p->len) == -1)
		return;
	FUZZ_CHECK(r.code >= 400 && r.code <= 599);
	FUZZ_CHECK(memchr(r.text, '\0', sizeof(r.text)) != NULL);
	FUZZ_CHECK(r.text[0] != '\0' && r.text[0] != ' ');
	for (text = r.text; *text != '\0'; text++)
		FUZZ_CHECK(*text >= ' ' && *text <= '~');
}

/* The milter's side of the stream, as far as it is one. */
static void
check_stream(const char *data, size_t size)
{
	struct packet	 p;
	size_t		 i, n;

	for (; (n = packet_frame(data, size)) != SIZE_MAX && n != 0 &&
	    n <= size; data += n, size -= n) {
		for (i = 0; i < 4; i++)
			FUZZ_CHECK(packet_frame(data, i) == 0);
		for (; i < n; i += n / 8 + 1)
			FUZZ_CHECK(packet_frame(data, i) == n);
		packet_open(data, n, &p);
		check_change(&p);
		check_terms(&p, 6);
		check_terms(&p, 2);
		check_reply(&p);
	}
}

static void
check_macros(const struct client *c, int stage, const char *list)
{
	struct bytes	 b = { 0 };
	struct packet	 p;

	FUZZ_CHECK(macro_packet(&b, c, stage, 'X', list) == 0);
	if (b.len > 0) {
		FUZZ_CHECK(strings(&b, &p) % 2 == 0);
		FUZZ_CHECK(p.command == SMFIC_MACRO && p.data[0] == 'X');
	}
	bytes_clear(&b);
}

static void
check_client(char *line)
{
	struct session	 s = { .rdns = line, .helo = line, .tls = line };
	struct client	 c = { .s = &s };
	struct bytes	 b = { 0 };
	struct packet	 p;
	int		 stage;

	client_begin(&c, &s);
	client_command(&c, line);
	s.user = line;
	client_mail(&c, line, 0);
	client_rcpt(&c, line, 0);
	client_greeting(&c, line);
	FUZZ_CHECK(command_mail(&b, &c) == 0);
	FUZZ_CHECK(strings(&b, &p) >= 1 && p.command == SMFIC_MAIL);
	bytes_clear(&b);
	FUZZ_CHECK(command_connect(&b, &c) == 0);
	bytes_clear(&b);
	for (stage = 0; stage < TERMS_STAGES; stage++)
		check_macros(&c, stage, NULL);
	check_macros(&c, SMFIM_EOM, line);
	client_end(&c);
}

static void
check_field(const char *data, size_t size)
{
	struct bytes	 b = { 0 };
	struct packet	 p;

	FUZZ_CHECK(command_header(&b, "X", 1, data, size, size % 2) == 0);
	FUZZ_CHECK(strings(&b, &p) == 2 && p.command == SMFIC_HEADER);
	bytes_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct shared	 shared;
	const char		*text = (const char *)data;
	char			*line;

	engine.channel.sh = &shared;
	if (size > 8192)
		return 0;
	check_stream(text, size);
	FUZZ_CHECK((line = strndup(text, size)) != NULL);
	check_client(line);
	free(line);
	check_field(text, size);
	return 0;
}
