/* SPDX-License-Identifier: ISC */
/*
 * Edits of a message, and the message as it goes on.  The edits are sorted
 * once and then merged into the lines as these go out, in one pass; an
 * unedited message goes out without a look at what it says.
 *
 * An edit that a filter should not have made is dropped with a warning.  One
 * that fails is kept as the message's error, until message_discard_edits().
 */

#include <sys/types.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "header.h"
#include "log.h"
#include "message.h"
#include "message_engine.h"
#include "message_private.h"
#include "spool.h"

/* In the order in which those at the same field apply. */
enum edit_kind { EDIT_PREPEND, EDIT_INSERT, EDIT_CHANGE, EDIT_DELETE };

struct edit {
	size_t		 field;
	size_t		 order;		/* in which it was made */
	size_t		 len;
	enum edit_kind	 kind;
	char		 text[];	/* whole lines */
};

void
message_rewind(struct message *m)
{
	m->from = m->spool;
	m->off = m->stop = m->edit = m->text_len = 0;
	m->sorted = m->rest = 0;
}

void
message_drop_edits(struct message *m)
{
	size_t i;

	for (i = 0; i < m->nedits; i++)
		free(m->edits[i]);
	free(m->edits);
	spool_free(m->replaced);
	m->edits = NULL;
	m->replaced = NULL;
	m->nedits = m->edits_max = 0;
	m->replaced_cr = 0;
	message_rewind(m);
}

/* Folded right, and no line end but LF: RFC 5322, 2.2.3 */
static int
value_ok(const char *v)
{
	for (; (v = strpbrk(v, "\r\n")) != NULL; v++)
		if (*v == '\r' || (v[1] != ' ' && v[1] != '\t'))
			return 0;
	return 1;
}

static int
edits_grow(struct message *m)
{
	struct edit **p;
	size_t max;

	if (m->nedits < m->edits_max)
		return 0;
	max = m->edits_max != 0 ? m->edits_max * 2 : 8;
	if ((p = reallocarray(m->edits, max, sizeof(*p))) == NULL)
		return -1;
	m->edits = p;
	m->edits_max = max;
	return 0;
}

/* head is what comes before the value; NULL if there is nothing to write. */
static void
edit_add(struct message *m, enum edit_kind kind, size_t field,
    const char *head, size_t head_len, const char *blank, const char *value)
{
	struct edit *e;
	size_t blank_len, len, value_len;

	value_len = head != NULL ? strlen(value) : 0;
	blank_len = strlen(blank);
	len = head != NULL ? head_len + 1 + blank_len + value_len + 1 : 0;
	if (edits_grow(m) == -1 || (e = malloc(sizeof(*e) + len)) == NULL) {
		message_fail(&m->edit_error);
		return;
	}
	e->kind = kind;
	e->field = field;
	e->order = m->nedits;
	e->len = len;
	if (head != NULL) {
		memcpy(e->text, head, head_len);
		e->text[head_len] = ':';
		memcpy(e->text + head_len + 1, blank, blank_len);
		memcpy(e->text + head_len + 1 + blank_len, value, value_len);
		e->text[len - 1] = '\n';
	}
	m->edits[m->nedits++] = e;
}

static void
edit_add_field(struct message *m, enum edit_kind kind, size_t field,
    const char *name, const char *blank, const char *value)
{
	if (!header_name_ok(name, strlen(name)))
		log_warnx("message: edit dropped: not a field name: %s",
		    log_safe(name));
	else if (!value_ok(value))
		log_warnx("message: edit dropped: folded wrong: %s: %s",
		    name, log_safe(value));
	else
		edit_add(m, kind, field, name, strlen(name), blank, value);
}

void
message_prepend(struct message *m, const char *name, const char *value)
{
	edit_add_field(m, EDIT_PREPEND, 0, name, " ", value);
}

static void
edit_insert(struct message *m, size_t i, const char *name, const char *blank,
    const char *value)
{
	if (i > message_nfields(m))
		log_warnx("message: edit dropped: no field %zu", i);
	else
		edit_add_field(m, EDIT_INSERT, i, name, blank, value);
}

void
message_insert(struct message *m, size_t i, const char *name,
    const char *value)
{
	edit_insert(m, i, name, " ", value);
}

void
message_insert_raw(struct message *m, size_t i, const char *name,
    const char *value)
{
	edit_insert(m, i, name, "", value);
}

static void
edit_change(struct message *m, size_t i, const char *blank, const char *value)
{
	struct header_field f;

	if (message_field(m, i, &f) == -1 || f.name_len == 0)
		log_warnx("message: edit dropped: no field %zu", i);
	else if (!value_ok(value))
		log_warnx("message: edit dropped: folded wrong: %s",
		    log_safe(value));
	else
		edit_add(m, EDIT_CHANGE, i, m->header + f.off, f.value_off - 1,
		    blank, value);
}

void
message_change(struct message *m, size_t i, const char *value)
{
	edit_change(m, i, " ", value);
}

void
message_change_raw(struct message *m, size_t i, const char *value)
{
	edit_change(m, i, "", value);
}

void
message_delete(struct message *m, size_t i)
{
	if (i >= message_nfields(m))
		log_warnx("message: edit dropped: no field %zu", i);
	else
		edit_add(m, EDIT_DELETE, i, NULL, 0, "", NULL);
}

static void
body_append(struct message *m, const char *p, size_t len)
{
	if (spool_append(m->replaced, p, len) == -1)
		message_fail(&m->edit_error);
}

/* A CR is held back until it is known whether an LF follows it. */
static void
body_flush(struct message *m)
{
	if (m->replaced_cr)
		body_append(m, "\r", 1);
	m->replaced_cr = 0;
}

void
message_replace_body(struct message *m, const void *buf, size_t len)
{
	const char *cr, *end, *p;

	if (m->replaced == NULL && (m->replaced = spool_new()) == NULL)
		message_fail(&m->edit_error);
	if (m->replaced == NULL || len == 0)
		return;
	p = buf;
	end = p + len;
	if (*p == '\n')
		m->replaced_cr = 0;
	body_flush(m);
	while ((cr = memchr(p, '\r', (size_t)(end - p))) != NULL) {
		body_append(m, p, (size_t)(cr - p));
		p = cr + 1;
		if (p == end)
			m->replaced_cr = 1;
		else if (*p != '\n')
			body_append(m, "\r", 1);
	}
	body_append(m, p, (size_t)(end - p));
}

static int
edit_cmp(const void *a, const void *b)
{
	const struct edit *x = *(struct edit *const *)a;
	const struct edit *y = *(struct edit *const *)b;

	if (x->field != y->field)
		return x->field < y->field ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->kind == EDIT_PREPEND)	/* later ones go above */
		return x->order > y->order ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static void
edits_sort(struct message *m)
{
	if (m->nedits > 1)
		qsort(m->edits, m->nedits, sizeof(*m->edits), edit_cmp);
	if (m->replaced != NULL)
		body_flush(m);
	m->sorted = 1;
}

/* Where field i begins, or the header ends. */
static size_t
field_off(const struct message *m, size_t i)
{
	return i < m->nfields ? m->fields[i] : m->header_len;
}

/*
 * Lines are due from off to stop, or text, or nothing yet (1); or there is no
 * edit left (0).
 */
static int
next_edit(struct message *m)
{
	struct edit *e;
	size_t at;

	while (m->edit < m->nedits) {
		e = m->edits[m->edit];
		at = field_off(m, e->field);
		if (m->off < at) {
			m->stop = at;
			return 1;
		}
		m->edit++;
		if (e->kind == EDIT_CHANGE || e->kind == EDIT_DELETE) {
			/* The last one counts; a deletion is always last. */
			if (m->edit < m->nedits &&
			    m->edits[m->edit]->field == e->field)
				continue;
			m->off = m->stop = field_off(m, e->field + 1);
		}
		m->text = e->text;
		m->text_len = e->len;
		return 1;
	}
	return 0;
}

/* What comes after stop, as above; 0: the end of the message. */
static int
next_part(struct message *m)
{
	if (!m->sorted)
		edits_sort(m);
	if (m->from == m->spool) {
		if (next_edit(m))
			return 1;
		m->stop = m->replaced == NULL ? message_size(m) :
		    message_body(m);
		if (m->off < m->stop)
			return 1;
		if (m->replaced == NULL)
			return 0;
		m->from = m->replaced;
		m->off = 0;
		m->stop = spool_size(m->replaced);
		if (m->body == 0 && m->stop > 0) {
			m->text = "\n";
			m->text_len = 1;
		}
		return m->stop > 0;
	}
	return 0;
}

static const char *
next_text(struct message *m, size_t *len)
{
	const char *nl, *p = m->text;

	nl = memchr(p, '\n', m->text_len);
	*len = (size_t)(nl - p);
	m->text += *len + 1;
	m->text_len -= *len + 1;
	return p;
}

/* A line that was longer than SPOOL_LINE came out cut: drop what is left. */
static void
skip_rest(struct message *m)
{
	size_t len, next;

	while (m->rest && m->off < m->stop) {
		if (spool_line(m->from, m->off, &len, &next) == NULL)
			break;	/* and so it will be in next_line() */
		m->rest = next - m->off == len;
		m->off = next;
	}
	m->rest = 0;
}

static const char *
next_line(struct message *m, size_t *len)
{
	const char *p;
	size_t next;

	p = spool_line(m->from, m->off, len, &next);
	if (p == NULL) {
		message_fail(m->from == m->spool ? &m->error : &m->edit_error);
		m->off = m->stop = spool_size(m->from);
		return NULL;
	}
	m->rest = next - m->off == *len && next < m->stop;
	m->off = next;
	return p;
}

const char *
message_next(struct message *m, size_t max, size_t *len)
{
	const char *p;

	if (m->rest)
		skip_rest(m);
	while (m->off >= m->stop && m->text_len == 0)
		if (m->error != 0 || !next_part(m))
			return NULL;
	p = m->text_len > 0 ? next_text(m, len) : next_line(m, len);
	if (p == NULL || (*len < max && !m->rest))
		return p;
	if (*len > 0 && *p == '.' && max > 0)
		max--;		/* the engine puts a dot before it */
	if (*len > max) {
		*len = max;
		m->cut = 1;
	}
	if (m->rest)
		m->cut = 1;
	return p;
}

int
message_cut(const struct message *m)
{
	return m->cut;
}
