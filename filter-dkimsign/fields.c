/* SPDX-License-Identifier: ISC */
/*
 * Which fields are signed.  Lists are the operator's, read once; a mistake in
 * one is told.  The fields are the client's, any number of them: each costs one
 * look into a hash table of the list's names, which the client can't fill.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "compat.h"
#include "fields.h"
#include "header.h"
#include "hfield.h"

#define SLOTS		1024		/* of the hash table, a power of two */
#define NAMES_MAX	(SLOTS / 4)	/* so that it stays sparse */

enum extra { EXTRA_NONE, EXTRA_IF_THERE, EXTRA_ALWAYS };

struct entry {
	char		 name[FIELDS_NAME + 1];
	enum extra	 extra;
};

struct fields {
	struct entry	 entries[NAMES_MAX];
	size_t		 n;
	uint16_t	 slots[SLOTS];	/* entry + 1, or 0 */
};

const char fields_default[] =
    "from:reply-to:subject:date:to:cc:"
    "resent-date:resent-from:resent-to:resent-cc:"
    "in-reply-to:references:"
    "list-id:list-help:list-unsubscribe:list-subscribe:list-post:list-owner:"
    "list-archive";

/*
 * Lists have to be able to add Sender and List-*, so there is no "/o" or "/x"
 * with these.
 */
const char fields_oversign[] =
    "from/o:subject/o:to/o:cc/o:reply-to/o:date/x:message-id/x:"
    "mime-version/x:content-type/x:content-transfer-encoding/x:"
    "in-reply-to/x:references/x:sender:"
    "list-id:list-help:list-unsubscribe:list-unsubscribe-post:"
    "list-subscribe:list-post:list-owner:list-archive:"
    "resent-date:resent-from:resent-sender:resent-to:resent-cc:"
    "resent-message-id:"
    "content-id:content-description:autocrypt:feedback-id";

/* Changed, added or taken away on the way: RFC 6376, 5.4.1.  '*': any more. */
static const char *const never[] = {
	"arc-*", "authentication-results", "bcc", "delivered-to",
	"dkim-signature", "domainkey-signature", "received", "resent-bcc",
	"return-path", "x-spam*",
};

/* smtpd adds them where they are missing. */
static const char *const added[] = { "date", "message-id" };

static char	why_text[192];

static const char *
why_not(const char *name, const char *text)
{
	(void)snprintf(why_text, sizeof(why_text), "%.*s: %s", FIELDS_NAME,
	    name, text);
	return why_text;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

int
fields_never(const char *name)
{
	size_t i, len;

	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		len = strcspn(never[i], "*");
		if (strncasecmp(name, never[i], len) == 0 &&
		    (never[i][len] == '*' || name[len] == '\0'))
			return 1;
	}
	return 0;
}

static int
is_added(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(added) / sizeof(added[0]); i++)
		if (strcmp(name, added[i]) == 0)
			return 1;
	return 0;
}

/* The slot of that name, or the free one where it would be.  FNV-1a. */
static size_t
slot_find(const struct fields *fs, const char *name, size_t len)
{
	const struct entry *e;
	uint32_t h = 2166136261U;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ (uint8_t)lower(name[i])) * 16777619U;
	for (i = h % SLOTS; fs->slots[i] != 0; i = (i + 1) % SLOTS) {
		e = &fs->entries[fs->slots[i] - 1];
		if (strncasecmp(e->name, name, len) == 0 &&
		    e->name[len] == '\0')
			break;
	}
	return i;
}

/* The entry of that name, or -1. */
static ssize_t
entry_find(const struct fields *fs, const char *name, size_t len)
{
	if (len == 0 || len > FIELDS_NAME)
		return -1;
	return (ssize_t)fs->slots[slot_find(fs, name, len)] - 1;
}

static void
slots_fill(struct fields *fs)
{
	size_t i;
	const char *name;

	memset(fs->slots, 0, sizeof(fs->slots));
	for (i = 0; i < fs->n; i++) {
		name = fs->entries[i].name;
		fs->slots[slot_find(fs, name, strlen(name))] =
		    (uint16_t)(i + 1);
	}
}

static void
entry_remove(struct fields *fs, size_t i)
{
	memmove(&fs->entries[i], &fs->entries[i + 1],
	    (fs->n - i - 1) * sizeof(fs->entries[0]));
	fs->n--;
	slots_fill(fs);
}

/* Adds one, or changes the one that is there; at the front or the end. */
static const char *
entry_set(struct fields *fs, const struct entry *new, int front)
{
	ssize_t i;

	if ((i = entry_find(fs, new->name, strlen(new->name))) != -1) {
		fs->entries[i].extra = new->extra;
		return NULL;
	}
	if (fs->n == NAMES_MAX)
		return why_not(new->name, "too many names");
	if (front)
		memmove(&fs->entries[1], &fs->entries[0],
		    fs->n * sizeof(fs->entries[0]));
	fs->entries[front ? 0 : fs->n] = *new;
	fs->n++;
	slots_fill(fs);
	return NULL;
}

/* "name" or "name/x"; NULL, or why it is none. */
static const char *
entry_parse(struct entry *e, const char *s, size_t len)
{
	const char *suffix;
	size_t i;

	e->extra = EXTRA_NONE;
	if ((suffix = memchr(s, '/', len)) != NULL) {
		if (suffix + 2 != s + len || strchr("oOxX", suffix[1]) == NULL)
			return why_not(s, "only /o and /x can follow a name");
		e->extra = lower(suffix[1]) == 'o' ? EXTRA_ALWAYS :
		    EXTRA_IF_THERE;
		len -= 2;
	}
	if (len > FIELDS_NAME)
		return why_not(s, "too long for a field's name");
	for (i = 0; i < len; i++)
		e->name[i] = lower(s[i]);
	e->name[len] = '\0';
	/* A ';' would end h=: RFC 6376, 3.2 */
	if (!header_name_ok(e->name, len) || strchr(e->name, ';') != NULL)
		return why_not(s, "not a field's name");
	return NULL;
}

static const char *
entry_allowed(const struct entry *e)
{
	if (fields_never(e->name))
		return why_not(e->name,
		    "can't be signed, it changes on the way");
	if (e->extra == EXTRA_ALWAYS && is_added(e->name))
		return why_not(e->name,
		    "smtpd adds it where it is missing: use /x, not /o");
	return NULL;
}

/* One word of a list: "name", "+name", "-name". */
static const char *
word_apply(struct fields *fs, const char *word)
{
	struct entry e;
	const char *why;
	ssize_t i;
	int remove = *word == '-';

	if (*word == '+' || *word == '-')
		word++;
	if ((why = entry_parse(&e, word, strlen(word))) != NULL)
		return why;
	if (!remove)
		return (why = entry_allowed(&e)) != NULL ? why :
		    entry_set(fs, &e, 0);
	if (strcmp(e.name, "from") == 0)	/* RFC 6376, 5.4 */
		return why_not("from", "has to be signed");
	if ((i = entry_find(fs, e.name, strlen(e.name))) != -1)
		entry_remove(fs, (size_t)i);
	return NULL;
}

/* All words of a list; "*" is allowed as the first, if there is a base. */
static const char *
list_apply(struct fields *fs, const char *list, const char *base)
{
	const char *why = NULL;
	char *copy, *rest, *word;
	int first = 1;

	if ((copy = rest = strdup(list)) == NULL)
		return "out of memory";
	while (why == NULL && (word = strsep(&rest, FIELDS_SEPARATORS)) != NULL) {
		if (*word == '\0')
			continue;
		if (strcmp(word, "*") != 0)
			why = word_apply(fs, word);
		else if (!first || base == NULL)
			why = why_not(word, "only as the first of a list");
		else
			why = list_apply(fs, base, NULL);
		first = 0;
	}
	free(copy);
	return why;
}

struct fields *
fields_new(const char *list, const char *base, const char **why)
{
	static const struct entry from = { "from", EXTRA_NONE };
	struct fields *fs;

	*why = "out of memory";
	if ((fs = calloc(1, sizeof(*fs))) == NULL)
		return NULL;
	*why = list_apply(fs, list, base);
	if (*why == NULL && fs->n == 0)
		*why = "no field's name in it";
	if (*why == NULL && entry_find(fs, "from", 4) == -1)
		*why = entry_set(fs, &from, 1);
	if (*why == NULL)
		return fs;
	free(fs);
	return NULL;
}

void
fields_free(struct fields *fs)
{
	free(fs);
}

const char *
fields_find(const struct fields *fs, const char *name, size_t len)
{
	ssize_t i = entry_find(fs, name, len);

	return i == -1 ? NULL : fs->entries[i].name;
}

/* The chains of fields, one an entry, the lowest field first. */
static size_t
chains_make(const struct fields *fs, const struct hfield *f, size_t n,
    ssize_t *next, ssize_t heads[NAMES_MAX])
{
	size_t i, total = 0;
	ssize_t e;

	for (i = 0; i < NAMES_MAX; i++)
		heads[i] = -1;
	for (i = 0; i < n; i++) {
		if ((e = entry_find(fs, f[i].raw, f[i].name_len)) == -1)
			continue;
		next[i] = heads[e];
		heads[e] = (ssize_t)i;
		total++;
	}
	return total;
}

/* RFC 6376, 5.4.2; what is not there counts as empty: 8.15 */
static size_t
chains_list(const struct fields *fs, const ssize_t *next,
    const ssize_t heads[NAMES_MAX], struct fields_pick *p)
{
	const struct entry *e;
	size_t i, k = 0;
	ssize_t at;

	for (i = 0; i < fs->n; i++) {
		e = &fs->entries[i];
		for (at = heads[i]; at != -1; at = next[at])
			p[k++] = (struct fields_pick){ e->name, at };
		if (e->extra == EXTRA_ALWAYS ||
		    (e->extra == EXTRA_IF_THERE && heads[i] != -1))
			p[k++] = (struct fields_pick){ e->name, -1 };
	}
	return k;
}

ssize_t
fields_pick(const struct fields *fs, const struct hfield *f, size_t n,
    struct fields_pick **out)
{
	ssize_t heads[NAMES_MAX], *next;
	size_t total;

	if ((next = reallocarray(NULL, n + 1, sizeof(*next))) == NULL)
		return -1;
	total = chains_make(fs, f, n, next, heads);
	*out = reallocarray(NULL, total + fs->n + 1, sizeof(**out));
	if (*out != NULL)
		total = chains_list(fs, next, heads, *out);
	free(next);
	return *out != NULL ? (ssize_t)total : -1;
}
