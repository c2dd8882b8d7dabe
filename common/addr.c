/* SPDX-License-Identifier: ISC */
/*
 * One address: text to struct and back, and what kind it is.  A codec.
 * Returns -1: not an address.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "addrs.h"
#include "compat.h"

static const uint8_t	 mapped[12] = { [10] = 0xff, [11] = 0xff };

static int
addr_v4(struct addr *a, const char *s, size_t len)
{
	char	 text[INET_ADDRSTRLEN];

	if (len >= sizeof(text))
		return -1;
	memcpy(text, s, len);
	text[len] = '\0';
	if (inet_pton(AF_INET, text, a->ip) != 1)
		return -1;
	a->family = AF_INET;
	return 0;
}

/* RFC 4291, 2.2.  A zone ("%em0") says nothing to a list, RFC 4007, 11. */
static int
addr_v6(struct addr *a, const char *s, size_t len)
{
	char		 text[INET6_ADDRSTRLEN];
	const char	*zone;

	if ((zone = memchr(s, '%', len)) != NULL)
		len = (size_t)(zone - s);
	if (len >= sizeof(text))
		return -1;
	memcpy(text, s, len);
	text[len] = '\0';
	if (inet_pton(AF_INET6, text, a->ip) != 1)
		return -1;
	a->family = AF_INET6;
	/* RFC 4291, 2.5.5.2 */
	if (memcmp(a->ip, mapped, sizeof(mapped)) == 0) {
		memmove(a->ip, a->ip + sizeof(mapped), 4);
		memset(a->ip + 4, 0, sizeof(mapped));
		a->family = AF_INET;
	}
	return 0;
}

static int
addr_port(struct addr *a, const char *s)
{
	const char	*why;

	if (*s < '0' || *s > '9')	/* strtonum takes blanks and signs */
		return -1;
	a->port = (uint16_t)strtonum(s, 0, UINT16_MAX, &why);
	return why == NULL ? 0 : -1;
}

static int
addr_scan(struct addr *a, const char *s)
{
	const char	*p;

	if (*s == '[') {
		s++;
		if ((p = strchr(s, ']')) == NULL)
			return -1;
		if (strncasecmp(s, "IPv6:", 5) == 0)
			s += 5;
		if (addr_v6(a, s, (size_t)(p - s)) == -1)
			return -1;
		if (p[1] == '\0')
			return 0;
		return p[1] == ':' ? addr_port(a, p + 2) : -1;
	}
	if (strncasecmp(s, "IPv6:", 5) == 0)	/* RFC 5321, 4.1.3 */
		return addr_v6(a, s + 5, strlen(s + 5));
	if ((p = strchr(s, ':')) == NULL)
		return addr_v4(a, s, strlen(s));
	if (strchr(p + 1, ':') != NULL)
		return addr_v6(a, s, strlen(s));
	if (addr_v4(a, s, (size_t)(p - s)) == -1)
		return -1;
	return addr_port(a, p + 1);
}

int
addr_parse(struct addr *a, const char *s)
{
	memset(a, 0, sizeof(*a));
	if (addr_scan(a, s) == 0)
		return 0;
	memset(a, 0, sizeof(*a));
	a->family = AF_UNSPEC;
	return -1;
}

const char *
addr_print(const struct addr *a, char buf[ADDR_STRLEN])
{
	if (a->family == AF_UNSPEC ||
	    inet_ntop(a->family, a->ip, buf, ADDR_STRLEN) == NULL)
		(void)strlcpy(buf, "-", ADDR_STRLEN);
	return buf;
}

int
addr_is_loopback(const struct addr *a)
{
	static const uint8_t	 loopback[16] = { [15] = 1 };

	if (a->family == AF_INET)
		return a->ip[0] == 127;
	return a->family == AF_INET6 &&
	    memcmp(a->ip, loopback, sizeof(loopback)) == 0;
}

int
addr_is_private(const struct addr *a)
{
	const uint8_t	*ip = a->ip;

	if (addr_is_loopback(a))
		return 1;
	if (a->family == AF_INET)
		return ip[0] == 10 ||			/* RFC 1918, 3 */
		    (ip[0] == 172 && (ip[1] & 0xf0) == 16) ||
		    (ip[0] == 192 && ip[1] == 168) ||
		    (ip[0] == 169 && ip[1] == 254);	/* RFC 3927, 2.1 */
	return a->family == AF_INET6 &&
	    ((ip[0] & 0xfe) == 0xfc ||			/* RFC 4193, 3.1 */
	    (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80));	/* RFC 4291, 2.5.6 */
}

int
addr_equal(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family || a->family == AF_UNSPEC)
		return 0;
	return memcmp(a->ip, b->ip, a->family == AF_INET ? 4 : 16) == 0;
}
