/* SPDX-License-Identifier: ISC */
/* A session, and the macros of it in plain text. */

#ifndef MACRO_RIG_H
#define MACRO_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"
#include "engine.h"
#include "macro.h"
#include "macro_value.h"
#include "milter_client.h"
#include "packet.h"

#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

static struct shared	 shared;
static struct rich	 rich;

static inline int
setup(void **state)
{
	memset(&shared, 0, sizeof(shared));
	shared.facts.version = 70800;
	memcpy(shared.facts.admd, "example.org", 12);
	engine.channel.sh = &shared;
	macro_daemon = macro_host = NULL;
	rich_begin(&rich);
	*state = &rich;
	return 0;
}

static inline int
teardown(void **state)
{
	struct rich	*r = *state;

	client_end(&r->c);
	return 0;
}

/* "D", the command, and "name value\n" for each; "" for no packet. */
static inline const char *
macros(const struct client *c, int stage, char command, const char *list)
{
	static char	 text[8192];
	struct bytes	 b = { 0 };
	struct packet	 p;
	const char	*name, *value;
	size_t		 n;

	text[0] = '\0';
	assert_int_equal(macro_packet(&b, c, stage, command, list), 0);
	if (b.len == 0) {
		assert_null(b.data);
		return text;
	}
	assert_int_equal(packet_frame(b.data + b.off, b.len), b.len);
	packet_open(b.data + b.off, b.len, &p);
	n = (size_t)snprintf(text, sizeof(text), "%c%c\n", p.command,
	    p.data[0]);
	p.data++, p.len--;
	while (p.len > 0) {
		assert_int_equal(packet_take_string(&p, &name), 0);
		assert_int_equal(packet_take_string(&p, &value), 0);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s %s\n",
		    name, value);
	}
	bytes_clear(&b);
	return text;
}

static inline const char *
ours(int stage, char command)
{
	return macros(&rich.c, stage, command, NULL);
}

#endif /* MACRO_RIG_H */
