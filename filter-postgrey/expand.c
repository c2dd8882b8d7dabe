/* SPDX-License-Identifier: ISC */
/*
 * See expand.h.  A letter that has no value stays as it is; nothing fails.
 */

#include <string.h>

#include "expand.h"

const char *
expand_check(const char *text, const char *letters)
{
	for (; *text != '\0'; text++) {
		if (*text != '%')
			continue;
		text++;
		if (*text == '\0' ||
		    (*text != '%' && strchr(letters, *text) == NULL))
			return "a % letter that has no meaning here";
	}
	return NULL;
}

static const char *
find_value(const struct expansion *e, char letter)
{
	if (letter == '%')
		return "%";
	for (; e->letter != '\0'; e++)
		if (e->letter == letter)
			return e->value;
	return NULL;
}

void
expand(const char *text, const struct expansion *e, char *out, size_t size)
{
	const char	*value;
	size_t		 len = 0, n;

	for (; *text != '\0' && len + 1 < size; text++) {
		value = *text == '%' ? find_value(e, text[1]) : NULL;
		if (value == NULL) {
			out[len++] = *text;
			continue;
		}
		text++;
		n = strlen(value);
		if (n > size - 1 - len)
			n = size - 1 - len;
		memcpy(out + len, value, n);
		len += n;
	}
	out[len] = '\0';
}
