/* SPDX-License-Identifier: ISC */
/*
 * What is sent: the text that only spamd sees, then the message without the
 * part that this text stands for.  Fails if the message can't be read any
 * more: source_next() is NULL then while something is left.
 */

#include <sys/types.h>

#include <errno.h>
#include <string.h>

#include "ask.h"
#include "message.h"
#include "source.h"
#include "spool.h"

#define PIECE	65536		/* at once: the loop has others to serve */

void
source_message(struct source *src, const struct ask_text *t,
    struct message *m)
{
	size_t	 size = message_size(m);

	memset(src, 0, sizeof(*src));
	src->message = m;
	src->head = t->head;
	src->head_len = t->head_len;
	src->skip_end = t->skip_end < size ? t->skip_end : size;
	src->skip = t->skip < src->skip_end ? t->skip : src->skip_end;
	src->left = size - (src->skip_end - src->skip);
	if (src->left > t->limit)
		src->left = t->limit;
	src->left += t->head_len;
}

void
source_spool(struct source *src, struct spool *spool)
{
	memset(src, 0, sizeof(*src));
	src->spool = spool;
	src->left = spool_size(spool);
}

static const char *
source_head(struct source *src, size_t *len)
{
	const char	*p = src->head;

	*len = src->head_len < PIECE ? src->head_len : PIECE;
	src->head += *len;
	src->head_len -= *len;
	src->left -= *len;
	return p;
}

const char *
source_next(struct source *src, size_t *len)
{
	const char	*p;

	*len = 0;
	if (src->left == 0)
		return NULL;
	if (src->head_len != 0)
		return source_head(src, len);
	if (src->off == src->skip)
		src->off = src->skip_end;
	p = src->message != NULL ? message_at(src->message, src->off, len) :
	    spool_at(src->spool, src->off, len);
	if (p == NULL) {
		*len = 0;
		return NULL;
	}
	if (*len > PIECE)
		*len = PIECE;
	if (*len > src->left)
		*len = src->left;
	if (src->off < src->skip && *len > src->skip - src->off)
		*len = src->skip - src->off;
	src->off += *len;
	src->left -= *len;
	return p;
}

const char *
source_error(const struct source *src)
{
	const char	*why;

	if (src->message != NULL &&
	    (why = message_error(src->message)) != NULL)
		return why;
	return strerror(errno != 0 ? errno : EIO);
}
