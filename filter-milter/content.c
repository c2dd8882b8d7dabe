/* SPDX-License-Identifier: ISC */
/*
 * See content.h.  Reads the message where it lies, a packet's worth at a time:
 * the size of the message costs no memory.  Fails with errno.
 */

#include <sys/types.h>

#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "command.h"
#include "content.h"
#include "message.h"
#include "packet.h"

/* What comes when there is no more of it. */
static char
content_after(const struct content *c, char kind)
{
	switch (kind) {
	case SMFIC_HEADER:
		return SMFIC_EOH;
	case SMFIC_EOH:
		return c->off < message_size(c->message) ? SMFIC_BODY :
		    SMFIC_BODYEOB;
	case SMFIC_BODY:
		return SMFIC_BODYEOB;
	default:
		return 0;
	}
}

void
content_skip(struct content *c, char kind)
{
	if (c->next == kind)
		c->next = content_after(c, kind);
}

/* Of the name of what is not one. */
#define TEXT_NAME	256

struct part {
	const char	*data;
	size_t		 len;
};

/*
 * What is no field by RFC 5322 is one for smtpd if there is a ':' in its line,
 * and readers may take it for text: so milters have to see all of it, as fields
 * of that name, of which there is always something.  Returns 0 if there is none.
 */
static int
text_parts(const struct content *c, struct part *name, struct part *value)
{
	const char	*colon, *lf;
	size_t		 skip;

	lf = memchr(value->data, '\n', value->len);
	colon = memchr(value->data, ':', lf != NULL ?
	    (size_t)(lf - value->data) : value->len);
	if (colon == NULL)
		return 0;
	name->len = colon > name->data ? (size_t)(colon - name->data) : 1;
	skip = colon > name->data ? name->len + 1 : 1;
	if (name->len > TEXT_NAME)
		name->len = skip = TEXT_NAME;
	value->data += skip + c->shown;
	value->len -= skip + c->shown;
	return 1;
}

enum { PARTS_NONE, PARTS_FIELD, PARTS_TEXT };

/* Name and value of c->field. */
static int
content_parts(const struct content *c, struct part *name, struct part *value)
{
	name->data = message_name(c->message, c->field, &name->len);
	value->data = message_value(c->message, c->field, &value->len);
	if (c->field == c->hidden || name->data == NULL)
		return PARTS_NONE;
	if (name->len > 0)
		return PARTS_FIELD;
	return text_parts(c, name, value) ? PARTS_TEXT : PARTS_NONE;
}

/* The next field that is shown, from c->field on. */
static void
content_seek(struct content *c)
{
	struct part	 name, value;
	size_t		 n = message_nfields(c->message);

	for (; c->field < n; c->field++)
		if (content_parts(c, &name, &value) != PARTS_NONE)
			return;
	content_skip(c, SMFIC_HEADER);
}

void
content_begin(struct content *c, struct message *m, size_t hidden)
{
	memset(c, 0, sizeof(*c));
	c->message = m;
	c->hidden = hidden;
	c->off = message_body(m);
	c->next = SMFIC_HEADER;
	content_seek(c);
}

static int
content_field(struct content *c, struct bytes *out, int leadspc)
{
	struct part	 name, value;
	int		 kind = content_parts(c, &name, &value);
	size_t		 room = PACKET_DATA_MAX - 2 - name.len;

	if (command_header(out, name.data, name.len, value.data, value.len,
	    leadspc) == -1) {
		errno = ENOMEM;
		return -1;
	}
	if (kind == PARTS_TEXT && value.len > room) {
		c->shown += room;
		return 0;
	}
	c->shown = 0;
	c->field++;
	content_seek(c);
	return 0;
}

/*
 * Lines of in, LF becoming CRLF, as far as there is room: a CRLF is not torn.
 * Returns what of in was used; *used is what of out.
 */
static size_t
body_lines(const char *in, size_t len, char *out, size_t *used)
{
	const char	*lf, *p = in, *end = in + len;
	size_t		 n, room = PACKET_DATA_MAX - *used;

	while (p < end && room > 0) {
		lf = memchr(p, '\n', (size_t)(end - p));
		n = (size_t)((lf != NULL ? lf : end) - p);
		if (n > room)
			n = room;
		memcpy(out + PACKET_DATA_MAX - room, p, n);
		p += n;
		room -= n;
		if (p != lf)
			continue;
		if (room < 2)
			break;
		memcpy(out + PACKET_DATA_MAX - room, "\r\n", 2);
		p++;
		room -= 2;
	}
	*used = PACKET_DATA_MAX - room;
	return (size_t)(p - in);
}

static int
content_body(struct content *c, struct bytes *out)
{
	static char	 chunk[PACKET_DATA_MAX];
	const char	*p;
	size_t		 len, n, used = 0;

	do {
		errno = 0;
		if ((p = message_at(c->message, c->off, &len)) == NULL)
			break;
		n = body_lines(p, len, chunk, &used);
		c->off += n;
	} while (n == len);
	if (p == NULL && errno != 0)
		return -1;
	if (p == NULL || c->off == message_size(c->message))
		c->next = SMFIC_BODYEOB;
	return packet_put(out, SMFIC_BODY, chunk, used);
}

int
content_put(struct content *c, struct bytes *out, int leadspc)
{
	char	 kind = c->next;

	switch (kind) {
	case SMFIC_HEADER:
		return content_field(c, out, leadspc);
	case SMFIC_BODY:
		return content_body(c, out);
	default:
		content_skip(c, kind);
		return packet_put(out, kind, NULL, 0);
	}
}
