/* SPDX-License-Identifier: ISC */
/*
 * See shared_text.h.  Words may hold any bytes but NUL: their length goes
 * before them.  Fails by -1 if memory is out.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared_config.h"
#include "shared_reply.h"
#include "shared_text.h"

static int
number_add(struct bytes *b, char mark, size_t n)
{
	char	 text[32];
	int	 len = snprintf(text, sizeof(text), "%c%zu\r\n", mark, n);

	return bytes_add(b, text, (size_t)len);
}

static int
word_add(struct bytes *b, const char *word, size_t len)
{
	if (number_add(b, '$', len) == -1 || bytes_add(b, word, len) == -1)
		return -1;
	return bytes_add(b, "\r\n", 2);
}

int
shared_text_words(struct bytes *b, const char *const words[], size_t n)
{
	size_t	 i;

	if (number_add(b, '*', n) == -1)
		return -1;
	for (i = 0; i < n; i++)
		if (word_add(b, words[i], strlen(words[i])) == -1)
			return -1;
	return 0;
}

static const char	 kinds[][3] = {
	[STORE_TUPLE] = "t:",
	[STORE_CLIENT] = "c:",
	[STORE_PARTNER] = "p:"
};

const char *
shared_text_kind(enum store_kind kind)
{
	static char	 text[SHARED_PREFIX + sizeof(kinds[0])];

	(void)snprintf(text, sizeof(text), "%s%s", shared_config.prefix,
	    kinds[kind]);
	return text;
}

int
shared_text_key(struct bytes *b, enum store_kind kind, const char *key)
{
	const char	*begin = shared_text_kind(kind);
	size_t		 before = strlen(begin), len = strlen(key);

	if (number_add(b, '$', before + len) == -1 ||
	    bytes_add(b, begin, before) == -1 || bytes_add(b, key, len) == -1)
		return -1;
	return bytes_add(b, "\r\n", 2);
}

static int
text_word(struct shared_text *t, const char *word)
{
	t->words++;
	return word_add(&t->tail, word, strlen(word));
}

static int
text_number(struct shared_text *t, int64_t n)
{
	char	 text[32];

	(void)snprintf(text, sizeof(text), "%" PRId64, n);
	return text_word(t, text);
}

static int
text_key(struct shared_text *t, enum store_kind kind, const char *key)
{
	t->words++;
	return shared_text_key(&t->tail, kind, key);
}

static void
text_begin(struct shared_text *t, enum shared_script script)
{
	t->script = script;
	t->words = 0;
	bytes_clear(&t->tail);
}

/* The server's clock, unless a test has its own. */
static int
text_now(struct shared_text *t, int64_t now)
{
	return shared_config.clock_given ? text_number(t, now) :
	    text_word(t, "");
}

int
shared_text_decide(struct shared_text *t, const struct store_query *q,
    const struct grey_rules *r)
{
	const char	*sender = q->sender != NULL ? q->sender : "";
	const char	*domain = strrchr(sender, '@');

	text_begin(t, SCRIPT_DECIDE);
	if (text_number(t, 4) == -1 ||
	    text_key(t, STORE_TUPLE, q->tuple) == -1 ||
	    text_key(t, STORE_CLIENT, q->client) == -1 ||
	    text_key(t, STORE_PARTNER, sender) == -1 ||
	    text_key(t, STORE_PARTNER, domain != NULL ? domain : "") == -1 ||
	    text_now(t, q->now) == -1 ||
	    text_number(t, r->delay) == -1 ||
	    text_number(t, r->retry_window) == -1 ||
	    text_number(t, r->max_age) == -1 ||
	    text_number(t, r->awl_count) == -1 ||
	    text_number(t, r->awl_gap) == -1 ||
	    text_number(t, r->pass_client != 0) == -1)
		return -1;
	return text_number(t, q->bait != 0);
}

int
shared_text_put(struct shared_text *t, const struct store_row *row,
    const struct grey_rules *r, int whole)
{
	const struct shared_field	*f;
	const char			 kind[2] = { kinds[row->kind][0], '\0' };
	int64_t				 n;

	text_begin(t, SCRIPT_PUT);
	if (text_number(t, 1) == -1 ||
	    text_key(t, row->kind, row->key) == -1 || text_now(t, 0) == -1 ||
	    text_number(t, r->retry_window) == -1 ||
	    text_number(t, r->max_age) == -1 || text_word(t, kind) == -1 ||
	    text_number(t, whole) == -1)
		return -1;
	for (f = shared_fields(row->kind); f->name != NULL; f++) {
		memcpy(&n, (const char *)row + f->offset, sizeof(n));
		if (text_word(t, f->name) == -1 || text_number(t, n) == -1)
			return -1;
	}
	return 0;
}

int
shared_text_command(const struct shared_text *t, int full, struct bytes *b)
{
	const struct script	*s = script_get(t->script);

	if (number_add(b, '*', t->words + 2) == -1 ||
	    (full ? word_add(b, "EVAL", 4) : word_add(b, "EVALSHA", 7)) == -1 ||
	    (full ? word_add(b, s->text, s->len) :
	    word_add(b, s->sha1, sizeof(s->sha1) - 1)) == -1)
		return -1;
	return bytes_add(b, t->tail.data + t->tail.off, t->tail.len);
}
