/* SPDX-License-Identifier: ISC */
/*
 * The tables of filter-dkimsign: a policy made of them, and mails asked of it.
 * A line "@x" begins a part of the input: a file of that name, the signatures
 * of the options (g), switches (o), patterns with texts (p), or mails (?).
 *
 * What has to hold: a policy that is refused was told why; each signature's
 * domain and identity are legal, as RFC 6376 has it; a table picks the nearest
 * domain, and a pattern matches, as slow and simple models say.  Files, keys
 * and the log are doubles: an input names no file.
 */

#include "compat.h"

#include <sys/stat.h>

#include <glob.h>
#include <string.h>

#include "dkimsign.h"
#include "fuzz.h"
#include "log.h"
#include "keytable.h"
#include "policy.h"
#include "policy_options.h"
#include "privkey.h"
#include "sandbox.h"
#include "textfile.h"

struct privkey {
	unsigned int		 held;
	enum privkey_type	 type;
};

struct privkey_rules	 privkey_rules;

static struct privkey	 keys[] = {
	{ 0, PRIVKEY_RSA }, { 0, PRIVKEY_ED25519 }
};
static char		*parts[128];		/* by their letter */
static unsigned int	 told;

void
log_warnx(const char *fmt, ...)
{
	told++;
}

void
log_warn(const char *fmt, ...)
{
	told++;
}

void
log_info(const char *fmt, ...)
{
}

void
dkimsign_notice(void)
{
}

const char *
log_quote(const char *s)
{
	return s;
}

const char *
log_safe(const char *s)
{
	return s;
}

void
fatal(const char *fmt, ...)
{
	abort();
}

void
sandbox_path(const char *path, const char *perm)
{
}

FILE *
textfile_open(const char *path, struct stat *st)
{
	size_t	 len = strlen(path);
	char	*text = len == 0 ? NULL : parts[path[len - 1] & 127];

	if (text == NULL || *text == '\0') {
		told++;
		return NULL;
	}
	return fmemopen(text, strlen(text), "r");
}

int
textfile_line(FILE *fp, char line[TEXTFILE_LINE], const char **why)
{
	*why = NULL;
	if (fgets(line, TEXTFILE_LINE, fp) == NULL)
		return 0;
	line[strcspn(line, "\n")] = '\0';
	return 1;
}

int
glob(const char *pattern, int flags, int (*error)(const char *, int),
    glob_t *g)
{
	static char	 a[] = "/k/example.org/s1.key",
			 b[] = "/k/example.org/s2.key",
			 c[] = "/k/a.example.net/E", d[] = "/k/a/b";
	static char	*paths[] = { a, b, c, d, NULL };

	g->gl_pathv = paths;
	g->gl_pathc = 4;
	return 0;
}

void
globfree(glob_t *g)
{
}

struct privkey *
privkey_hold(struct privkey *key)
{
	key->held++;
	return key;
}

void
privkey_drop(struct privkey *key)
{
	if (key != NULL)
		FUZZ_CHECK(key->held-- > 0);
}

/* By the last letter: E is Ed25519, X can't be read. */
struct privkey *
privkey_load(const char *path)
{
	size_t	 len = strlen(path);

	if (len == 0 || path[len - 1] == 'X') {
		told++;
		return NULL;
	}
	return privkey_hold(&keys[path[len - 1] == 'E']);
}

int
privkey_table(const char *path, const struct stat *st)
{
	return 0;
}

struct privkey *
privkey_parse(const char *text, const char *what)
{
	return privkey_load(text);
}

void
privkey_forget(void)
{
}

int
privkey_changed(void)
{
	return 0;
}

enum privkey_type
privkey_type(const struct privkey *key)
{
	return key->type;
}

int
privkey_bits(const struct privkey *key)
{
	return key->type == PRIVKEY_RSA ? 2048 : 256;
}

ssize_t
privkey_sign(struct privkey *key, enum privkey_hash how, const uint8_t *hash,
    size_t len, uint8_t sig[PRIVKEY_SIG_MAX])
{
	return 1;
}

const char *
privkey_name(const struct privkey *key)
{
	return "key";
}

/* Does the text match, for every way to cut it? */
static int
model_match(const char *p, const char *s)
{
	size_t	 np = strlen(p), ns = strlen(s), i, k;
	char	*row = calloc(ns + 1, 1);
	int	 last, was, ret;

	FUZZ_CHECK(row != NULL);
	row[0] = 1;
	for (i = 0; i < np; i++) {
		last = row[0];
		row[0] = row[0] && p[i] == '*';
		for (k = 1; k <= ns; k++) {
			was = row[k];
			row[k] = p[i] == '*' ? row[k] || row[k - 1] :
			    last && p[i] == s[k - 1];
			last = was;
		}
	}
	ret = row[ns];
	free(row);
	return ret;
}

static void
check_patterns(char *text)
{
	char	*line, *pattern;

	while ((line = strsep(&text, "\n")) != NULL) {
		pattern = strsep(&line, " ");
		if (line != NULL && strlen(line) < 200)
			FUZZ_CHECK(pattern_match(pattern, line) ==
			    model_match(pattern, line));
	}
}

/* How many labels before the nearest domain of the table, or -1. */
static int
model_table(const char *from)
{
	char	*text = strdup(parts['t']), *rest = text, *line;
	char	 name[AUTHOR_DOMAIN];
	int	 best = -1, n;

	FUZZ_CHECK(text != NULL);
	while ((line = strsep(&rest, "\n")) != NULL) {
		line += strspn(line, " \t\r");
		if (author_domain(line, strcspn(line, " \t\r"), name) == -1)
			continue;
		n = author_below(from, name);
		if (n != -1 && (best == -1 || n < best))
			best = n;
	}
	free(text);
	return best;
}

static void
check_signing(const struct signing *sg)
{
	const char	*host;
	char		 name[AUTHOR_DOMAIN];

	FUZZ_CHECK(author_domain(sg->domain, strlen(sg->domain), name) == 0);
	FUZZ_CHECK(strcmp(sg->domain, name) == 0);
	FUZZ_CHECK(author_domain(sg->selector, strlen(sg->selector),
	    name) == 0);
	FUZZ_CHECK(sg->key->held > 0 && sg->fields != NULL);
	FUZZ_CHECK((sg->header == CANON_NOFWS) == (sg->body == CANON_NOFWS));
	if (sg->type == SIGNATURE_DOMAINKEYS) {
		FUZZ_CHECK(sg->key->type == PRIVKEY_RSA);
		FUZZ_CHECK(sg->header != CANON_RELAXED);
		FUZZ_CHECK(sg->identity[0] == '\0');
		return;
	}
	FUZZ_CHECK(sg->header != CANON_NOFWS);
	if (sg->identity[0] == '\0')
		return;
	FUZZ_CHECK((host = strrchr(sg->identity, '@')) != NULL);
	FUZZ_CHECK(author_domain(host + 1, strlen(host + 1), name) == 0);
	FUZZ_CHECK(author_below(name, sg->domain) != -1);
}

/* Is the table all there is, and does it leave d= and the time alone? */
static int
table_only(void)
{
	static const char	 others[] = "ksrmldgo";
	size_t			 i;

	for (i = 0; others[i] != '\0'; i++)
		if (parts[(unsigned char)others[i]] != NULL)
			return 0;
	return parts['t'] != NULL && strstr(parts['t'], "d=") == NULL &&
	    strstr(parts['t'], "domain=") == NULL &&
	    strstr(parts['t'], "active") == NULL;
}

static void
author_make(struct author *a, const char *s)
{
	const char	*at = s == NULL ? NULL : strrchr(s, '@');

	memset(a, 0, sizeof(*a));
	if (at == NULL ||
	    author_domain(at + 1, strlen(at + 1), a->domain) == -1)
		a->domain[0] = '\0';
	else if ((size_t)(at - s) < sizeof(a->local))
		memcpy(a->local, s, (size_t)(at - s));
}

/* FROM SENDER LIST-ID NOW */
static void
check_mail(const struct policy *p, char *line)
{
	struct plan	 plan;
	struct who	 who;
	char		 list_id[AUTHOR_DOMAIN] = "", *word;
	int64_t		 now;
	size_t		 i;
	int		 best;

	author_make(&who.from, strsep(&line, " "));
	author_make(&who.sender, line == NULL ? NULL : strsep(&line, " "));
	word = line == NULL ? NULL : strsep(&line, " ");
	if (word != NULL)
		(void)strlcpy(list_id, word, sizeof(list_id));
	who.list_id = list_id;
	/* No clock is before 1970: to the model a key without a time is active. */
	now = line == NULL ? 0 : atoll(line);
	(void)policy_find(p, &who, now < 0 ? 0 : now, &plan);
	FUZZ_CHECK(plan.n <= POLICY_SIGNATURES);
	best = table_only() ? model_table(who.from.domain) : -2;
	FUZZ_CHECK(best == -2 || (best == -1) == (plan.n == 0));
	for (i = 0; i < plan.n; i++) {
		check_signing(&plan.sign[i]);
		FUZZ_CHECK(best == -2 || author_below(who.from.domain,
		    plan.sign[i].domain) == best);
	}
	policy_plan_end(&plan);
}

static void
switches_set(const char *s)
{
	for (; s != NULL && *s != '\0'; s++) {
		if (*s == 's')
			policy_options.subdomains = 0;
		else if (*s == 'm')
			policy_options.multiple = 1;
		else if (*s == 'S')
			policy_options.senders = SENDERS_SENDER;
		else if (*s == 'l')
			policy_options.letters = 1;
		else if (*s == 'i')
			policy_options.identity = "$sender";
		else if (*s == 'd')
			policy_options.keydir = "/k/%d/%s.key";
		else if (*s >= '0' && *s <= '2')
			policy_options.nomatch = *s - '0';
	}
}

static void
options_make(void)
{
	static char	 names[][2] = { "K", "s", "t", "d" };
	static char	*key = names[0], *selector = names[1], *t = names[2],
			*d = names[3];
	char		*copy, *rest, *line;

	policy_options = (struct policy_options){
		.timestamp = -1, .nomatch = -1, .subdomains = 1,
		.keys = { &key, 1 }, .selectors = { &selector, 1 },
		.tables = { &t, parts['t'] != NULL },
		.domain_files = { &d, parts['d'] != NULL },
		.keytable = parts['k'] == NULL ? NULL : "file:/k",
		.sender_map = parts['m'] == NULL ? NULL : "m",
		.listid_map = parts['l'] == NULL ? NULL : "l",
		.signingtable = parts['r'] != NULL ? "refile:/r" :
		    parts['s'] != NULL ? "/s" : NULL,
	};
	switches_set(parts['o']);
	if (parts['g'] == NULL)
		return;
	FUZZ_CHECK((rest = copy = strdup(parts['g'])) != NULL);
	while ((line = strsep(&rest, "\n")) != NULL)
		(void)policy_set_signature(line);
	free(copy);
}

static void
options_free(void)
{
	words_clear(&policy_options.texts);
	free(policy_options.signatures);
}

static void
parts_cut(char *text)
{
	char	*line, *end;

	memset(parts, 0, sizeof(parts));
	for (line = text; *line != '\0'; line = end) {
		end = line + strcspn(line, "\n");
		if (*end == '\n')
			end++;
		if (line[0] == '@' && line[1] > 0 && line[2] == '\n') {
			parts[(unsigned char)line[1]] = line + 3;
			line[0] = '\0';
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy	*p;
	char		*text, *rest, *line;

	FUZZ_CHECK((text = malloc(size + 1)) != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	parts_cut(text);
	if (parts['p'] != NULL)
		check_patterns(parts['p']);
	told = 0;
	options_make();
	p = policy_new();
	FUZZ_CHECK(p != NULL || told > 0);
	rest = p == NULL ? NULL : parts['?'];
	while ((line = strsep(&rest, "\n")) != NULL)
		check_mail(p, line);
	policy_free(p);
	FUZZ_CHECK(keys[0].held == 0 && keys[1].held == 0);
	options_free();
	free(text);
	return 0;
}
