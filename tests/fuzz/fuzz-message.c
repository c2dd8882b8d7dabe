/* SPDX-License-Identifier: ISC */
/*
 * A message with edits, against a slow and simple model of it.  Lines of the
 * input that begin with '!' are edits, those before them the limits:
 *
 *	!m N	memory of a spool: N bytes, then a file
 *	!x N	the longest line that may go on
 *	!p V	prepend the field "P: V"; "\n" in V is written as "~"
 *	!i N V	insert "I: V" before field N
 *	!c N V	field N is now V
 *	!d N	delete field N
 *	!b V	append V to the new body; "\r" is written as "^"
 *
 * All other lines are the message.
 */

#include <string.h>

#include "fuzz.h"
#include "log.h"
#include "message.h"
#include "message_engine.h"
#include "spool.h"

#define EDITS_MAX	64

struct text {
	char	*p;
	size_t	 len;
};

struct fuzz_edit {
	char	 kind;
	size_t	 field;
	char	*value;
};

static struct fuzz_edit	 edits[EDITS_MAX];
static size_t		 nedits;
static struct text	 in, out, body;
static size_t		 field_at[1 << 16];	/* nfields + 1 of them */
static size_t		 nfields;
static size_t		 line_max;

void
log_warnx(const char *fmt, ...)
{
}

const char *
log_safe(const char *s)
{
	return s;
}

static void
text_add(struct text *t, const char *p, size_t len)
{
	FUZZ_CHECK((t->p = realloc(t->p, t->len + len + 1)) != NULL);
	memcpy(t->p + t->len, p, len);
	t->len += len;
	t->p[t->len] = '\0';
}

/* "!i 12 value", not terminated. */
static void
edit_parse(struct message *m, const char *p, size_t len)
{
	struct fuzz_edit *e;
	size_t i, n = 0;

	if (len < 2 || nedits == EDITS_MAX)
		return;
	i = len > 2 && p[2] == ' ' ? 3 : 2;
	if (strchr("mxicd", p[1]) != NULL && p[1] != '\0') {
		for (; i < len && p[i] >= '0' && p[i] <= '9'; i++)
			n = (n * 10 + (size_t)(p[i] - '0')) % 100000;
		if (i < len && p[i] == ' ')
			i++;
	}
	if (p[1] == 'm')
		spool_limits(n, SPOOL_MEMORY_ALL);
	if (p[1] == 'x' && n > 1)
		line_max = n;
	if (p[1] == '\0' || strchr("picdb", p[1]) == NULL)
		return;
	e = &edits[nedits++];
	e->kind = p[1];
	e->field = n;
	FUZZ_CHECK((e->value = malloc(len - i + 1)) != NULL);
	memcpy(e->value, p + i, len - i);
	e->value[len - i] = '\0';
	for (p = e->value; *p != '\0'; p++)
		if (*p == '~')
			e->value[p - e->value] = '\n';
		else if (*p == '^')
			e->value[p - e->value] = '\r';
}

static void
input_split(struct message *m, const char *p, size_t size)
{
	const char *nl;
	size_t len;

	for (; size > 0; p += len, size -= len) {
		nl = memchr(p, '\n', size);
		len = nl != NULL ? (size_t)(nl - p) : size;
		if (len > 0 && *p == '!')
			edit_parse(m, p, len);
		else {
			message_append(m, p, len);
			text_add(&in, p, len);
			text_add(&in, "\n", 1);
		}
		if (nl != NULL)
			len++;
	}
}

/* Where the fields begin, line by line; returns the end of the header. */
static size_t
model_fields(void)
{
	size_t off;
	const char *nl;

	for (nfields = off = 0; off < in.len && in.p[off] != '\n';
	    off = (size_t)(nl - in.p) + 1) {
		if (off == 0 || (in.p[off] != ' ' && in.p[off] != '\t'))
			field_at[nfields++] = off;
		FUZZ_CHECK((nl = memchr(in.p + off, '\n', in.len - off)) != NULL);
	}
	field_at[nfields] = off;
	return off;
}

static int
model_value_ok(const char *v)
{
	size_t i;

	for (i = 0; v[i] != '\0'; i++)
		if (v[i] == '\r' || (v[i] == '\n' && v[i + 1] != ' ' &&
		    v[i + 1] != '\t'))
			return 0;
	return 1;
}

/* The bytes of field i up to its ':', or 0 if it is no field. */
static size_t
model_name(size_t i)
{
	const char *p = in.p + field_at[i];
	size_t n = 0;

	while (p[n] > ' ' && p[n] < 127 && p[n] != ':')
		n++;
	if (n == 0)
		return 0;
	while (p[n] == ' ' || p[n] == '\t')
		n++;
	return p[n] == ':' ? n + 1 : 0;
}

static void
model_put(const char *name, size_t len, const char *value)
{
	text_add(&out, name, len);
	text_add(&out, " ", 1);
	text_add(&out, value, strlen(value));
	text_add(&out, "\n", 1);
}

static void
model_field(size_t i)
{
	const char *value = NULL;
	size_t j;
	int deleted = 0;

	for (j = 0; j < nedits; j++) {
		if (edits[j].field != i)
			continue;
		if (edits[j].kind == 'i' && model_value_ok(edits[j].value))
			model_put("I:", 2, edits[j].value);
		if (edits[j].kind == 'd')
			deleted = 1;
		if (edits[j].kind == 'c' && model_value_ok(edits[j].value))
			value = edits[j].value;
	}
	if (deleted || i == nfields)
		return;
	if (value != NULL && model_name(i) > 0)
		model_put(in.p + field_at[i], model_name(i), value);
	else
		text_add(&out, in.p + field_at[i],
		    field_at[i + 1] - field_at[i]);
}

static int
model_body(void)
{
	size_t i, j;
	const char *v;
	int replaced = 0;

	for (j = 0; j < nedits; j++)
		if (edits[j].kind == 'b') {
			replaced = 1;
			text_add(&body, edits[j].value, strlen(edits[j].value));
		}
	for (i = 0, v = body.p; i < body.len; i++)
		if (v[i] != '\r' || i + 1 == body.len || v[i + 1] != '\n')
			text_add(&out, v + i, 1);
	if (body.len > 0 && v[body.len - 1] != '\n')
		text_add(&out, "\n", 1);
	return replaced;
}

/* The message as it should go on, whole. */
static void
model_run(void)
{
	size_t end, i, mark;

	end = model_fields();
	for (i = nedits; i-- > 0;)
		if (edits[i].kind == 'p' && model_value_ok(edits[i].value))
			model_put("P:", 2, edits[i].value);
	for (i = 0; i <= nfields; i++)
		model_field(i);
	mark = out.len;
	text_add(&out, "\n", 1);
	if (model_body()) {
		if (end == in.len && out.len == mark + 1)
			out.len = mark;
		return;
	}
	out.len = mark;
	text_add(&out, in.p + end, in.len - end);
}

static void
edits_apply(struct message *m)
{
	struct fuzz_edit *e;

	for (e = edits; e < edits + nedits; e++)
		switch (e->kind) {
		case 'p':
			message_prepend(m, "P", e->value);
			break;
		case 'i':
			message_insert(m, e->field, "I", e->value);
			break;
		case 'c':
			message_change(m, e->field, e->value);
			break;
		case 'd':
			message_delete(m, e->field);
			break;
		case 'b':
			message_replace_body(m, e->value, strlen(e->value));
			break;
		}
}

/* It goes on as want says, cut as line_max says. */
static void
compare(struct message *m, const struct text *want)
{
	const char *nl, *p, *w = want->p, *end = want->p + want->len;
	size_t allowed, len, wlen;
	int cut = 0;

	for (; (p = message_next(m, line_max, &len)) != NULL; w = nl + 1) {
		FUZZ_CHECK(w < end);
		FUZZ_CHECK((nl = memchr(w, '\n', (size_t)(end - w))) != NULL);
		wlen = (size_t)(nl - w);
		allowed = *w == '.' ? line_max - 1 : line_max;
		if (wlen > allowed) {
			wlen = allowed;
			cut = 1;
		}
		FUZZ_CHECK(len == wlen && memcmp(p, w, len) == 0);
	}
	FUZZ_CHECK(w == end);
	FUZZ_CHECK(message_cut(m) == cut);
	FUZZ_CHECK(message_error(m) == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message *m;

	if (size >= sizeof(field_at) / sizeof(field_at[0]))
		return 0;
	line_max = 65485;
	spool_limits(SPOOL_MEMORY, SPOOL_MEMORY_ALL);
	FUZZ_CHECK((m = message_new()) != NULL);
	text_add(&in, "", 0);
	text_add(&out, "", 0);
	text_add(&body, "", 0);
	input_split(m, (const char *)data, size);
	model_run();
	edits_apply(m);
	compare(m, &out);
	FUZZ_CHECK(message_apply(m) == 0);
	compare(m, &out);
	message_discard_edits(m);
	compare(m, &in);
	FUZZ_CHECK(message_nfields(m) == nfields);
	message_free(m);
	FUZZ_CHECK(spool_memory() == 0);

	while (nedits > 0)
		free(edits[--nedits].value);
	free(in.p);
	free(out.p);
	free(body.p);
	memset(&in, 0, sizeof(in));
	memset(&out, 0, sizeof(out));
	memset(&body, 0, sizeof(body));
	return 0;
}
