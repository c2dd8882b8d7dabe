/* SPDX-License-Identifier: ISC */
/* See lines.h.  Exits: out of memory; it is a tool that nobody waits for. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "lines.h"
#include "trouble.h"

/* FNV-1a: only to tell lines apart quickly. */
static uint64_t
hash(const char *s, size_t len)
{
	uint64_t	 h = UINT64_C(0xcbf29ce484222325);

	for (; len > 0; len--, s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	return h;
}

void
lines_add(struct lines *l, const char *text, size_t len)
{
	struct line	*new;
	size_t		 size;

	if (l->n == l->size) {
		size = l->size == 0 ? 64 : l->size * 2;
		if ((new = reallocarray(l->line, size, sizeof(*new))) == NULL)
			trouble("message");
		l->line = new;
		l->size = size;
	}
	new = &l->line[l->n];
	if ((new->text = malloc(len + 1)) == NULL)
		trouble("message");
	memcpy(new->text, text, len);
	new->text[len] = '\0';
	new->len = len;
	new->hash = hash(text, len);
	l->bytes += len + 1;
	l->n++;
}

size_t
lines_cost(const struct lines *l)
{
	/* What malloc(3) needs for itself, too. */
	return l->bytes + l->n * (sizeof(*l->line) + 32);
}

void
lines_free(struct lines *l)
{
	while (l->n > 0)
		free(l->line[--l->n].text);
	free(l->line);
	memset(l, 0, sizeof(*l));
}

int
lines_same(const struct line *a, const struct line *b)
{
	return a->hash == b->hash && a->len == b->len &&
	    memcmp(a->text, b->text, a->len) == 0;
}

const char *
lines_read(struct lines *l, FILE *fp, size_t *number)
{
	const char	*why = NULL;
	char		*buf = NULL, *nul;
	size_t		 size = 0, len;
	ssize_t		 n;

	*number = 0;
	while (why == NULL && (n = getdelim(&buf, &size, '\n', fp)) > 0) {
		len = (size_t)n;
		if (len > 0 && buf[len - 1] == '\n')
			len--;
		if (len > 0 && buf[len - 1] == '\r')
			len--;
		if ((nul = memchr(buf, '\0', len)) != NULL)
			len = (size_t)(nul - buf);
		++*number;
		if (len > LINES_LONGEST)
			why = "longer than smtpd takes from a client";
		else
			lines_add(l, buf, len);
	}
	free(buf);
	return why == NULL && ferror(fp) ? "can't be read" : why;
}
