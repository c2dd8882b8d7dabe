/* SPDX-License-Identifier: ISC */
/*
 * Domain names, as RFC 6376 and RFC 8616 want them in a signature: A-labels.
 * Takes what the DNS can hold and a tag of a signature can, underscores too;
 * -1 for all others, for bytes that are not UTF-8, and if memory is out.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <idn2.h>

#include "author.h"

/* RFC 1035, 2.3.4; without the dot at the end, as text */
#define LABEL_MAX	63
#define NAME_MAX_LEN	253

/* UTF-8 of any name that still fits is not longer. */
#define UTF8_MAX	1024

static int
is_label(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    c == '-' || c == '_';
}

/* ASCII to lower case, if it is a name. */
static int
domain_ascii(const char *name, size_t len, char out[AUTHOR_DOMAIN])
{
	size_t i, label = 0;

	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || len > NAME_MAX_LEN)
		return -1;
	for (i = 0; i < len; i++) {
		out[i] = (char)tolower((unsigned char)name[i]);
		if (out[i] == '.' ? label == 0 : !is_label(out[i]) ||
		    label == LABEL_MAX)
			return -1;
		label = out[i] == '.' ? 0 : label + 1;
	}
	out[len] = '\0';
	return label > 0 ? 0 : -1;
}

/* RFC 5891, 4, after the mapping of UTS 46, as browsers do. */
static int
domain_utf8(const char *name, size_t len, char out[AUTHOR_DOMAIN])
{
	char *ascii = NULL, utf8[UTF8_MAX + 1];
	int status;

	if (len > UTF8_MAX || memchr(name, '\0', len) != NULL)
		return -1;
	memcpy(utf8, name, len);
	utf8[len] = '\0';
	status = idn2_to_ascii_8z(utf8, &ascii,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (status != IDN2_OK)
		return -1;
	status = domain_ascii(ascii, strlen(ascii), out);
	idn2_free(ascii);
	return status;
}

int
author_domain(const char *name, size_t len, char out[AUTHOR_DOMAIN])
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)name[i] > 127)
			return domain_utf8(name, len, out);
	return domain_ascii(name, len, out);
}

int
author_below(const char *name, const char *domain)
{
	size_t len = strlen(name), tail = strlen(domain);
	const char *p;
	int labels = 0;

	if (len < tail || strcmp(name + len - tail, domain) != 0 ||
	    (len > tail && (len == tail + 1 || name[len - tail - 1] != '.')))
		return -1;
	for (p = name; p < name + len - tail; p++)
		if (*p == '.')
			labels++;
	return labels;
}
