/* SPDX-License-Identifier: ISC */
/*
 * Key records as DNS servers and web forms want them.  The bind form is that
 * of opendkim-genkey, byte by byte.  NULL: out of memory.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

/* Of p=, in a line of opendkim-genkey. */
#define PIECE	250

const char *const	 record_forms[RECORD_FORM_MAX + 1] = {
	[RECORD_BIND] = "bind", [RECORD_ONELINE] = "oneline",
	[RECORD_NSD] = "nsd", [RECORD_TINYDNS] = "tinydns",
	[RECORD_JSON] = "json", NULL
};

static void
owner_print(FILE *fp, const struct record_place *at)
{
	(void)fprintf(fp, "%s._domainkey", at->selector);
	if (at->absolute)
		(void)fprintf(fp, ".%s.", at->domain);
}

/* In pieces of n bytes, each in quotes; sep is between them. */
static void
strings_print(FILE *fp, const char *s, size_t len, size_t n, const char *sep)
{
	size_t	 i;

	for (i = 0; i < len; i += n)
		(void)fprintf(fp, "%s\"%.*s\"", i == 0 ? "" : sep,
		    (int)(len - i < n ? len - i : n), s + i);
}

static void
bind_print(FILE *fp, const char *text, size_t p, const struct record_place *at)
{
	size_t	 len = strlen(text) - p;
	size_t	 first = len > PIECE + 2 ? PIECE + 2 : len;

	owner_print(fp, at);
	(void)fputs("\tIN\tTXT\t( ", fp);
	strings_print(fp, text, p, PIECE, "\n\t  ");
	/* The first piece has "p=" besides. */
	(void)fprintf(fp, "\n\t  \"%.*s\"", (int)first, text + p);
	if (len > first)
		(void)fputs("\n\t  ", fp);
	strings_print(fp, text + p + first, len - first, PIECE, "\n\t  ");
	(void)fprintf(fp, " )  ; ----- DKIM key %s for %s\n", at->selector,
	    at->domain);
}

/* What tinydns-data would take for the end of a field, in octal. */
static void
tinydns_print(FILE *fp, const char *text, const struct record_place *at)
{
	(void)fprintf(fp, "'%s._domainkey.%s:", at->selector, at->domain);
	for (; *text != '\0'; text++)
		if (*text == ':' || *text == '\\')
			(void)fprintf(fp, "\\%03o", (unsigned int)*text);
		else
			(void)fputc(*text, fp);
	(void)fputs(":3600\n", fp);
}

/* Nothing in it has to be escaped: names, base64, and a note as it encodes. */
static void
json_print(FILE *fp, const char *text, const struct record_place *at)
{
	(void)fprintf(fp, "{\"name\": \"%s._domainkey.%s\", \"type\": \"TXT\", "
	    "\"value\": \"%s\", \"strings\": [", at->selector, at->domain,
	    text);
	strings_print(fp, text, strlen(text), RECORD_STRING, ", ");
	(void)fputs("]}\n", fp);
}

char *
record_print(const struct record *r, const struct record_place *at,
    enum record_form form)
{
	char	 text[RECORD_TEXT], *out = NULL;
	size_t	 len;
	FILE	*fp;
	int	 n, bad;

	if ((n = record_make(r, text)) == -1 ||
	    (fp = open_memstream(&out, &len)) == NULL)
		return NULL;
	if (form == RECORD_BIND) {
		bind_print(fp, text, (size_t)n - strlen(r->p) - 2, at);
	} else if (form == RECORD_NSD) {
		owner_print(fp, at);
		(void)fputs("\tIN\tTXT\t", fp);
		strings_print(fp, text, (size_t)n, RECORD_STRING, " ");
		(void)fputc('\n', fp);
	} else if (form == RECORD_TINYDNS) {
		tinydns_print(fp, text, at);
	} else if (form == RECORD_JSON) {
		json_print(fp, text, at);
	} else {
		(void)fprintf(fp, "%s\n", text);
	}
	bad = ferror(fp);
	if (fclose(fp) != 0 || bad) {
		free(out);
		return NULL;
	}
	return out;
}
