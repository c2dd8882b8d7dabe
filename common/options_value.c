/* SPDX-License-Identifier: ISC */
/*
 * Durations and sizes as operators write them, exactly: no floating point.  A
 * codec.  Returns NULL, or why not; *out is then as it was.
 */

#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "options.h"

struct unit {
	char	 letter;
	int64_t	 factor;
};

/* The last one is what a number without a letter means. */
static const struct unit	 durations[] = {
	{ 'd', 86400000 }, { 'h', 3600000 }, { 'm', 60000 }, { 's', 1000 },
	{ '\0', 1000 }
};
static const struct unit	 sizes[] = {
	{ 'g', 1 << 30 }, { 'm', 1 << 20 }, { 'k', 1 << 10 }, { '\0', 1 }
};

static const struct unit *
unit_find(const struct unit *u, int c)
{
	while (u->letter != '\0' && u->letter != tolower(c))
		u++;
	return u;
}

/* Digits, with a fraction if frac, and one letter or none. */
static const char *
value_parse(const char *s, const struct unit *units, int frac, int64_t *out)
{
	const struct unit	*u;
	const char		*not_one = frac ?
	    "not a number, or one followed by s, m, h or d" :
	    "not a number, or one followed by k, m or g";
	int64_t			 n = 0, part = 0, scale = 1;
	int			 some = 0;

	if (*s == '-' && isdigit((unsigned char)s[1]))
		return "negative";
	if (!isdigit((unsigned char)*s))
		return not_one;
	for (; isdigit((unsigned char)*s); s++) {
		n = n * 10 + (*s - '0');
		if (n > INT32_MAX * INT64_C(1000))
			return "too large";
	}
	if (frac && s[0] == '.' && isdigit((unsigned char)s[1])) {
		/* Nine digits are less than a millisecond of any unit. */
		for (s++; isdigit((unsigned char)*s); s++) {
			some |= *s != '0';
			if (scale < 1000000000) {
				part = part * 10 + (*s - '0');
				scale *= 10;
			}
		}
	}
	u = unit_find(units, (unsigned char)*s);
	if (*s != '\0' && (u->letter == '\0' || s[1] != '\0'))
		return not_one;
	if (n > INT64_MAX / u->factor - 1)
		return "too large";
	n = n * u->factor + part * u->factor / scale;
	if (n == 0 && some)
		return "less than a millisecond";
	*out = n;
	return NULL;
}

const char *
options_duration(const char *s, int64_t *out_ms)
{
	return value_parse(s, durations, 1, out_ms);
}

const char *
options_size(const char *s, int64_t *out_bytes)
{
	return value_parse(s, sizes, 0, out_bytes);
}
