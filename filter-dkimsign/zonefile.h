/* SPDX-License-Identifier: ISC */
/*
 * TXT and CNAME records of a zone file, RFC 1035, 5.1: what dkim-genkey and
 * opendkim-genzone write, and what an operator makes of it.  Other records are
 * skipped; $INCLUDE is not followed.
 */

#ifndef ZONEFILE_H
#define ZONEFILE_H

struct dns_answer;
struct zonefile;

/*
 * Relative names are below origin until $ORIGIN says another.  NULL after
 * logging "file:line: why".
 */
struct zonefile	*zonefile_load(const char *path, const char *origin);
void		 zonefile_free(struct zonefile *);

/* As the DNS would answer; CNAMEs are followed inside of the file. */
void		 zonefile_txt(const struct zonefile *, const char *name,
		    struct dns_answer *);

#endif /* ZONEFILE_H */
