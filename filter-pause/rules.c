/* SPDX-License-Identifier: ISC */
/*
 * Rules of filter-pause: text to struct rule, and which of them is a client's.
 * What the networks, ranges and suffixes look like is known to addrs.c; each
 * rule has a list of its own, so that a rule costs one binary search.
 *
 * Exits: out of memory.  Returns a text: a rule that is none.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "addrs.h"
#include "compat.h"
#include "log.h"
#include "options.h"
#include "rules.h"

#define BLANKS	" \t"

struct rules {
	struct rule	*rule;
	size_t		 n;
};

struct rules *
rules_new(void)
{
	struct rules	*rs;

	if ((rs = calloc(1, sizeof(*rs))) == NULL)
		fatal("rules");
	return rs;
}

void
rules_free(struct rules *rs)
{
	size_t	 i;

	if (rs == NULL)
		return;
	for (i = 0; i < rs->n; i++) {
		addrs_free(rs->rule[i].list);
		free(rs->rule[i].text);
	}
	free(rs->rule);
	free(rs);
}

size_t
rules_count(const struct rules *rs)
{
	return rs->n;
}

static const char *
action_parse(struct rule *r, const char *s)
{
	if (strcmp(s, "skip") == 0)
		r->action = RULE_SKIP;
	else if (strcmp(s, "tempfail") == 0)
		r->action = RULE_TEMPFAIL;
	else if (strcmp(s, "reject") == 0)
		r->action = RULE_REJECT;
	else {
		r->action = RULE_PAUSE;
		if (options_duration(s, &r->ms) != NULL)
			return "not seconds, skip, tempfail or reject";
		if (r->ms > RULES_MS_MAX)
			return "more than 300 seconds";
	}
	return NULL;
}

static const char *
file_parse(struct rule *r, const char *path)
{
	if (*path == '\0')
		return "file: without a name";
	if (addrs_add_file(r->list, path) == -1)
		return "the list can't be used";
	return NULL;
}

static const char *
match_parse(struct rule *r, const char *s)
{
	const char	*errstr;

	if (strcmp(s, "no-rdns") == 0) {
		r->match = RULE_NO_RDNS;
		return NULL;
	}
	if (strncmp(s, "dst:", 4) == 0) {
		r->match = RULE_DST;
		r->port = strtonum(s + 4, 1, 65535, &errstr);
		/* strtonum takes blanks and signs */
		return errstr == NULL && isdigit((unsigned char)s[4]) ?
		    NULL : "not a port";
	}
	r->match = RULE_LIST;
	r->list = addrs_new();
	if (strncmp(s, "file:", 5) == 0)
		return file_parse(r, s + 5);
	return addrs_add(r->list, s);
}

/*
 * Cut the text in two.  The last word is the action, so that the name of a
 * list may have blanks in it.
 */
static char *
action_split(char *text)
{
	size_t	 len;
	char	*p;

	len = strlen(text);
	while (len > 0 && strchr(BLANKS, text[len - 1]) != NULL)
		text[--len] = '\0';
	for (p = text + len; p > text; p--) {
		if (strchr(BLANKS, p[-1]) != NULL)
			break;
	}
	if (p == text)
		return NULL;
	for (len = p - text; len > 0; len--) {
		if (strchr(BLANKS, text[len - 1]) == NULL)
			break;
		text[len - 1] = '\0';
	}
	return p;
}

static const char *
rule_parse(struct rule *r, const char *text)
{
	char		*match, *action;
	const char	*why;

	text += strspn(text, BLANKS);
	if ((r->text = strdup(text)) == NULL ||
	    (match = strdup(text)) == NULL)
		fatal("rules");
	if ((action = action_split(match)) == NULL)
		why = "not MATCH ACTION";
	else if ((why = action_parse(r, action)) == NULL)
		why = match_parse(r, match);
	free(match);
	return why;
}

const char *
rules_add(struct rules *rs, const char *text)
{
	struct rule	 r, *v;
	const char	*why;

	memset(&r, 0, sizeof(r));
	if ((why = rule_parse(&r, text)) != NULL) {
		addrs_free(r.list);
		free(r.text);
		return why;
	}
	v = reallocarray(rs->rule, rs->n + 1, sizeof(*v));
	if (v == NULL)
		fatal("rules");
	rs->rule = v;
	rs->rule[rs->n++] = r;
	return NULL;
}

int
rules_reload(struct rules *rs, int force)
{
	size_t	 i;
	int	 ret = 0;

	for (i = 0; i < rs->n; i++) {
		if (rs->rule[i].list == NULL)
			continue;
		if (addrs_reload(rs->rule[i].list, force) == -1)
			ret = -1;
	}
	return ret;
}

const struct rule *
rules_find(const struct rules *rs, const struct addr *src,
    const struct addr *dst, const char *rdns, int verified)
{
	const struct rule	*r;
	size_t			 i;
	int			 hit = 0;

	for (i = 0; i < rs->n; i++) {
		r = &rs->rule[i];
		switch (r->match) {
		case RULE_LIST:
			hit = addrs_match(r->list, src,
			    verified ? rdns : NULL);
			break;
		case RULE_NO_RDNS:
			hit = rdns == NULL;
			break;
		case RULE_DST:
			hit = dst->port == r->port;
			break;
		}
		if (hit)
			return r;
	}
	return NULL;
}
