/* SPDX-License-Identifier: ISC */
/*
 * See channel.h.  The hot path is channel_line() and channel_data(): while there
 * is room neither allocates, and a shared position is stored, and the guard
 * woken, once in 64 KB.
 */

#include <sys/types.h>

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "log.h"

/* Records that wait, until reading has to wait as well. */
#define OVER_MAX	(8 * 1024 * 1024)
/* The guard is woken after so many bytes, to write while we go on. */
#define WAKE_BYTES	(64 * 1024)

/* Goes in front of what waits. */
struct record {
	uint32_t	len;
	uint32_t	pays;		/* debt is to be entered */
	struct debt	debt;
};

int
channel_init(struct channel *ch, struct shared *sh, int wake)
{
	memset(ch, 0, sizeof(*ch));
	if ((ch->scratch = malloc(PROTO_LINE_MAX)) == NULL)
		return -1;
	ch->sh = sh;
	ch->wake = wake;
	channel_resume(ch);
	return 0;
}

void
channel_resume(struct channel *ch)
{
	ch->in_pos = ch->in_scanned = ch->in_end = ring_load(&ch->sh->in.tail);
	ch->out_pos = ch->out_woken = ring_load(&ch->sh->out.head);
	ch->out_limit = 0;
	ch->discarding = 0;
}

/* Something without end is no line: forget it up to its newline. */
static void
discard(struct channel *ch)
{
	if (!ch->discarding)
		log_peer("smtpd sent a line of more than %d bytes: dropped",
		    PROTO_LINE_MAX);
	ch->discarding = 1;
	ch->in_pos = ch->in_scanned;
}

const char *
channel_line(struct channel *ch, size_t *len)
{
	struct ring	*in = &ch->sh->in;
	uint64_t	 nl;

	for (;;) {
		nl = ring_find(in, ch->in_scanned, ch->in_end, '\n');
		if (nl == ch->in_end) {
			ch->in_scanned = nl;
			if (nl - ch->in_pos >= PROTO_LINE_MAX)
				discard(ch);
			if ((ch->in_end = ring_load(&in->head)) == nl)
				return NULL;
			continue;
		}
		ch->in_scanned = nl;
		if (nl - ch->in_pos >= PROTO_LINE_MAX)
			discard(ch);
		if (!ch->discarding)
			break;
		ch->discarding = 0;
		ch->in_pos = ch->in_scanned = nl + 1;
	}
	*len = ch->in_line = nl - ch->in_pos;
	return ring_view(in, ch->in_pos, *len, ch->scratch);
}

void
channel_consume(struct channel *ch)
{
	ch->in_pos += ch->in_line + 1;
	ch->in_scanned = ch->in_pos;
}

static int
has_room(struct channel *ch, size_t len)
{
	if (ch->out_pos + len <= ch->out_limit)
		return 1;
	ch->out_limit = ring_load(&ch->sh->out.tail) + RING_SIZE;
	return ch->out_pos + len <= ch->out_limit;
}

int
channel_fits(struct channel *ch, size_t len)
{
	return ch->over_len == 0 && has_room(ch, len);
}

int
channel_full(const struct channel *ch)
{
	return ch->over_len > OVER_MAX;
}

static void
put(struct channel *ch, const void *buf, size_t len)
{
	ring_put(&ch->sh->out, ch->out_pos, buf, len);
	ch->out_pos += len;
}

static void
wake_guard(struct channel *ch)
{
	uint32_t	 wants;

	ch->out_woken = ch->out_pos;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (ch->wake == -1 ||
	    (wants = __atomic_load_n(&ch->sh->guard_wants,
	    __ATOMIC_RELAXED)) == 0)
		return;
	if ((wants & WANT_BYTES && ring_used(&ch->sh->out) > 0) ||
	    (wants & WANT_ROOM && ring_used(&ch->sh->in) <= RING_SIZE / 2)) {
		__atomic_store_n(&ch->sh->guard_wants, 0, __ATOMIC_RELAXED);
		/* A full pipe wakes as well. */
		(void)!write(ch->wake, "", 1);
	}
}

/* Where it goes; NULL: nowhere. */
static struct debt *
slot_of(struct channel *ch, const struct debt *debt)
{
	struct ledger	*l = &ch->sh->ledger;

	if (debt == NULL)
		return NULL;
	return debt->owed == OWED_NOTHING ? ledger_find(l, debt->session) :
	    ledger_slot(l, debt->session);
}

static void
step(struct channel *ch, struct debt *slot, const struct debt *after)
{
	ledger_step(&ch->sh->ledger, slot, after, &ch->sh->in, ch->in_pos,
	    &ch->sh->out, ch->out_pos);
}

int
channel_owe(struct channel *ch, const struct debt *debt)
{
	struct debt	*slot = slot_of(ch, debt);

	if (slot == NULL && debt->owed != OWED_NOTHING)
		return -1;
	step(ch, slot, debt);
	return 0;
}

static void
over_append(struct channel *ch, const void *buf, size_t len)
{
	size_t	 need = ch->over_off + ch->over_len + len, size;
	char	*over;

	if (need > ch->over_size) {
		for (size = 65536; size < need; size *= 2)
			;
		if ((over = realloc(ch->over, size)) == NULL) {
			log_warn("answers that wait");
			_exit(71);
		}
		ch->over = over;
		ch->over_size = size;
	}
	memcpy(ch->over + ch->over_off + ch->over_len, buf, len);
	ch->over_len += len;
}

/* A message that ended while its last word waited owes nothing any more. */
static int
still_counts(struct channel *ch, const struct debt *after)
{
	struct debt	*d;

	if (after->owed == OWED_NOTHING)
		return 1;
	d = ledger_find(&ch->sh->ledger, after->session);
	return d != NULL && d->token == after->token;
}

/* Records first to last, as far as there is room. */
static void
over_drain(struct channel *ch)
{
	struct record	 r;
	char		*p;

	while (ch->over_len > 0) {
		p = ch->over + ch->over_off;
		memcpy(&r, p, sizeof(r));
		if (!has_room(ch, r.len))
			return;
		put(ch, p + sizeof(r), r.len);
		ch->over_off += sizeof(r) + r.len;
		ch->over_len -= sizeof(r) + r.len;
		if (r.pays && still_counts(ch, &r.debt))
			step(ch, slot_of(ch, &r.debt), &r.debt);
	}
	ch->over_off = 0;
	if (ch->over_size > RING_SIZE) {
		free(ch->over);
		ch->over = NULL;
		ch->over_size = 0;
	}
}

static void
over_begin(struct channel *ch, size_t len, const struct debt *after)
{
	struct record	 r;

	memset(&r, 0, sizeof(r));
	r.len = len;
	if (after != NULL) {
		r.pays = 1;
		r.debt = *after;
	}
	/* Once half of it is gone, close up; amortised, it is one copy. */
	if (ch->over_off > ch->over_len) {
		memmove(ch->over, ch->over + ch->over_off, ch->over_len);
		ch->over_off = 0;
	}
	over_append(ch, &r, sizeof(r));
}

void
channel_say(struct channel *ch, const char *line, size_t len,
    const struct debt *after)
{
	if (ch->over_len > 0 || !has_room(ch, len)) {
		over_begin(ch, len, after);
		over_append(ch, line, len);
		return;
	}
	put(ch, line, len);
	if (after != NULL)
		step(ch, slot_of(ch, after), after);
}

int
channel_data(struct channel *ch, const char prefix[PROTO_PREFIX],
    const char *line, size_t len)
{
	int	 dot = len > 0 && line[0] == '.', cut;
	size_t	 total;
	char	*p;

	/* RFC 5321, 4.5.2: smtpd takes one dot away. */
	if ((cut = len + dot > PROTO_PAYLOAD_MAX))
		len = PROTO_PAYLOAD_MAX - dot;
	total = PROTO_PREFIX + dot + len + 1;
	if (ch->over_len > 0 || !has_room(ch, total)) {
		over_begin(ch, total, NULL);
		over_append(ch, prefix, PROTO_PREFIX);
		over_append(ch, ".", dot);
		over_append(ch, line, len);
		over_append(ch, "\n", 1);
		return cut;
	}
	if ((p = ring_piece(&ch->sh->out, ch->out_pos, total)) != NULL) {
		memcpy(p, prefix, PROTO_PREFIX);
		p[PROTO_PREFIX] = '.';
		memcpy(p + PROTO_PREFIX + dot, line, len);
		p[total - 1] = '\n';
		ch->out_pos += total;
	} else {
		put(ch, prefix, PROTO_PREFIX);
		put(ch, ".", dot);
		put(ch, line, len);
		put(ch, "\n", 1);
	}
	if (ch->out_pos - ch->out_woken >= WAKE_BYTES) {
		step(ch, NULL, NULL);
		wake_guard(ch);
	}
	return cut;
}

void
channel_dot(struct channel *ch, const char prefix[PROTO_PREFIX],
    const struct debt *after)
{
	char	 line[PROTO_PREFIX + 2];

	memcpy(line, prefix, PROTO_PREFIX);
	memcpy(line + PROTO_PREFIX, ".\n", 2);
	channel_say(ch, line, sizeof(line), after);
}

void
channel_publish(struct channel *ch)
{
	int	 news;

	if (ch->over_len > 0)
		over_drain(ch);
	step(ch, NULL, NULL);
	news = ch->out_woken != ch->out_pos;
	wake_guard(ch);
	/* A guard that lingers may wait for this very processor. */
	if (news && ch->wake != -1)
		(void)sched_yield();
}
