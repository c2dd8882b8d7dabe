/* SPDX-License-Identifier: ISC */
/*
 * What the options say about signatures: set while they are parsed, only read
 * from then on, and again for each policy.
 */

#ifndef POLICY_OPTIONS_H
#define POLICY_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "sigspec.h"
#include "words.h"

enum nomatch { NOMATCH_FIRST, NOMATCH_UNSIGNED, NOMATCH_REJECT };
extern const char *const	 policy_nomatch[];
/* Whose address says who it is: From; or Sender if there is one. */
enum senders { SENDERS_FROM, SENDERS_SENDER };
extern const char *const	 policy_senders[];
extern const char *const	 policy_ztag[];

/* An int that is -1 was not said: the default depends on the rest. */
extern struct policy_options {
	int		 letters;	/* -d, -D, -k or -s: old defaults */
	struct words	 domains, domain_files;
	struct words	 keys, selectors, algorithms;	/* in parallel */
	struct sigspec	*signatures;
	size_t		 nsignatures;
	struct words	 texts;		/* what others were cut from */
	struct words	 tables;
	const char	*keydir;
	const char	*keytable, *signingtable;
	const char	*sender_map, *listid_map;
	const char	*identity, *headers;
	int		 has_canon;
	enum canon	 header, body;
	int64_t		 expire;	/* seconds, 0: none */
	int		 timestamp;	/* or -1 */
	int		 ztag;		/* enum ztag */
	int		 nomatch;	/* enum nomatch, or -1 */
	int		 senders;	/* enum senders */
	int		 subdomains, multiple;
} policy_options;

/*
 * The call of a key or a letter: NULL, or what is wrong with the value, which
 * has to live on.
 */
const char	*policy_set_algorithm(const char *);
const char	*policy_set_canon(const char *);
const char	*policy_set_domains(const char *);	/* "a.org,b.org" */
const char	*policy_set_domain_file(const char *);
const char	*policy_set_expire(const char *);
const char	*policy_set_headers(const char *);
const char	*policy_set_key(const char *);
const char	*policy_set_oversign(const char *);
const char	*policy_set_selector(const char *);
const char	*policy_set_signature(const char *);
const char	*policy_set_table(const char *);
const char	*policy_set_ztag(const char *);
/* The letters that the earlier filter-dkimsign needs. */
const char	*policy_letter_domain(const char *);
const char	*policy_letter_domain_file(const char *);
const char	*policy_letter_headers(const char *);
const char	*policy_letter_key(const char *);
const char	*policy_letter_selector(const char *);

#endif /* POLICY_OPTIONS_H */
