/* SPDX-License-Identifier: ISC */
/*
 * Block and bypass lists, in order.  A client is looked up from the last list
 * to the first: a bypass that has it hides all that were named before.
 * Fails by saying what is wrong with a list; a reload that fails leaves the
 * old list in place.
 */

#include <sys/types.h>

#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "compat.h"
#include "expand.h"

#define TEXT_MAX	400		/* of the 512 of RFC 5321, 4.5.3.1.5 */
#define TEXT_DEFAULT	"Your address %A is in a list of blocked addresses"

struct entry {
	struct addrs	*addrs;
	char		*path;
	const char	*text;		/* NULL: a bypass */
};

static struct entry	*entries;
static size_t		 nentries;

/* NULL, or what is wrong. */
static const char *
check_text(int block, const char *text)
{
	const char	*p;

	if (*text == '\0')
		return NULL;
	if (!block)
		return "a bypass has no text";
	for (p = text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			return "a byte that is not ASCII in the text";
	if (p - text > TEXT_MAX)
		return "a text of more than 400 bytes";
	return expand_check(text, "A");
}

static const char *
take(struct entry *e)
{
	struct entry	*v;

	if ((v = reallocarray(entries, nentries + 1, sizeof(*v))) == NULL)
		return "out of memory";
	entries = v;
	e->addrs = addrs_new();
	if (addrs_add_file(e->addrs, e->path) == -1) {
		addrs_free(e->addrs);
		return "not loaded";
	}
	entries[nentries++] = *e;
	return NULL;
}

const char *
blocks_add(int block, const char *value)
{
	struct entry	 e = { .text = NULL };
	const char	*text, *why;
	size_t		 len = strcspn(value, " \t");

	text = value + len + strspn(value + len, " \t");
	if (len == 0)
		return "no file";
	if ((why = check_text(block, text)) != NULL)
		return why;
	if (block)
		e.text = *text == '\0' ? TEXT_DEFAULT : text;
	if ((e.path = strndup(value, len)) == NULL)
		return "out of memory";
	if ((why = take(&e)) != NULL)
		free(e.path);
	return why;
}

int
blocks_reload(int force)
{
	size_t	 i;
	int	 r, broken = 0, changed = 0;

	for (i = 0; i < nentries; i++) {
		r = addrs_reload(entries[i].addrs, force);
		broken |= r == -1;
		changed |= r == 1;
	}
	return broken ? -1 : changed;
}

const char *
blocks_find(const struct addr *a, const char *rdns, const char **name)
{
	static char		 reply[TEXT_MAX + ADDR_STRLEN];
	char			 ip[ADDR_STRLEN];
	const struct expansion	 values[] = { { 'A', ip }, { 0, NULL } };
	const struct entry	*e, *found = NULL;
	size_t			 i;

	for (i = nentries; i > 0; i--) {
		e = &entries[i - 1];
		if (!addrs_match(e->addrs, a, rdns))
			continue;
		if (e->text == NULL)
			break;
		found = e;
	}
	if (found == NULL)
		return NULL;
	(void)addr_print(a, ip);
	expand(found->text, values, reply, sizeof(reply));
	*name = found->path;
	return reply;
}
