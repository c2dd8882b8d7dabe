/* SPDX-License-Identifier: ISC */
/*
 * Key files of many domains by one name: "/etc/mail/dkim/%d/%s.key", where %d
 * is the domain and %s the selector.
 */

#ifndef KEYFILES_H
#define KEYFILES_H

#include <stddef.h>

struct stamps;

struct keyfiles_one {
	char		*domain;	/* as author_domain() gives it */
	char		*selector;	/* NULL: there is no %s */
	char		*path;
};

struct keyfiles {
	struct keyfiles_one	*list;		/* by name */
	size_t		 n;
};

/* Has the name a %d or %s in it? */
int	 keyfiles_template(const char *);
/* The name of one file, malloced; NULL: out of memory. */
char	*keyfiles_name(const char *, const char *domain, const char *selector);

/*
 * All that are there.  selector: %s stands for this one only, NULL for any.
 * Directories are named to the sandbox, and stamped.  Returns 0, or -1 after
 * logging why.
 */
int	 keyfiles_find(struct keyfiles *, const char *name,
	    const char *selector, struct stamps *);
void	 keyfiles_free(struct keyfiles *);

#endif /* KEYFILES_H */
