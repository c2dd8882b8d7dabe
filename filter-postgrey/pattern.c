/* SPDX-License-Identifier: ISC */
/*
 * Regular expressions, by PCRE2.  A client chooses the text that is matched,
 * so its length and the work on it have limits: beyond them nothing matches,
 * and that is logged with the expression.  Without the just-in-time compiler,
 * whose code a sandbox may not allow.
 * Returns NULL and why: not an expression, or out of memory.
 */

#define PCRE2_CODE_UNIT_WIDTH	8

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "pattern.h"

/* What "^.*a.*b$" may need for a long name is less; about a millisecond. */
#define MATCH_LIMIT	50000
#define HEAP_LIMIT	1024		/* KB */

struct pattern {
	pcre2_code		*code;
	pcre2_match_data	*data;
	pcre2_match_context	*context;
	char			 text[];
};

static const char *
compile_error(int code, size_t offset)
{
	static char	 why[200];
	PCRE2_UCHAR	 said[120];

	if (pcre2_get_error_message(code, said, sizeof(said)) < 0)
		memcpy(said, "?", 2);
	(void)snprintf(why, sizeof(why),
	    "not a regular expression: %s, at byte %zu", (char *)said,
	    offset + 1);
	return why;
}

static struct pattern *
pattern_limit(struct pattern *p)
{
	p->data = pcre2_match_data_create(1, NULL);
	p->context = pcre2_match_context_create(NULL);
	if (p->data == NULL || p->context == NULL) {
		pattern_free(p);
		return NULL;
	}
	(void)pcre2_set_match_limit(p->context, MATCH_LIMIT);
	(void)pcre2_set_depth_limit(p->context, MATCH_LIMIT);
	(void)pcre2_set_heap_limit(p->context, HEAP_LIMIT);
	return p;
}

struct pattern *
pattern_new(const char *text, size_t len, const char **why)
{
	struct pattern	*p;
	PCRE2_SIZE	 offset;
	int		 code;

	*why = "out of memory";
	if ((p = calloc(1, sizeof(*p) + len + 1)) == NULL)
		return NULL;
	memcpy(p->text, text, len);
	p->code = pcre2_compile((PCRE2_SPTR)p->text, len,
	    PCRE2_CASELESS | PCRE2_NEVER_UTF, &code, &offset, NULL);
	if (p->code == NULL) {
		*why = compile_error(code, offset);
		pattern_free(p);
		return NULL;
	}
	return pattern_limit(p);
}

void
pattern_free(struct pattern *p)
{
	if (p == NULL)
		return;
	pcre2_code_free(p->code);
	pcre2_match_data_free(p->data);
	pcre2_match_context_free(p->context);
	free(p);
}

int
pattern_match(const struct pattern *p, const char *subject)
{
	size_t	 len = strnlen(subject, PATTERN_SUBJECT + 1);
	int	 r;

	if (len > PATTERN_SUBJECT)
		return 0;
	r = pcre2_match(p->code, (PCRE2_SPTR)subject, len, 0, 0, p->data,
	    p->context);
	if (r >= 0)
		return 1;
	if (r != PCRE2_ERROR_NOMATCH)
		log_peer("/%s/: too much work for %s (%d): no match",
		    log_safe(p->text), log_safe(subject), r);
	return 0;
}
