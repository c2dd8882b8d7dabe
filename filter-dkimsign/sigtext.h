/* SPDX-License-Identifier: ISC */
/*
 * The text of a signature's field while it is written: folded as it goes, so
 * that what is hashed is what is sent.  For signature.c only.
 */

#ifndef SIGTEXT_H
#define SIGTEXT_H

#include <stddef.h>
#include <stdint.h>

struct hfield;

/* All zero is an empty one. */
struct sigtext {
	char	*data;
	size_t	 len;
	size_t	 size;
	size_t	 column;	/* tabs as 8 */
	int	 failed;	/* memory is out, or a line is too long */
};

void	sigtext_clear(struct sigtext *);

void	sigtext_add(struct sigtext *, const char *, size_t);
/* LF and a tab. */
void	sigtext_fold(struct sigtext *);
/* A word and the character behind it, in the next line if it's too long. */
void	sigtext_word(struct sigtext *, const char *, char end);
/* " name=value;" */
void	sigtext_tag(struct sigtext *, const char *name, const char *value);
void	sigtext_number(struct sigtext *, const char *name, int64_t);
/* Folded anywhere.  At most PRIVKEY_SIG_MAX bytes. */
void	sigtext_base64(struct sigtext *, const uint8_t *, size_t);

/*
 * i= in a line of its own if it's long.  The tag is left out if the identity
 * is not in the domain, as no verifier would take it: RFC 6376, 3.5.
 */
void	sigtext_identity(struct sigtext *, const char *identity,
	    const char *domain);

/*
 * One field of z=, RFC 6376, 3.5; more is 0 for the first one, else 1.
 * Returns whether it could be written: odd or long names can't.
 */
int	sigtext_copy(struct sigtext *, const struct hfield *, int more);

#endif /* SIGTEXT_H */
