/* SPDX-License-Identifier: ISC */
/*
 * Addresses, and lists of them: networks, ranges and domain suffixes, as
 * written in rules and in list files.  A list file holds one entry a line,
 * '#' begins a comment.  A lookup costs a binary search, whatever the size.
 */

#ifndef ADDRS_H
#define ADDRS_H

#include <sys/types.h>
#include <sys/socket.h>

#include <stddef.h>
#include <stdint.h>

/* A client's or a listener's address; smaller than a sockaddr_storage. */
struct addr {
	uint8_t		family;		/* AF_INET, AF_INET6; AF_UNSPEC: none */
	uint16_t	port;		/* host order, 0 if none was said */
	uint8_t		ip[16];		/* network order; the first 4 for v4 */
};

#define ADDR_STRLEN	64		/* "[v6]:port" and its NUL */

/*
 * "192.0.2.1", "192.0.2.1:25", "[2001:db8::1]:25", "[2001:db8::1]",
 * "2001:db8::1", "IPv6:2001:db8::1".  A v4-mapped v6 address becomes v4.
 * Returns 0, or -1 and *a is AF_UNSPEC.
 */
int		 addr_parse(struct addr *a, const char *);
/* Without the port; "-" for AF_UNSPEC.  Returns buf. */
const char	*addr_print(const struct addr *, char buf[ADDR_STRLEN]);
int		 addr_is_loopback(const struct addr *);
/* Private, link local or loopback: RFC 1918, RFC 4193, RFC 3927, RFC 4291. */
int		 addr_is_private(const struct addr *);
/* Same address; ports do not count.  No address equals none. */
int		 addr_equal(const struct addr *, const struct addr *);

struct addrs;

/* Never NULL: exits when memory is out, as lists are made at start. */
struct addrs	*addrs_new(void);
void		 addrs_free(struct addrs *);

/*
 * One entry: "192.0.2.0/24", "2001:db8::/32", "192.0.2.1-192.0.2.9", an
 * address, or ".example.org" (that domain and all below it).  Blanks may be
 * around the '-' of a range.
 * Returns NULL, or what is wrong with it (static text).
 */
const char	*addrs_add(struct addrs *, const char *entry);

/*
 * All entries of a file, which is remembered for addrs_reload(), and named to
 * the sandbox.
 * Returns 0, or -1 after logging "file:line: why: entry" for every bad line
 * (up to ten); the list is then unchanged.
 */
int		 addrs_add_file(struct addrs *, const char *path);

/*
 * Read the files of the list again if one changed (mtime, size or inode), or
 * all when forced.  Returns 1 if the list is a new one, 0 if nothing changed,
 * -1 if a file is broken or gone: that was logged once (each time if it is
 * there and can't be opened), and the old list, of all files, stays.  Each
 * file that is taken is logged with its entries.
 */
int		 addrs_reload(struct addrs *, int force);

/*
 * Is the address in it, or the name?  Pass rdns only when it is verified
 * (FCrDNS), else NULL.
 */
int		 addrs_match(const struct addrs *, const struct addr *,
		    const char *rdns);
size_t		 addrs_count(const struct addrs *);

#endif /* ADDRS_H */
