/* SPDX-License-Identifier: ISC */
/*
 * From a message's header to an array of fields.  smtpd does three things to
 * a header that went through a filter: before 7.4 it cuts long lines, it
 * completes addresses, and it drops Bcc.  A signature has to be made of what
 * is left.
 *
 * Linear in the header, whatever is in it.  A header that is not fit to be
 * signed is told by enum view_fit; so is running out of memory.
 */

#include <sys/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "compat.h"
#include "complete.h"
#include "dkimsign.h"
#include "hfield.h"
#include "message.h"
#include "view.h"

/* What view_add() may add: Date and Message-ID. */
#define VIEW_ADDED	2

enum text_kind { TEXT_CUT, TEXT_CHANGED, TEXT_ADDED };

/* A field that is not as the client wrote it. */
struct view_text {
	struct view_text	*next;
	enum text_kind		 kind;
	size_t			 field;		/* number in the message */
	size_t			 name_len;	/* up to the ':' */
	char			 raw[];		/* NUL terminated */
};

static const char *const words[VIEW_MAX][2] = {
	[VIEW_FIT] = { "", "" },
	[VIEW_LARGE] = { "header-large", "header too large" },
	[VIEW_MANY] = { "header-fields", "too many header fields" },
	[VIEW_CONTINUATION] = { "continuation",
	    "the first line is a continuation line" },
	[VIEW_MALFORMED] = { "header-malformed",
	    "a header line is no header field" },
	[VIEW_CR] = { "bare-cr", "a carriage return inside of a line" },
	[VIEW_NO_FROM] = { "from-missing", "no From field" },
	[VIEW_FROMS] = { "from-twice", "more than one From field" },
	[VIEW_ADDRESS] = { "address-malformed",
	    "an address without a domain that can't be completed" },
	[VIEW_FAILED] = { "memory", "out of memory" },
};

const char *
view_word(enum view_fit fit)
{
	return words[fit][0];
}

const char *
view_sentence(enum view_fit fit)
{
	return words[fit][1];
}

static int
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int
field_is(const struct hfield *f, const char *name)
{
	return strlen(name) == f->name_len &&
	    strncasecmp(f->raw, name, f->name_len) == 0;
}

/* smtpd knows fields by their bare names only, without blanks behind. */
static int
field_is_bare(const struct hfield *f, const char *name)
{
	return f->value_off == f->name_len + 1 && field_is(f, name);
}

static struct view_text *
text_new(struct view *v, enum text_kind kind, size_t field, size_t len)
{
	struct view_text	*t;

	if ((t = malloc(sizeof(*t) + len + 1)) == NULL)
		return NULL;
	t->next = NULL;
	t->kind = kind;
	t->field = field;
	t->name_len = 0;
	t->raw[len] = '\0';
	*v->last = t;
	v->last = &t->next;
	return t;
}

/* "name:value". */
static struct view_text *
text_field(struct view *v, enum text_kind kind, size_t field,
    const char *name, size_t name_len, const char *value, size_t len)
{
	struct view_text	*t;

	if ((t = text_new(v, kind, field, name_len + 1 + len)) == NULL)
		return NULL;
	t->name_len = name_len;
	memcpy(t->raw, name, name_len);
	t->raw[name_len] = ':';
	memcpy(t->raw + name_len + 1, value, len);
	return t;
}

static void
text_show(const struct view_text *t, struct hfield *f)
{
	f->raw = t->raw;
	f->len = strlen(t->raw);
	f->name_len = t->name_len;
	f->value_off = t->name_len + 1;
}

/* How much of this line is left, the dot that stuffs it counted. */
static size_t
line_room(const char *line, size_t len, size_t max)
{
	return len > 0 && *line == '.' ? max - 1 : max;
}

static int
lines_fit(const char *p, size_t len, size_t max)
{
	const char	*nl;
	size_t		 n;

	for (; len > max - 1; p += n + 1, len -= n + 1) {
		nl = memchr(p, '\n', len);
		n = nl != NULL ? (size_t)(nl - p) : len;
		if (n > line_room(p, n, max))
			return 0;
		if (nl == NULL)
			break;
	}
	return 1;
}

/* Each line as smtpd before 7.4 leaves it. */
static enum view_fit
field_cut(struct view *v, size_t i, size_t max)
{
	struct hfield		*f = &v->fields[i];
	const char		*end = f->raw + f->len, *nl, *p;
	struct view_text	*t;
	size_t			 n, used = 0;

	if (lines_fit(f->raw, f->len, max))
		return VIEW_FIT;
	if (f->value_off > line_room(f->raw, f->len, max))
		return VIEW_MALFORMED;
	if ((t = text_new(v, TEXT_CUT, i, f->len)) == NULL)
		return VIEW_FAILED;
	for (p = f->raw; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		n = (size_t)(nl - p);
		if (n > line_room(p, n, max))
			n = line_room(p, n, max);
		memcpy(t->raw + used, p, n);
		used += n;
		if (nl < end)
			t->raw[used++] = '\n';
	}
	f->raw = t->raw;
	f->len = used;
	return VIEW_FIT;
}

static void
field_read(struct hfield *f, struct message *m, size_t i)
{
	const char	*value;
	size_t		 len;

	f->raw = message_name(m, i, &f->name_len);
	value = message_value(m, i, &len);
	f->value_off = (size_t)(value - f->raw);
	f->len = f->value_off + len;
}

static int
line_has(const char *p, size_t len, const char *word)
{
	const char	*end = p + len, *at;
	size_t		 n = strlen(word);

	for (; (at = memchr(p, *word, (size_t)(end - p))) != NULL; p = at + 1)
		if ((size_t)(end - at) >= n && memcmp(at, word, n) == 0)
			return 1;
	return 0;
}

/*
 * smtpd's own Received comes first.  It ends with the line after the one that
 * ends with ';': what follows is the client's, and can't continue anything.
 */
static int
received_continued(const struct hfield *f)
{
	const char		*end = f->raw + f->len, *nl, *p;
	int			 date = 0, ours = 0;

	for (p = f->raw; (nl = memchr(p, '\n', (size_t)(end - p))) != NULL;
	    p = nl + 1) {
		if (date)
			return 1;
		ours = ours || line_has(p, (size_t)(nl - p), "(OpenSMTPD) ");
		date = ours && nl > p && nl[-1] == ';';
	}
	return 0;
}

static enum view_fit
field_check(const struct hfield *f, size_t i, int *received)
{
	if (memchr(f->raw, '\r', f->len) != NULL)
		return VIEW_CR;
	if (f->name_len == 0)
		return i == 0 && is_blank(*f->raw) ? VIEW_CONTINUATION :
		    VIEW_MALFORMED;
	if (!*received && field_is(f, "Received")) {
		*received = 1;
		if (received_continued(f))
			return VIEW_CONTINUATION;
	}
	return VIEW_FIT;
}

static enum view_fit
fields_read(struct view *v, struct message *m, size_t line_max)
{
	enum view_fit	 fit;
	int		 received = 0;
	size_t		 froms = 0, i;

	for (i = 0; i < v->n; i++) {
		field_read(&v->fields[i], m, i);
		fit = field_check(&v->fields[i], i, &received);
		if (fit == VIEW_FIT)
			fit = field_cut(v, i, line_max);
		if (fit != VIEW_FIT)
			return fit;
		froms += (size_t)field_is(&v->fields[i], "From");
	}
	if (froms == 1)
		return VIEW_FIT;
	return froms == 0 ? VIEW_NO_FROM : VIEW_FROMS;
}

enum view_fit
view_read(struct view *v, struct message *m, size_t line_max)
{
	memset(v, 0, sizeof(*v));
	v->last = &v->texts;
	if ((int64_t)message_body(m) > dkimsign.max_header)
		return VIEW_LARGE;
	v->n = message_nfields(m);
	if (message_error(m) != NULL)
		return VIEW_FAILED;
	if ((int64_t)v->n > dkimsign.max_fields)
		return VIEW_MANY;
	v->fields = reallocarray(NULL, v->n + VIEW_ADDED, sizeof(*v->fields));
	if (v->fields == NULL)
		return VIEW_FAILED;
	return fields_read(v, m, line_max);
}

void
view_forget_fields(struct view *v)
{
	free(v->fields);
	v->fields = NULL;
	v->n = 0;
}

void
view_free(struct view *v)
{
	struct view_text	*t;

	while ((t = v->texts) != NULL) {
		v->texts = t->next;
		free(t);
	}
	v->last = &v->texts;
	view_forget_fields(v);
}

int
view_has(const struct view *v, const char *name)
{
	size_t	 i;

	for (i = 0; i < v->n; i++)
		if (field_is_bare(&v->fields[i], name))
			return 1;
	return 0;
}

/* With the blanks behind it the name is in no list. */
void
view_hide(struct view *v, const char *name)
{
	struct hfield	*f;

	for (f = v->fields; f < v->fields + v->n; f++)
		if (field_is(f, name))
			f->name_len = f->value_off - 1;
}

const char *
view_value(const struct view *v, const char *name, size_t *len)
{
	size_t	 i;

	for (i = 0; i < v->n; i++)
		if (field_is(&v->fields[i], name)) {
			*len = v->fields[i].len - v->fields[i].value_off;
			return v->fields[i].raw + v->fields[i].value_off;
		}
	return NULL;
}

static enum view_fit
field_complete(struct view *v, size_t i, const struct complete_smtpd *smtpd)
{
	struct hfield		*f = &v->fields[i];
	struct view_text	*t;
	size_t			 len;
	char			*value;

	switch (complete_addresses(f->raw + f->value_off,
	    f->len - f->value_off, smtpd, &value, &len)) {
	case 0:
		return VIEW_FIT;
	case 1:
		break;
	default:
		return VIEW_ADDRESS;
	}
	t = text_field(v, TEXT_CHANGED, i, f->raw, f->name_len, value, len);
	free(value);
	if (t == NULL)
		return VIEW_FAILED;
	text_show(t, f);
	return VIEW_FIT;
}

enum view_fit
view_complete(struct view *v, const struct complete_smtpd *smtpd)
{
	enum view_fit	 fit = VIEW_FIT;
	struct hfield	*f;
	size_t		 i;

	for (i = 0; i < v->n && fit == VIEW_FIT; i++) {
		f = &v->fields[i];
		if (field_is_bare(f, "From") || field_is_bare(f, "To") ||
		    field_is_bare(f, "Cc"))
			fit = field_complete(v, i, smtpd);
	}
	return fit;
}

enum view_fit
view_add(struct view *v, const char *name, const char *value)
{
	struct view_text	*t;
	char			 text[512];

	(void)snprintf(text, sizeof(text), " %s", value);
	t = text_field(v, TEXT_ADDED, 0, name, strlen(name), text,
	    strlen(text));
	if (t == NULL)
		return VIEW_FAILED;
	text_show(t, &v->fields[v->n++]);
	return VIEW_FIT;
}

void
view_apply(const struct view *v, struct message *m)
{
	const struct view_text	*t;
	char			 name[32];

	for (t = v->texts; t != NULL; t = t->next)
		switch (t->kind) {
		case TEXT_CUT:		/* smtpd will do it */
			break;
		case TEXT_CHANGED:
			message_change_raw(m, t->field,
			    t->raw + t->name_len + 1);
			break;
		case TEXT_ADDED:
			(void)snprintf(name, sizeof(name), "%.*s",
			    (int)t->name_len, t->raw);
			message_insert(m, message_nfields(m), name,
			    t->raw + t->name_len + 2);
			break;
		}
}

int
view_print(const struct view *v)
{
	const struct view_text	*t;
	int			 changed = 0;

	for (t = v->texts; t != NULL; t = t->next)
		if (t->kind == TEXT_ADDED)
			printf("%s\n", t->raw);
		else if (t->kind == TEXT_CHANGED)
			changed = 1;
	return changed;
}
