/* SPDX-License-Identifier: ISC */
/*
 * Is a DKIM-Signature field legal, RFC 6376, 3.2 and 3.5, and folded as we do
 * it?  Slow, and without a line of the code that writes it.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "siglint.h"

#define BASE64	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
			"0123456789+/"

/* Is the line a tab and one word, d=, s=, i= or a name of h=? */
static int
lint_word(const char *line, size_t len)
{
	size_t	 colon = strcspn(line, ":");

	if (memchr(line, ' ', len) != NULL)
		return 0;
	return (strchr("dsi", line[1]) != NULL && line[2] == '=') ||
	    (strchr(":;", line[len - 1]) != NULL && colon >= len - 1 &&
	    memchr(line, '=', len) == NULL && memchr(line, '|', len) == NULL);
}

/* Lines: 78 columns unless one word is longer; no blanks where none may be. */
static const char *
lint_lines(const char *field)
{
	const char	*end, *line = field;
	size_t		 len;

	for (; *line != '\0'; line = end + (*end == '\n')) {
		end = line + strcspn(line, "\n");
		len = (size_t)(end - line);
		if (line != field && (*line != '\t' || len < 2))
			return "a fold is LF, a tab and something";
		if (line != field && (line[1] == ' ' || line[1] == '\t'))
			return "a line begins with more than a tab";
		if (end[-1] == ' ' || end[-1] == '\t')
			return "a line ends in a blank";
		if (len + 7 > 998)	/* a tab is 8 */
			return "a line longer than 998 columns";
		if (line == field ? len > 78 :
		    len + 7 > 78 && !lint_word(line, len))
			return "a line longer than 78 columns";
	}
	return NULL;
}

char *
siglint_tag(const char *field, const char *name, const char *after)
{
	const char	*end, *p = strchr(field, ':') + 1, *value = NULL;
	size_t		 len = strlen(name), n = 0;
	char		*out;

	for (; p != NULL; p = *end == ';' ? end + 1 : NULL) {
		end = p + strcspn(p, ";");
		p += strspn(p, " \t\n");
		if (strncmp(p, name, len) != 0 || p[len] != '=')
			continue;
		if (value != NULL)
			return NULL;
		value = p + len + 1;
	}
	if (value == NULL || (out = malloc(strlen(value) + 1)) == NULL)
		return NULL;
	for (p = value; *p != ';' && *p != '\0'; p++) {
		if (strchr(" \t\n", *p) == NULL)
			out[n++] = *p;
		else if (*p == '\n' && p != value && after != NULL &&
		    strchr(after, p[-1]) == NULL) {
			free(out);
			return NULL;
		}
	}
	out[n] = '\0';
	return out;
}

static int
lint_base64(const char *s, size_t want)
{
	size_t	 len = strspn(s, BASE64), pad = strspn(s + len, "=");

	return s[len + pad] == '\0' && pad <= 2 && (len + pad) % 4 == 0 &&
	    len + pad > 0 && (want == 0 || len + pad == want);
}

/* dkim-quoted-printable, RFC 6376, 2.11 */
static int
lint_quoted(const char *s, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++) {
		if (s[i] <= 32 || s[i] == 127 || s[i] == ';')
			return 0;
		if (s[i] != '=')
			continue;
		if (i + 2 >= len ||
		    strchr("0123456789ABCDEF", s[i + 1]) == NULL ||
		    strchr("0123456789ABCDEF", s[i + 2]) == NULL)
			return 0;
		i += 2;
	}
	return 1;
}

/* Folds of z= are nowhere in a "=XX", nor in a name. */
static const char *
lint_copies(const char *field)
{
	const char	*colon, *p, *q;
	int		 name = 1;

	if ((p = strstr(field, "\tz=")) == NULL)
		return NULL;
	for (p += 3; *p != ';'; p++) {
		if (name) {
			p += strspn(p, "\n\t");
			colon = p + strcspn(p, ":|;=\n\t ");
			if (*colon != ':' || colon == p)
				return "z=: not a name";
			p = colon;
			name = 0;
		} else if (*p == '|')
			name = 1;
		else if (*p == '=') {
			if (p[1] == '\n' || p[2] == '\n')
				return "z=: a fold in \"=XX\"";
			for (q = p - 1; strchr("\n\t", *q) != NULL; q--)
				;
			if (*q == 'b')
				return "z=: \"b=\" in it";
		}
	}
	return NULL;
}

static const char *
lint_values(char *v[])
{
	char	*from = v[5], *p;

	if (strcmp(v[0], "1") != 0)
		return "v=";
	if (strcmp(v[1], "rsa-sha256") != 0 &&
	    strcmp(v[1], "ed25519-sha256") != 0)
		return "a=";
	if (strspn(v[2], "abcdefghijklmnopqrstuvwxyz/") != strlen(v[2]))
		return "c=";
	if (*v[3] == '\0' || *v[4] == '\0')
		return "d= or s= empty";
	for (; from != NULL; from = strchr(from, ':')) {
		from += *from == ':';
		if (strncmp(from, "from", 4) == 0 &&
		    (from[4] == ':' || from[4] == '\0'))
			break;
	}
	if (from == NULL)
		return "no from in h=";
	if (*v[5] == ':' || strstr(v[5], "::") != NULL ||
	    v[5][strlen(v[5]) - 1] == ':')
		return "an empty name in h=";
	for (p = v[5]; *p != '\0'; p++)
		if (*p <= 32 || *p == 127 || isupper((unsigned char)*p))
			return "h=";
	if (!lint_base64(v[6], 44))
		return "bh=";
	return lint_base64(v[7], 0) ? NULL : "b=";
}

/* t=, x=, i= and z=, if they are there. */
static const char *
lint_optional(const char *field, const char *domain)
{
	char		*i, *t, *x, *z;
	const char	*why = NULL;
	size_t		 len;

	t = siglint_tag(field, "t", "");
	x = siglint_tag(field, "x", "");
	i = siglint_tag(field, "i", "");
	z = siglint_tag(field, "z", NULL);
	if ((t != NULL && (strlen(t) > 12 || t[strspn(t, "0123456789")])) ||
	    (x != NULL && (strlen(x) > 12 || x[strspn(x, "0123456789")])))
		why = "t= or x=";
	else if (t != NULL && x != NULL && atoll(x) <= atoll(t))
		why = "x= is not after t=";
	else if (z != NULL && !lint_quoted(z, strlen(z)))
		why = "z=";
	else if (i != NULL) {
		len = strlen(i);
		if (strchr(i, '@') == NULL || len < strlen(domain) + 1 ||
		    strcasecmp(i + len - strlen(domain), domain) != 0 ||
		    strchr("@.", i[len - strlen(domain) - 1]) == NULL ||
		    !lint_quoted(i, len))
			why = "i=";
	}
	free(i);
	free(t);
	free(x);
	free(z);
	return why;
}

const char *
siglint(const char *field)
{
	static const char *const names[] = {
		"v", "a", "c", "d", "s", "h", "bh", "b",
	};
	char		*v[8];
	const char	*why;
	size_t		 i;

	if (strncmp(field, "DKIM-Signature: v=1; a=", 23) != 0)
		return "it begins with v= and a=";
	if ((why = lint_lines(field)) != NULL)
		return why;
	for (i = 0; i < 8; i++) {
		v[i] = siglint_tag(field, names[i], i < 5 ? "" :
		    i == 5 ? ":" : NULL);
		if (v[i] == NULL)
			why = names[i];
	}
	if (why == NULL && (why = lint_values(v)) == NULL)
		why = lint_optional(field, v[3]);
	for (i = 0; i < 8; i++)
		free(v[i]);
	if (why == NULL && strrchr(field, ';') + 2 != strstr(field, "\tb="))
		why = "b= is not the last";
	return why != NULL ? why : lint_copies(field);
}
