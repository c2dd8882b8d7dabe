/* SPDX-License-Identifier: ISC */
/*
 * A message: a spool of its lines and an index of its header.  The index is
 * made when a hook first asks for fields or edits one; it is an offset of four
 * bytes a field, since a hostile header has one every two bytes.
 *
 * What fails is kept, for message_error(): the engine then refuses the message
 * at commit.
 */

#include <sys/types.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "header.h"
#include "message.h"
#include "message_engine.h"
#include "message_private.h"
#include "spool.h"

struct message *
message_new(void)
{
	struct message *m;

	if ((m = calloc(1, sizeof(*m))) == NULL)
		return NULL;
	if ((m->spool = spool_new()) == NULL) {
		free(m);
		return NULL;
	}
	m->from = m->spool;
	m->found = SIZE_MAX;
	return m;
}

void
message_free(struct message *m)
{
	if (m == NULL)
		return;
	message_discard_edits(m);
	message_drop_index(m);
	spool_free(m->spool);
	free(m);
}

const char *
message_error(const struct message *m)
{
	static char why[128];

	if (m->error == 0 && m->edit_error == 0)
		return NULL;
	(void)snprintf(why, sizeof(why), "%s: %s",
	    m->error != 0 ? "spool" : "edits",
	    strerror(m->error != 0 ? m->error : m->edit_error));
	return why;
}

void
message_append(struct message *m, const char *line, size_t len)
{
	if (spool_append_line(m->spool, line, len) == -1)
		message_fail(&m->error);
	else if (len == 0 && m->body == 0)
		m->body = spool_size(m->spool);
}

size_t
message_size(const struct message *m)
{
	return spool_size(m->spool);
}

size_t
message_body(const struct message *m)
{
	return m->body != 0 ? m->body : spool_size(m->spool);
}

const char *
message_at(struct message *m, size_t off, size_t *len)
{
	const char *p;

	if ((p = spool_at(m->spool, off, len)) == NULL && errno != 0)
		message_fail(&m->error);
	return p;
}

const char *
message_line(struct message *m, size_t *off, size_t *len)
{
	const char *p;
	size_t next;

	if ((p = spool_line(m->spool, *off, len, &next)) != NULL)
		*off = next;
	else if (errno != 0)
		message_fail(&m->error);
	return p;
}

static int
index_reserve(struct message *m, size_t n)
{
	if (spool_reserve(n) == -1)
		return -1;
	m->reserved += n;
	return 0;
}

/*
 * The header in one piece.  If all of the spool is in its buffer, then it
 * stays there: nothing needs another part.
 */
static int
index_header(struct message *m)
{
	const char *p;
	size_t len, off;

	if ((p = message_at(m, 0, &len)) == NULL)
		return -1;
	m->header = p;
	if (len == spool_size(m->spool))
		return 0;
	if (index_reserve(m, m->header_len) == -1 ||
	    (m->header_copy = malloc(m->header_len)) == NULL)
		return -1;
	for (off = 0; off < m->header_len; off += len) {
		if ((p = message_at(m, off, &len)) == NULL)
			return -1;
		if (len > m->header_len - off)
			len = m->header_len - off;
		memcpy(m->header_copy + off, p, len);
	}
	m->header = m->header_copy;
	return 0;
}

static int
index_fields(struct message *m)
{
	struct header_field f;
	size_t end, n = 0, off;

	if (m->header_len > UINT32_MAX) {
		errno = EFBIG;
		return -1;
	}
	for (off = 0; (end = header_next(m->header, m->header_len, off, &f)) !=
	    off; off = end)
		n++;
	if (index_reserve(m, n * sizeof(*m->fields)) == -1 ||
	    (m->fields = reallocarray(NULL, n, sizeof(*m->fields))) == NULL)
		return -1;
	for (off = 0; m->nfields < n; m->nfields++) {
		m->fields[m->nfields] = (uint32_t)off;
		off = header_next(m->header, m->header_len, off, &f);
	}
	return 0;
}

void
message_drop_index(struct message *m)
{
	spool_release(m->reserved);
	free(m->header_copy);
	free(m->fields);
	m->header_copy = NULL;
	m->fields = NULL;
	m->reserved = m->header_len = m->nfields = m->last.len = 0;
	m->found = SIZE_MAX;
}

size_t
message_nfields(struct message *m)
{
	if (m->indexed)
		return m->nfields;
	m->indexed = 1;
	m->header_len = m->body != 0 ? m->body - 1 : spool_size(m->spool);
	if (m->header_len > 0 && m->error == 0 &&
	    (index_header(m) == -1 || index_fields(m) == -1)) {
		message_fail(&m->edit_error);
		message_drop_index(m);
	}
	return m->nfields;
}

int
message_field(struct message *m, size_t i, struct header_field *f)
{
	if (i >= message_nfields(m))
		return -1;
	/* Name and value are asked for one after the other. */
	if (m->last.len == 0 || m->last.off != m->fields[i])
		(void)header_next(m->header, m->header_len, m->fields[i],
		    &m->last);
	*f = m->last;
	return 0;
}

const char *
message_name(struct message *m, size_t i, size_t *len)
{
	struct header_field f;

	*len = 0;
	if (message_field(m, i, &f) == -1)
		return NULL;
	*len = f.name_len;
	return m->header + f.off;
}

const char *
message_value(struct message *m, size_t i, size_t *len)
{
	struct header_field f;

	*len = 0;
	if (message_field(m, i, &f) == -1)
		return NULL;
	*len = f.len - f.value_off - 1;
	return m->header + f.off + f.value_off;
}

/* Goes on where it was, so that asking for all of a name stays linear. */
ssize_t
message_find(struct message *m, const char *name, size_t nth)
{
	struct header_field f;
	size_t i = 0, n = 0;

	if (m->found != SIZE_MAX && m->found_nth <= nth &&
	    message_field(m, m->found, &f) == 0 &&
	    header_is(m->header, &f, name)) {
		i = m->found;
		n = m->found_nth;
	}
	for (; message_field(m, i, &f) == 0; i++) {
		if (!header_is(m->header, &f, name) || n++ != nth)
			continue;
		m->found = i;
		m->found_nth = nth;
		return (ssize_t)i;
	}
	return -1;
}
