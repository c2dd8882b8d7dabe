/* SPDX-License-Identifier: ISC */
/*
 * smtpd at the other end of a mapping that no guard has: what it says is put
 * into one ring, what it is told is taken out of the other.
 */

#ifndef WIRE_H
#define WIRE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"

/* "filter|0.7|1.000001|smtp-in|" PHASE "|" SESSION "|" TOKEN "|" ARG */
#define WIRE_REQUEST(phase, session, token, arg)			\
	"filter|0.7|1.000001|smtp-in|" phase "|00000000000000" session	\
	"|00000000000000" token "|" arg
#define WIRE_REPORT(event, session, arg)				\
	"report|0.7|1.000001|smtp-in|" event "|00000000000000" session arg
#define WIRE_CONNECT(session)						\
	WIRE_REPORT("link-connect", session,				\
	    "|mx.example|pass|192.0.2.1:4711|192.0.2.2:25")
#define WIRE_LINE(session, token, text)					\
	"filter-dataline|00000000000000" session "|00000000000000" token \
	"|" text "\n"
#define WIRE_RESULT(session, token, text)				\
	"filter-result|00000000000000" session "|00000000000000" token	\
	"|" text "\n"

/* Bytes as they are; newlines are the caller's. */
static inline void
wire_put(struct shared *sh, const char *buf, size_t len)
{
	assert_true(len <= RING_SIZE - ring_used(&sh->in));
	ring_put(&sh->in, sh->in.head, buf, len);
	ring_store(&sh->in.head, sh->in.head + len);
}

static inline void
wire_line(struct shared *sh, const char *line)
{
	wire_put(sh, line, strlen(line));
	wire_put(sh, "\n", 1);
}

/* All that was published, as a string that is valid until the next call. */
static inline const char *
wire_take(struct shared *sh)
{
	static char	 buf[RING_SIZE + 1];
	static char	 scratch[RING_SIZE];
	size_t		 n = ring_used(&sh->out);

	memcpy(buf, ring_view(&sh->out, sh->out.tail, n, scratch), n);
	buf[n] = '\0';
	ring_store(&sh->out.tail, sh->out.tail + n);
	return buf;
}

static inline unsigned int
wire_debts(const struct shared *sh)
{
	unsigned int	 i, n = 0;

	for (i = 0; i < LEDGER_SLOTS; i++)
		n += sh->ledger.debts[i].owed != OWED_NOTHING;
	return n;
}

/* As if smtpd had read nothing: room for so many bytes is left. */
static inline void
wire_leave_room(struct shared *sh, size_t room)
{
	ring_store(&sh->out.head, ring_load(&sh->out.tail) + RING_SIZE - room);
}

#endif /* WIRE_H */
