/* SPDX-License-Identifier: ISC */
/*
 * One array holds it all: clients are in a hash chain each, and in a ring in
 * the order of their last mail, by number.  As a mail is also what renews a
 * client, that order is the one in which they expire.
 *
 * Exits: out of memory, in good_new() only.
 */

#include <sys/socket.h>

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "good.h"
#include "log.h"

#define KEY_LEN	9		/* a family and a /64, or a v4 address */

struct good_client {
	uint8_t		 key[KEY_LEN];
	unsigned int	 count;
	int64_t		 last;
	uint32_t	 chain;		/* next of the same hash, 0: none */
	uint32_t	 older, newer;
};

/* Client 0 is none of them: it is where the ring begins and ends. */
struct good {
	struct good_client	*client;
	uint32_t	*hash;		/* mask + 1 heads of chains */
	uint32_t	 mask;
	uint32_t	 seed;
	uint32_t	 used;		/* clients 1 to used were in use */
	uint32_t	 unused;	/* chain of those that are no longer */
	size_t		 n, max;
	int64_t		 ttl;
};

struct good *
good_new(size_t max, int64_t ttl, uint32_t seed)
{
	struct good	*g;
	size_t		 size;

	assert(max > 0 && max < INT_MAX);
	for (size = 16; size < max; size *= 2)
		;
	if ((g = calloc(1, sizeof(*g))) == NULL ||
	    (g->client = calloc(max + 1, sizeof(*g->client))) == NULL ||
	    (g->hash = calloc(size, sizeof(*g->hash))) == NULL)
		fatal("good clients");
	g->mask = size - 1;
	g->seed = seed;
	g->max = max;
	g->ttl = ttl;
	return g;
}

void
good_free(struct good *g)
{
	if (g == NULL)
		return;
	free(g->client);
	free(g->hash);
	free(g);
}

size_t
good_size(const struct good *g)
{
	return g->n;
}

static void
key_make(uint8_t key[KEY_LEN], const struct addr *a)
{
	memset(key, 0, KEY_LEN);
	key[0] = a->family;
	memcpy(key + 1, a->ip, a->family == AF_INET ? 4 : 8);
}

/*
 * FNV-1a from a seed, then mixed.  Who finds collisions all the same makes a
 * look-up cost a walk through the table, and for that had to get as many
 * mails accepted as the table has places.
 */
static uint32_t *
key_hash(const struct good *g, const uint8_t key[KEY_LEN])
{
	uint32_t	 h = 2166136261U ^ g->seed;
	size_t		 i;

	for (i = 0; i < KEY_LEN; i++)
		h = (h ^ key[i]) * 16777619U;
	h ^= h >> 15;
	h *= 2246822519U ^ (g->seed & ~1U);
	h ^= h >> 13;
	return &g->hash[h & g->mask];
}

static uint32_t
client_find(const struct good *g, const uint8_t key[KEY_LEN])
{
	uint32_t	 i;

	for (i = *key_hash(g, key); i != 0; i = g->client[i].chain) {
		if (memcmp(g->client[i].key, key, KEY_LEN) == 0)
			return i;
	}
	return 0;
}

static void
ring_remove(struct good *g, uint32_t i)
{
	struct good_client	*c = &g->client[i];

	g->client[c->older].newer = c->newer;
	g->client[c->newer].older = c->older;
}

/* client[0].older is the newest of all. */
static void
ring_insert(struct good *g, uint32_t i)
{
	struct good_client	*c = &g->client[i];

	c->newer = 0;
	c->older = g->client[0].older;
	g->client[c->older].newer = i;
	g->client[0].older = i;
}

static void
client_remove(struct good *g, uint32_t i)
{
	uint32_t	*p;

	for (p = key_hash(g, g->client[i].key); *p != i;
	    p = &g->client[*p].chain)
		assert(*p != 0);
	*p = g->client[i].chain;
	ring_remove(g, i);
	g->client[i].chain = g->unused;
	g->unused = i;
	g->n--;
}

static uint32_t
client_add(struct good *g, const uint8_t key[KEY_LEN])
{
	uint32_t	*head, i;

	if (g->n == g->max)
		client_remove(g, g->client[0].newer);
	if ((i = g->unused) != 0)
		g->unused = g->client[i].chain;
	else
		i = ++g->used;
	memcpy(g->client[i].key, key, KEY_LEN);
	g->client[i].count = 0;
	head = key_hash(g, key);
	g->client[i].chain = *head;
	*head = i;
	ring_insert(g, i);
	g->n++;
	return i;
}

static int
client_expired(const struct good *g, uint32_t i, int64_t now)
{
	return now - g->client[i].last >= g->ttl;
}

void
good_commit(struct good *g, const struct addr *a, int64_t now)
{
	struct good_client	*c;
	uint8_t		 key[KEY_LEN];
	uint32_t	 i;

	while (g->n > 0 && client_expired(g, g->client[0].newer, now))
		client_remove(g, g->client[0].newer);

	key_make(key, a);
	if ((i = client_find(g, key)) == 0)
		i = client_add(g, key);
	else {
		ring_remove(g, i);
		ring_insert(g, i);
	}
	c = &g->client[i];
	c->last = now;
	if (c->count < UINT_MAX)
		c->count++;
}

unsigned int
good_count(const struct good *g, const struct addr *a, int64_t now)
{
	uint8_t		 key[KEY_LEN];
	uint32_t	 i;

	key_make(key, a);
	i = client_find(g, key);
	if (i == 0 || client_expired(g, i, now))
		return 0;
	return g->client[i].count;
}

void
good_forget(struct good *g, const struct addr *a)
{
	uint8_t		 key[KEY_LEN];
	uint32_t	 i;

	key_make(key, a);
	if ((i = client_find(g, key)) != 0)
		client_remove(g, i);
}
