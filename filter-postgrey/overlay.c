/* SPDX-License-Identifier: ISC */
/*
 * Each change is in a chain of a hash, and in one of two queues unless it is
 * on its way.  Clients choose most keys, so the hash has a secret (SipHash).
 * Its size is fixed: with 64 MB of changes chains are 20 long.
 * Returns -1: out of memory; the change is forgotten then.
 */

#include <stdlib.h>
#include <string.h>

#include "overlay.h"

#define BUCKETS		16384
#define MALLOC_EXTRA	16		/* what an allocation costs besides */

/* Grey tuples are the ones that can be lost. */
enum queue { QUEUE_GREY, QUEUE_OTHER, QUEUE_MAX };

struct change {
	struct change	*chain;
	struct change	*next, *prev;	/* in its queue */
	struct store_row row;
	struct base	 base;
	size_t		 size;
	unsigned int	 serial;	/* counts changes */
	char		 deleted, by_hand;
	char		 queued, flying;
	enum queue	 queue;
	char		 key[];
};

struct overlay {
	struct change	*bucket[BUCKETS];
	struct change	*first[QUEUE_MAX], *last[QUEUE_MAX];
	size_t		 waiting, size, max, dropped;
	uint64_t	 seed[2];
};

#define ROTL(x, n)	((x) << (n) | (x) >> (64 - (n)))

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = ROTL(v[1], 13) ^ v[0];
	v[0] = ROTL(v[0], 32);
	v[2] += v[3];
	v[3] = ROTL(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = ROTL(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = ROTL(v[1], 17) ^ v[2];
	v[2] = ROTL(v[2], 32);
}

static void
sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

/* SipHash-1-3, in the machine's own byte order. */
static uint64_t
sip_hash(const uint64_t seed[2], const char *p, size_t len)
{
	uint64_t	 v[4] = {
		seed[0] ^ UINT64_C(0x736f6d6570736575),
		seed[1] ^ UINT64_C(0x646f72616e646f6d),
		seed[0] ^ UINT64_C(0x6c7967656e657261),
		seed[1] ^ UINT64_C(0x7465646279746573)
	};
	uint64_t	 word, total = (uint64_t)len << 56;

	for (; len >= 8; len -= 8, p += 8) {
		memcpy(&word, p, 8);
		sip_word(v, word);
	}
	word = 0;
	memcpy(&word, p, len);
	sip_word(v, word ^ total);
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static size_t
bucket_of(const struct overlay *o, enum store_kind kind, const char *key)
{
	return (sip_hash(o->seed, key, strlen(key)) + (uint64_t)kind) %
	    BUCKETS;
}

struct base
base_of(const struct store_row *row)
{
	struct base	 b = { .known = 1 };

	switch (row->kind) {
	case STORE_TUPLE:
		b.first = row->tuple.first;
		b.last = row->tuple.last;
		break;
	case STORE_CLIENT:
		b.first = row->client.first;
		b.last = row->client.last;
		b.white_until = row->client.white_until;
		b.trap_until = row->client.trap_until;
		break;
	case STORE_PARTNER:
		b.last = row->until;
	}
	return b;
}

struct overlay *
overlay_new(size_t max, const uint64_t seed[2])
{
	struct overlay	*o;

	if ((o = calloc(1, sizeof(*o))) == NULL)
		return NULL;
	o->max = max;
	o->seed[0] = seed[0];
	o->seed[1] = seed[1];
	return o;
}

void
overlay_free(struct overlay *o)
{
	struct change	*c, *chain;
	size_t		 i;

	if (o == NULL)
		return;
	for (i = 0; i < BUCKETS; i++)
		for (c = o->bucket[i]; c != NULL; c = chain) {
			chain = c->chain;
			free(c);
		}
	free(o);
}

static struct change *
find(const struct overlay *o, enum store_kind kind, const char *key)
{
	struct change	*c = o->bucket[bucket_of(o, kind, key)];

	while (c != NULL && (c->row.kind != kind || strcmp(c->key, key) != 0))
		c = c->chain;
	return c;
}

int
overlay_get(const struct overlay *o, enum store_kind kind, const char *key,
    struct store_row *row)
{
	const struct change	*c = find(o, kind, key);

	if (c == NULL)
		return 0;
	if (c->deleted)
		return -1;
	*row = c->row;
	row->key = key;
	return 1;
}

static void
queue_remove(struct overlay *o, struct change *c)
{
	if (!c->queued)
		return;
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		o->first[c->queue] = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	else
		o->last[c->queue] = c->prev;
	c->queued = 0;
	o->waiting--;
}

static enum queue
queue_for(const struct change *c)
{
	return c->row.kind == STORE_TUPLE && c->row.tuple.passed == 0 &&
	    !c->deleted && !c->by_hand ? QUEUE_GREY : QUEUE_OTHER;
}

/* After all others, or, as it was there before them, before them. */
static void
queue_add(struct overlay *o, struct change *c, int front)
{
	struct change	**near, **far;

	c->queue = queue_for(c);
	near = front ? &o->first[c->queue] : &o->last[c->queue];
	far = front ? &o->last[c->queue] : &o->first[c->queue];
	c->next = front ? *near : NULL;
	c->prev = front ? NULL : *near;
	if (*near == NULL)
		*far = c;
	else if (front)
		(*near)->prev = c;
	else
		(*near)->next = c;
	*near = c;
	c->queued = 1;
	o->waiting++;
}

static void
change_free(struct overlay *o, struct change *c)
{
	struct change	**p = &o->bucket[bucket_of(o, c->row.kind, c->key)];

	queue_remove(o, c);
	while (*p != c)
		p = &(*p)->chain;
	*p = c->chain;
	o->size -= c->size;
	free(c);
}

/*
 * The oldest one that is not on its way: of these there is a batch at most.
 * Returns -1 if there is none.
 */
static int
drop_oldest(struct overlay *o)
{
	struct change	*c;
	int		 q;

	for (q = 0; q < QUEUE_MAX; q++)
		for (c = o->first[q]; c != NULL; c = c->next)
			if (!c->flying) {
				change_free(o, c);
				o->dropped++;
				return 0;
			}
	return -1;
}

static struct change *
change_new(struct overlay *o, const struct store_row *row,
    const struct base *base)
{
	struct change	*c, **p;
	size_t		 len = strlen(row->key) + 1;
	size_t		 size = sizeof(*c) + len + MALLOC_EXTRA;

	while (o->size + size > o->max)
		if (drop_oldest(o) == -1)
			return NULL;
	if ((c = calloc(1, sizeof(*c) + len)) == NULL)
		return NULL;
	memcpy(c->key, row->key, len);
	c->size = size;
	o->size += size;
	if (base != NULL)
		c->base = *base;
	p = &o->bucket[bucket_of(o, row->kind, row->key)];
	c->chain = *p;
	*p = c;
	return c;
}

int
overlay_put(struct overlay *o, const struct store_row *row,
    const struct base *base, int deleted, int by_hand)
{
	struct change	*c;

	if ((c = find(o, row->kind, row->key)) == NULL &&
	    (c = change_new(o, row, base)) == NULL) {
		o->dropped++;
		return -1;
	}
	queue_remove(o, c);
	c->row = *row;
	c->row.key = c->key;
	c->deleted = deleted != 0;
	c->by_hand |= by_hand != 0;
	c->serial++;
	queue_add(o, c, 0);
	return 0;
}

size_t
overlay_take(struct overlay *o, struct flight *f, size_t n)
{
	struct change	*c;
	size_t		 i;

	for (i = 0; i < n; i++, f++) {
		if ((c = o->first[QUEUE_OTHER]) == NULL &&
		    (c = o->first[QUEUE_GREY]) == NULL)
			break;
		f->change = c;
		f->row = c->row;
		f->base = c->base;
		f->deleted = c->deleted;
		f->by_hand = c->by_hand;
		f->serial = c->serial;
		f->lost = 0;
		queue_remove(o, c);
		c->by_hand = 0;
		c->flying = 1;
	}
	return i;
}

static void
land_written(struct overlay *o, const struct flight *f)
{
	struct change	*c = f->change;

	/* Somebody else wrote to the file: it is right, unless told so. */
	if (c->serial == f->serial || (f->lost && !c->by_hand)) {
		change_free(o, c);
		return;
	}
	memset(&c->base, 0, sizeof(c->base));
	if (!f->deleted)
		c->base = base_of(&f->row);
}

static void
land_failed(struct overlay *o, const struct flight *f)
{
	struct change	*c = f->change;

	c->by_hand |= f->by_hand != 0;
	queue_remove(o, c);
	queue_add(o, c, c->serial == f->serial);
}

void
overlay_land(struct overlay *o, const struct flight *f, size_t n, int written)
{
	while (n-- > 0) {
		f[n].change->flying = 0;
		if (written)
			land_written(o, &f[n]);
		else
			land_failed(o, &f[n]);
	}
}

void
overlay_rebase(struct overlay *o)
{
	struct change	*c;
	size_t		 i;

	for (i = 0; i < BUCKETS; i++)
		for (c = o->bucket[i]; c != NULL; c = c->chain)
			memset(&c->base, 0, sizeof(c->base));
}

size_t
overlay_waiting(const struct overlay *o)
{
	return o->waiting;
}

size_t
overlay_dropped(struct overlay *o)
{
	size_t	 n = o->dropped;

	o->dropped = 0;
	return n;
}
