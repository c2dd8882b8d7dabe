/* SPDX-License-Identifier: ISC */
/*
 * See stamps.h.  A field that is too much is the caller's to tell about.
 */

#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "stamps.h"

#define STAMPS_MAX	64

struct stamp {
	struct stamp	*next;
	size_t		 name;		/* its length */
	char		 field[];
};

static int
is_there(const struct stamps *st, const char *field)
{
	const struct stamp	*p;

	for (p = st->first; p != NULL; p = p->next)
		if (strcmp(p->field, field) == 0)
			return 1;
	return 0;
}

int
stamps_add(struct stamps *st, const char *field)
{
	struct stamp	*p;
	size_t		 len = strlen(field);

	if (is_there(st, field))
		return 0;
	if (st->n >= STAMPS_MAX || (p = malloc(sizeof(*p) + len + 1)) == NULL)
		return -1;
	p->next = NULL;
	p->name = strcspn(field, ":");
	memcpy(p->field, field, len + 1);
	if (st->last == NULL)
		st->first = p;
	else
		st->last->next = p;
	st->last = p;
	st->n++;
	return 0;
}

/* "Name: value" becomes a name, and a value without the blank. */
static void
stamp_write(const struct stamp *p, struct message *m)
{
	const char	*value = p->field + p->name;
	char		 name[256];

	if (p->name >= sizeof(name) || *value != ':')
		return;
	memcpy(name, p->field, p->name);
	name[p->name] = '\0';
	value++;
	message_prepend(m, name, value + strspn(value, " \t"));
}

void
stamps_write(const struct stamps *st, struct message *m)
{
	const struct stamp	*p;

	for (p = st->first; p != NULL; p = p->next)
		stamp_write(p, m);
}

void
stamps_free(struct stamps *st)
{
	struct stamp	*p;

	while ((p = st->first) != NULL) {
		st->first = p->next;
		free(p);
	}
	st->last = NULL;
	st->n = 0;
}
