/* SPDX-License-Identifier: ISC */
/*
 * See policy_options.h.  Runs before anything is read.
 * Exits: out of memory.  Returns a text: a value that can't be.
 */

#include <stdlib.h>
#include <string.h>

#include "author.h"
#include "compat.h"
#include "fields.h"
#include "log.h"
#include "policy_options.h"

#define SEPARATORS	", \t"

const char *const	 policy_nomatch[] = {
	[NOMATCH_FIRST] = "first", [NOMATCH_UNSIGNED] = "unsigned",
	[NOMATCH_REJECT] = "reject", NULL
};
const char *const	 policy_senders[] = {
	[SENDERS_FROM] = "from", [SENDERS_SENDER] = "sender,from", NULL
};
const char *const	 policy_ztag[] = {
	[ZTAG_NO] = "no", [ZTAG_SIGNED] = "signed", [ZTAG_ALL] = "all", NULL
};

struct policy_options	 policy_options = {
	.timestamp = -1,
	.nomatch = -1,
	.subdomains = 1,
};

const char *
policy_set_algorithm(const char *value)
{
	struct sigspec	 s;
	const char	*why;

	memset(&s, 0, sizeof(s));
	if ((why = sigspec_algorithm(&s, value)) == NULL)
		(void)words_add(&policy_options.algorithms, value);
	return why;
}

const char *
policy_set_canon(const char *value)
{
	policy_options.has_canon = 1;
	return sigspec_canon(value, &policy_options.header,
	    &policy_options.body);
}

const char *
policy_set_domains(const char *value)
{
	char	 name[AUTHOR_DOMAIN];
	size_t	 len;

	for (; *value != '\0'; value += len) {
		value += strspn(value, SEPARATORS);
		if ((len = strcspn(value, SEPARATORS)) == 0)
			break;
		if (author_domain(value, len, name) == -1)
			return "not a domain";
		(void)words_add(&policy_options.domains, name);
	}
	return policy_options.domains.n == 0 ? "not a domain" : NULL;
}

const char *
policy_set_domain_file(const char *value)
{
	(void)words_add(&policy_options.domain_files, value);
	return NULL;
}

const char *
policy_set_expire(const char *value)
{
	return sigspec_expire(value, &policy_options.expire);
}

const char *
policy_set_headers(const char *value)
{
	const char	*why;
	struct fields	*fields;

	if ((fields = fields_new(value, fields_oversign, &why)) == NULL)
		return why;
	fields_free(fields);
	policy_options.headers = value;
	return NULL;
}

const char *
policy_set_key(const char *value)
{
	(void)words_add(&policy_options.keys, value);
	return *value == '\0' ? "not a file" : NULL;
}

const char *
policy_set_oversign(const char *value)
{
	policy_options.headers = fields_oversign;
	return NULL;
}

const char *
policy_set_selector(const char *value)
{
	(void)words_add(&policy_options.selectors, value);
	return *value == '\0' ? "not a selector" : NULL;
}

const char *
policy_set_signature(const char *value)
{
	struct sigspec	*list, s;
	const char	*why;
	char		*text = words_add(&policy_options.texts, value);

	while (text != NULL) {
		if ((why = sigspec_parse(&s, &text)) != NULL)
			return why;
		list = reallocarray(policy_options.signatures,
		    policy_options.nsignatures + 1, sizeof(*list));
		if (list == NULL)
			fatal("options");
		policy_options.signatures = list;
		list[policy_options.nsignatures++] = s;
	}
	return NULL;
}

const char *
policy_set_table(const char *value)
{
	(void)words_add(&policy_options.tables, value);
	return NULL;
}

/* -z, and once more. */
const char *
policy_set_ztag(const char *value)
{
	policy_options.ztag = policy_options.ztag == ZTAG_NO ?
	    ZTAG_SIGNED : ZTAG_ALL;
	return NULL;
}

const char *
policy_letter_domain(const char *value)
{
	policy_options.letters = 1;
	return policy_set_domains(value);
}

const char *
policy_letter_domain_file(const char *value)
{
	policy_options.letters = 1;
	return policy_set_domain_file(value);
}

/* Old lists have names that must not be signed: these are left out. */
const char *
policy_letter_headers(const char *value)
{
	char	*list = words_add(&policy_options.texts, value);
	char	*out = list, *rest = list, *word;
	size_t	 len;

	while ((word = strsep(&rest, FIELDS_SEPARATORS)) != NULL) {
		if (fields_never(word)) {
			log_warnx("-h: %s is not signed, it changes on the "
			    "way", log_quote(word));
			continue;
		}
		if (out > list)
			*out++ = ':';
		len = strlen(word);
		memmove(out, word, len);
		out += len;
	}
	*out = '\0';
	return policy_set_headers(list);
}

const char *
policy_letter_key(const char *value)
{
	policy_options.letters = 1;
	return policy_set_key(value);
}

const char *
policy_letter_selector(const char *value)
{
	policy_options.letters = 1;
	return policy_set_selector(value);
}
