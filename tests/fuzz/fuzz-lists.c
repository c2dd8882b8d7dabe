/* SPDX-License-Identifier: ISC */
/*
 * Whitelist files: the first byte says of what, then come entries, one a line,
 * up to an empty line; then names and mailboxes to look for.
 * A list finds what one of its entries finds that is alone, and a mailbox is
 * found if a slow and simple model of an entry says so.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "lists.h"

/* Each text is put to each entry: a few of both. */
#define LINES_MAX	40
#define MAILBOX_MAX	512
#define NAME_MAX_LEN	253

static int
look(const struct list *l, const char *text)
{
	struct addr	 a;
	int		 client, box;

	(void)addr_parse(&a, text);	/* or none */
	client = list_match_client(l, &a, text);
	box = list_match_address(l, text);
	FUZZ_CHECK(!(client && box));
	return client || box;
}

/* Equal, but for case. */
static int
same(const char *a, size_t alen, const char *b, size_t blen)
{
	return alen == blen && strncasecmp(a, b, alen) == 0;
}

/* "example.org" and all below it; a dot at the end does not count. */
static int
model_domain(const char *entry, const char *domain)
{
	size_t	 n, len = strlen(domain);

	if (*entry == '.')
		entry++;
	n = strlen(entry);
	if (n > 0 && entry[n - 1] == '.')
		n--;
	if (len > 0 && domain[len - 1] == '.')
		len--;
	if (len < n || len > NAME_MAX_LEN ||
	    !same(domain + len - n, n, entry, n))
		return 0;
	return len == n || domain[len - n - 1] == '.';
}

static int
model_mailbox(const char *entry, const char *text)
{
	const char	*e = strrchr(entry, '@'), *t = strrchr(text, '@');
	const char	*domain = t == NULL ? "" : t + 1;
	size_t		 elen, tlen;

	if (strlen(text) > MAILBOX_MAX)
		return 0;
	if (e == NULL)
		return *domain != '\0' && model_domain(entry, domain);
	elen = (size_t)(e - entry);
	tlen = t == NULL ? strlen(text) : (size_t)(t - text);
	if (e[1] != '\0' && strcasecmp(e + 1, domain) != 0)
		return 0;
	if (elen == 0 || same(entry, elen, text, tlen))
		return 1;
	return tlen > elen + 1 && text[elen] == '+' &&
	    same(entry, elen, text, elen);
}

static int
look_alone(enum list_kind kind, const char *entry, const char *text)
{
	struct list	*l = list_new(kind);
	int		 found = 0;

	if (list_add(l, entry) == NULL) {
		found = look(l, text);
		if (kind != LIST_CLIENTS && *entry != '/')
			FUZZ_CHECK(found == model_mailbox(entry, text));
	}
	list_free(l);
	return found;
}

/* An empty line, or none, ends them. */
static size_t
read_entries(struct list *l, char **rest, const char *entries[LINES_MAX])
{
	const char	*why;
	char		*line;
	size_t		 n = 0, count;

	while (n < LINES_MAX && (line = strsep(rest, "\n")) != NULL &&
	    *line != '\0') {
		count = list_count(l);
		why = list_add(l, line);
		FUZZ_CHECK(list_count(l) == count + (why == NULL));
		FUZZ_CHECK(why == NULL || *why != '\0');
		entries[n++] = line;
	}
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum list_kind	 kind;
	struct list	*l;
	const char	*entries[LINES_MAX];
	char		*text, *rest, *line;
	size_t		 n, i, lines;
	int		 alone;

	if (size == 0 || size > 4096)
		return 0;
	kind = (enum list_kind)(data[0] % 3);
	FUZZ_CHECK((text = strndup((const char *)data + 1,
	    size - 1)) != NULL);
	l = list_new(kind);
	rest = text;
	n = read_entries(l, &rest, entries);
	for (lines = 0; lines < LINES_MAX &&
	    (line = strsep(&rest, "\n")) != NULL; lines++) {
		alone = 0;
		for (i = 0; i < n; i++)
			alone |= look_alone(kind, entries[i], line);
		FUZZ_CHECK(look(l, line) == alone);
	}
	list_free(l);
	free(text);
	return 0;
}
