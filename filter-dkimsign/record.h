/* SPDX-License-Identifier: ISC */
/*
 * Key records, RFC 6376, 3.6.1 and RFC 8463, 4: the text in the DNS that tells
 * verifiers the public key.  A codec.
 */

#ifndef RECORD_H
#define RECORD_H

#include <stddef.h>

#define RECORD_P	8192	/* p= of RSA with 16384 bits is 2.8 KB */
#define RECORD_TEXT	9216
#define RECORD_STRING	255	/* of a TXT record: RFC 1035, 3.3.14 */

enum record_type { RECORD_RSA, RECORD_ED25519, RECORD_OTHER };

struct record {
	enum record_type type;		/* k= */
	int		 sha256;	/* h= allows it, or there is none */
	int		 email;		/* s= allows it, or there is none */
	int		 email_only;	/* to make: s=email */
	int		 testing;	/* t=y */
	int		 strict;	/* t=s: i= has just the domain of d= */
	int		 old;		/* it has no v= */
	char		 hashes[64];	/* h= as written, "": none */
	char		 note[256];	/* to make: n=, "": none */
	char		 p[RECORD_P];	/* without blanks; "": revoked */
};

/* NULL, or what is wrong with it (static text). */
const char	*record_parse(struct record *, const char *, size_t);

/*
 * The text in one piece, in opendkim-genkey's order.  Returns its length, or
 * -1: it is too long.
 */
int		 record_make(const struct record *, char text[RECORD_TEXT]);

/* How to write it down. */
enum record_form {
	RECORD_BIND,		/* as opendkim-genkey */
	RECORD_ONELINE,		/* the text alone, for web forms */
	RECORD_NSD,		/* a line of a zone file */
	RECORD_TINYDNS,		/* a line of tinydns-data(8) */
	RECORD_JSON,
	RECORD_FORM_MAX
};
extern const char *const	record_forms[RECORD_FORM_MAX + 1];

struct record_place {
	const char	*selector, *domain;
	int		 absolute;	/* the owner's name has the domain */
};

/* Malloced; NULL: out of memory. */
char		*record_print(const struct record *,
		    const struct record_place *, enum record_form);

#endif /* RECORD_H */
