/* SPDX-License-Identifier: ISC */
/*
 * The rules of filter-pause, read and searched as a slow and simple model does
 * it.  Lines that begin with '=' are clients, "=SRC DST NAME", with '!' those
 * whose name was not verified; all others are rules.  Lists in files are left
 * out, as an input must not say which files are read; and what addresses are
 * is asked of addrs.c, as fuzz-addrs judges that.
 */

#include <string.h>

#include "fuzz.h"
#include "options.h"
#include "rules.h"

#define BLANKS		" \t"
#define RULES_MAX	32

struct model {
	const char	*text;		/* as it was written */
	enum rule_action action;
	enum rule_match	 match;
	int64_t		 ms;
	long		 port;
	struct addrs	*list;
};

static struct model	 models[RULES_MAX];
static size_t		 nmodels;

static int
model_action(struct model *m, const char *s)
{
	static const struct {
		const char	*word;
		enum rule_action action;
	} words[] = {
		{ "skip", RULE_SKIP }, { "tempfail", RULE_TEMPFAIL },
		{ "reject", RULE_REJECT },
	};
	size_t	 i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(s, words[i].word) == 0) {
			m->action = words[i].action;
			return 1;
		}
	m->action = RULE_PAUSE;
	return options_duration(s, &m->ms) == NULL && m->ms <= 300000;
}

static int
model_match(struct model *m, const char *s)
{
	if (strcmp(s, "no-rdns") == 0) {
		m->match = RULE_NO_RDNS;
		return 1;
	}
	if (strncmp(s, "dst:", 4) == 0) {
		m->match = RULE_DST;
		s += 4;
		if (*s == '\0' || strspn(s, "0123456789") != strlen(s))
			return 0;
		m->port = strtol(s, NULL, 10);
		return m->port >= 1 && m->port <= 65535;
	}
	m->match = RULE_LIST;
	m->list = addrs_new();
	return addrs_add(m->list, s) == NULL;
}

/* The last word, and what is before it; both end at blanks. */
static int
model_add(const char *text)
{
	struct model	*m = &models[nmodels];
	size_t		 end = strlen(text), len;
	char		*s;
	int		 ok;

	memset(m, 0, sizeof(*m));
	m->text = text;
	while (end > 0 && strchr(BLANKS, text[end - 1]) != NULL)
		end--;
	for (len = end; len > 0 && strchr(BLANKS, text[len - 1]) == NULL;)
		len--;
	if (len == 0)
		return 0;
	FUZZ_CHECK((s = strndup(text, end)) != NULL);
	ok = model_action(m, s + len);
	while (len > 0 && strchr(BLANKS, s[len - 1]) != NULL)
		len--;
	s[len] = '\0';
	ok = ok && model_match(m, s);
	free(s);
	if (ok)
		nmodels++;
	else
		addrs_free(m->list);
	return ok;
}

static int
model_hit(const struct model *m, const struct addr *src,
    const struct addr *dst, const char *rdns, int verified)
{
	if (m->match == RULE_NO_RDNS)
		return rdns == NULL;
	if (m->match == RULE_DST)
		return dst->port == m->port;
	return addrs_match(m->list, src, verified ? rdns : NULL);
}

static void
check_rule(struct rules *rs, const char *line)
{
	int	 ok;

	line += strspn(line, BLANKS);
	if (nmodels == RULES_MAX || strncmp(line, "file:", 5) == 0)
		return;
	ok = rules_add(rs, line) == NULL;
	FUZZ_CHECK(ok == model_add(line));
	FUZZ_CHECK(rules_count(rs) == nmodels);
}

static void
check_client(const struct rules *rs, char *line, int verified)
{
	const struct rule	*r;
	struct addr		 src, dst;
	const char		*rdns;
	size_t			 i;

	(void)addr_parse(&src, strsep(&line, " "));
	(void)addr_parse(&dst, line == NULL ? "" : strsep(&line, " "));
	rdns = line;
	r = rules_find(rs, &src, &dst, rdns, verified);
	for (i = 0; i < nmodels; i++)
		if (model_hit(&models[i], &src, &dst, rdns, verified))
			break;
	FUZZ_CHECK((r == NULL) == (i == nmodels));
	if (r == NULL)
		return;
	FUZZ_CHECK(strcmp(r->text, models[i].text) == 0);
	FUZZ_CHECK(r->action == models[i].action);
	FUZZ_CHECK(r->match == models[i].match);
	FUZZ_CHECK(r->action != RULE_PAUSE || r->ms == models[i].ms);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rules	*rs = rules_new();
	char		*text, *line, *rest;

	FUZZ_CHECK((rest = text = malloc(size + 1)) != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line == '=' || *line == '!')
			check_client(rs, line + 1, *line == '=');
		else
			check_rule(rs, line);
	FUZZ_CHECK(rules_reload(rs, 1) == 0);
	while (nmodels > 0)
		addrs_free(models[--nmodels].list);
	rules_free(rs);
	free(text);
	return 0;
}
