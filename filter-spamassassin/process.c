/* SPDX-License-Identifier: ISC */
/*
 * See process.h.  A report has to be taken as a whole: its fields on the
 * original body, or the other way round, would be a broken message.  What
 * spamd left as it was is not edited, so that it stays as it was to the byte.
 */

#include <sys/types.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "markup.h"
#include "message.h"
#include "process.h"

/* More fields than that are not taken out one by one. */
#define FIELDS_MAX	5000

static int
is_mark(const char *header, const struct header_field *f)
{
	return f->name_len >= 6 &&
	    strncasecmp(header + f->off, "X-Spam", 6) == 0;
}

/* Takes the header to pieces, in place. */
static void
insert_fields(struct message *m, size_t i, char *header, size_t len)
{
	struct header_field	 f;
	char			*name, *value;
	size_t			 next, off = 0;

	for (; (next = header_next(header, len, off, &f)) != off; off = next) {
		if (f.name_len == 0 || is_mark(header, &f))
			continue;
		name = header + f.off;
		value = name + f.value_off;
		markup_clean(value, value, f.len - f.value_off);
		name[f.name_len] = '\0';
		message_insert(m, i, name, value);
	}
}

/* What can fail comes before the first edit: there is no way back. */
static const char *
wrap_header(struct message *m, const char *header, size_t len)
{
	char	*copy;
	size_t	 i, n = message_nfields(m);
	ssize_t	 received = message_find(m, "Received", 0);

	if (n > FIELDS_MAX)
		return "too many header fields";
	if ((copy = malloc(len + 1)) == NULL)
		return "out of memory";
	memcpy(copy, header, len);
	for (i = (size_t)(received + 1); i < n; i++)
		message_delete(m, i);
	insert_fields(m, (size_t)(received + 1), copy, len);
	free(copy);
	return NULL;
}

static int
body_is(struct message *m, const char *body, size_t len)
{
	const char	*p;
	size_t		 n, off = message_body(m);

	if (message_size(m) - off != len)
		return 0;
	for (; len > 0; off += n, body += n, len -= n) {
		if ((p = message_at(m, off, &n)) == NULL)
			return 0;
		if (n > len)
			n = len;
		if (memcmp(p, body, n) != 0)
			return 0;
	}
	return 1;
}

static int
find_field(const char *header, size_t len, const char *name,
    struct header_field *f)
{
	size_t	 next, off = 0;

	for (; (next = header_next(header, len, off, f)) != off; off = next)
		if (header_is(header, f, name))
			return 1;
	return 0;
}

/* spamd's option rewrite_header. */
static void
rewrite_field(struct message *m, const char *header, size_t len,
    const char *name)
{
	struct header_field	 f;
	const char		*raw;
	char			*new, *old = NULL;
	ssize_t			 i = message_find(m, name, 0);
	size_t			 n;

	if (!find_field(header, len, name, &f) || (new = markup_value(header +
	    f.off + f.value_off, f.len - f.value_off)) == NULL)
		return;
	if (i == -1)
		message_insert(m, message_nfields(m), name, new);
	else if ((raw = message_value(m, (size_t)i, &n)) != NULL &&
	    (old = markup_value(raw, n)) != NULL && strcmp(old, new) != 0)
		message_change(m, (size_t)i, new);
	free(old);
	free(new);
}

const char *
process_apply(struct message *m, const char *reply, size_t len)
{
	const char	*body, *why;
	size_t		 n = markup_header(reply, len);

	body = reply + n;
	if (n < len)
		body += *body == '\r' ? 2 : 1;
	else if (message_body(m) < message_size(m))
		return "spamd sent no body";
	if (markup_is_wrapper(reply, n)) {
		if ((why = wrap_header(m, reply, n)) != NULL)
			return why;
	} else {
		rewrite_field(m, reply, n, "Subject");
		rewrite_field(m, reply, n, "From");
		rewrite_field(m, reply, n, "To");
	}
	len -= (size_t)(body - reply);
	if (!body_is(m, body, len))
		message_replace_body(m, body, len);
	return NULL;
}
