/* SPDX-License-Identifier: ISC */
/*
 * A milter's changes, against a slow and simple model of them.  Lines of the
 * input that begin with '!' are changes:
 *
 *	!h N V		add the field "N: V"; "\n" in V is written as "~"
 *	!iD N V		insert it at place D, "\r" as "^"
 *	!mD N V		change number D of that name; delete it, if there is no V
 *	!bV		append V to the new body
 *	!l, !sD		blanks as they come; field D is hidden
 *
 * All other lines are the message.
 */

#include <string.h>
#include <strings.h>

#include "filter.h"
#include "fuzz.h"
#include "log.h"
#include "message.h"
#include "message_engine.h"
#include "mods.h"
#include "spool.h"

#define CHANGES_MAX	200
#define ITEMS_MAX	4096

struct item {
	char	*name;		/* NULL: no field, or one that is hidden */
	char	*text;		/* whole; NULL: deleted */
};

static struct item	 items[ITEMS_MAX];
static size_t		 nitems;
static struct change	 changes[CHANGES_MAX];
static size_t		 nchanges;
static char		 body[1 << 16], want[1 << 18];
static size_t		 body_len, hidden;
static int		 leadspc, replaced;

size_t
filter_line_max(void)
{
	return SIZE_MAX;
}

void
log_peer(const char *fmt, ...)
{
}

void
log_warnx(const char *fmt, ...)
{
	FUZZ_CHECK(!"a change that is not fit");
}

const char *
log_safe(const char *s)
{
	return s;
}

static char *
keep(const char *p, size_t len)
{
	char	*s = malloc(len + 1);

	FUZZ_CHECK(s != NULL);
	memcpy(s, p, len);
	s[len] = '\0';
	return s;
}

static size_t
number(const char **p, const char *end)
{
	size_t	 n = 0;

	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++)
		n = (n * 10 + (size_t)(**p - '0')) % 10000;
	return n;
}

/* "N V" */
static void
change_parse(char command, const char *p, const char *end)
{
	struct change	*c = &changes[nchanges];
	const char	*blank;
	char		*v;

	if (nchanges == CHANGES_MAX)
		return;
	c->command = command;
	c->index = command == 'h' ? 0 : (uint32_t)number(&p, end);
	if (p == end || *p++ != ' ')
		return;
	if ((blank = memchr(p, ' ', (size_t)(end - p))) == NULL)
		blank = end;
	c->name = keep(p, (size_t)(blank - p));
	c->value = v = keep(blank + (blank < end),
	    (size_t)(end - blank) - (blank < end));
	for (; *v != '\0'; v++)
		*v = *v == '~' ? '\n' : *v == '^' ? '\r' : *v;
	nchanges++;
}

static void
line_parse(struct message *m, const char *p, const char *end)
{
	if (p == end || *p != '!' || p + 1 == end) {
		message_append(m, p, (size_t)(end - p));
		return;
	}
	switch (*++p) {
	case 'h':
	case 'i':
	case 'm':
		change_parse(*p, p + 1, end);
		break;
	case 'b':
		replaced = 1;
		p++;
		if ((size_t)(end - p) < sizeof(body) - body_len) {
			memcpy(body + body_len, p, (size_t)(end - p));
			body_len += (size_t)(end - p);
		}
		break;
	case 'l':
		leadspc = 1;
		break;
	case 's':
		p++;
		hidden = number(&p, end);
	}
}

/* ftext, RFC 5322, 3.6.8 */
static int
model_name_ok(const char *s)
{
	const char	*p;

	for (p = s; *p > 32 && *p < 127 && *p != ':'; p++)
		;
	return p > s && *p == '\0';
}

static int
is_blank(const char *p, size_t len)
{
	while (len > 0 && (*p == ' ' || *p == '\t')) {
		p++;
		len--;
	}
	return len == 0;
}

static void
put(char *text, size_t *n, const char *s, size_t len)
{
	memcpy(text + *n, s, len);
	*n += len;
	text[*n] = '\0';
}

/* "name:value\n", line by line. */
static char *
model_text(const char *name, const char *value)
{
	char		*copy = keep(value, strlen(value)), *out, *p = copy;
	const char	*v;
	size_t		 len, n = 0, first = 1;

	for (v = value; *v != '\0'; v++)
		if (*v != '\r' || v[1] != '\n')
			*p++ = *v == '\r' ? ' ' : *v;
	*p = '\0';
	out = malloc(strlen(name) + 2 * strlen(copy) + 8);
	FUZZ_CHECK(out != NULL);
	put(out, &n, name, strlen(name));
	put(out, &n, ": ", leadspc ? 1 : 2);
	for (p = copy; *p != '\0'; p += len + (p[len] != '\0')) {
		len = strcspn(p, "\n");
		if (!first && !is_blank(p, len))
			put(out, &n, "\n\t", *p == ' ' || *p == '\t' ? 1 : 2);
		if (first || !is_blank(p, len))
			put(out, &n, p, len);
		first = 0;
	}
	put(out, &n, "\n", 1);
	free(copy);
	return out;
}

static void
model_insert(size_t at, char *name, char *text)
{
	FUZZ_CHECK(nitems < ITEMS_MAX);
	if (at > nitems)
		at = nitems;
	memmove(items + at + 1, items + at, (nitems - at) * sizeof(*items));
	items[at].name = name;
	items[at].text = text;
	nitems++;
}

/* The name, and behind it the name as it is written, up to the ':'. */
static char *
model_names(const char *name, size_t len, size_t to_colon)
{
	char	*s = malloc(len + to_colon + 2);

	FUZZ_CHECK(s != NULL);
	memcpy(s, name, len);
	s[len] = '\0';
	memcpy(s + len + 1, name, to_colon);
	s[len + 1 + to_colon] = '\0';
	return s;
}

static void
model_change(const struct change *c)
{
	size_t	 i, n = c->index == 0 ? 1 : c->index;
	char	*name;

	for (i = 0; i < nitems; i++)
		if (items[i].name != NULL &&
		    strcasecmp(items[i].name, c->name) == 0 && --n == 0)
			break;
	if (i == nitems && *c->value == '\0')
		return;
	if (i == nitems) {
		model_insert(i, model_names(c->name, strlen(c->name),
		    strlen(c->name)), model_text(c->name, c->value));
		return;
	}
	/* What stands before the ':' stays. */
	name = items[i].name + strlen(items[i].name) + 1;
	free(items[i].text);
	items[i].text = *c->value == '\0' ? NULL : model_text(name, c->value);
}

static void
model_fields(struct message *m)
{
	const char	*name, *value;
	char		*text;
	size_t		 i, len, vlen, pre;

	for (i = 0; i < message_nfields(m); i++) {
		name = message_name(m, i, &len);
		value = message_value(m, i, &vlen);
		pre = (size_t)(value - name);
		text = malloc(pre + vlen + 2);
		FUZZ_CHECK(text != NULL);
		memcpy(text, name, pre + vlen);
		memcpy(text + pre + vlen, "\n", 2);
		model_insert(nitems, len == 0 || i == hidden ? NULL :
		    model_names(name, len, pre - 1), text);
	}
}

static void
model_run(struct message *m)
{
	const struct change	*c;
	char			*names;

	model_fields(m);
	for (c = changes; c < changes + nchanges; c++) {
		if (!model_name_ok(c->name))
			continue;
		if (c->command == 'm') {
			model_change(c);
			continue;
		}
		names = model_names(c->name, strlen(c->name),
		    strlen(c->name));
		model_insert(c->command == 'h' ? nitems : c->index, names,
		    model_text(c->name, c->value));
	}
}

/* The header as it should be; the body is fuzz-message's. */
static void
compare(struct message *m)
{
	const char	*p, *w = want;
	size_t		 i, len;

	want[0] = '\0';
	for (i = 0, len = 0; i < nitems; i++)
		if (items[i].text != NULL) {
			FUZZ_CHECK(len + strlen(items[i].text) < sizeof(want));
			put(want, &len, items[i].text, strlen(items[i].text));
		}
	for (; *w != '\0'; w += len + 1) {
		FUZZ_CHECK((p = message_next(m, 65485, &len)) != NULL);
		FUZZ_CHECK(memcmp(p, w, len) == 0 && w[len] == '\n');
	}
	FUZZ_CHECK((p = message_next(m, 65485, &len)) == NULL || len == 0);
	while (replaced && p != NULL)
		p = message_next(m, 65485, &len);
	FUZZ_CHECK(message_error(m) == NULL);
}

static void
clear(void)
{
	while (nitems > 0) {
		free(items[--nitems].name);
		free(items[nitems].text);
	}
	while (nchanges > 0) {
		free((char *)changes[--nchanges].name);
		free((char *)changes[nchanges].value);
	}
	body_len = 0;
	hidden = SIZE_MAX;
	leadspc = replaced = 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char	*p = (const char *)data, *end = p + size, *nl;
	struct change	 b = { .command = 'b', .body = body };
	struct message	*m;
	struct mods	*mods;
	size_t		 i;

	/* Lines with a NUL are no strings, which this model is made of. */
	if (size > 3000 || memchr(data, '\0', size) != NULL)
		return 0;
	clear();
	FUZZ_CHECK((m = message_new()) != NULL);
	for (; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		line_parse(m, p, nl);
	}
	model_run(m);
	FUZZ_CHECK((mods = mods_new(m, hidden, leadspc)) != NULL);
	for (i = 0; i < nchanges; i++)
		FUZZ_CHECK(mods_take(mods, &changes[i]) == 0);
	b.len = body_len;
	if (replaced)
		FUZZ_CHECK(mods_take(mods, &b) == 0);
	FUZZ_CHECK(mods_apply(mods) == 0);
	mods_free(mods);
	compare(m);
	FUZZ_CHECK(message_apply(m) == 0);
	compare(m);
	message_free(m);
	clear();
	FUZZ_CHECK(spool_memory() == 0);
	return 0;
}
