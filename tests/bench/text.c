/* SPDX-License-Identifier: ISC */
/*
 * See text.h.  A line is compared each time that one comes back: where its
 * number is, is known beforehand.
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

struct line {
	const char	*p;
	size_t		 len;
	size_t		 number;	/* where it is; len: there is none */
};

const char		*text;
size_t			 text_lines;
static struct line	*line_at;

static const char	header[] =
    "Received: from client.example (mx.example [192.0.2.1])\n"
    "\tby mx.example.org (OpenSMTPD) with ESMTP id 30025a01\n"
    "\tfor <alice@example.org>;\n"
    "\tSat, 21 Nov 2026 12:00:00 +0000 (UTC)\n"
    "From: Joe Smith <joe@example.org>\n"
    "To: Alice Miller <alice@example.com>, bob@example.net\n"
    "Subject: The minutes of our meeting last Tuesday, and what is to do\n"
    "Date: Tue, 03 Feb 2026 10:11:12 +0100\n"
    "Message-ID: <20260203.10." TEXT_BLANK "@mail.example.org>\n"
    "MIME-Version: 1.0\n"
    "Content-Type: text/plain; charset=utf-8\n"
    "Content-Transfer-Encoding: 8bit\n"
    "User-Agent: Example Mail 1.0\n"
    "\n";

static void
line_find(struct line *l, const char *p, size_t len)
{
	size_t	 i;

	l->p = p;
	l->len = l->number = len;
	for (i = 0; i + TEXT_DIGITS <= len; i++)
		if (memcmp(p + i, TEXT_BLANK, TEXT_DIGITS) == 0) {
			l->number = i;
			break;
		}
}

static void
lines_find(void)
{
	const char	*p, *nl;
	size_t		 n = 0;

	for (p = text; (nl = strchr(p, '\n')) != NULL; p = nl + 1)
		n++;
	if ((line_at = calloc(n + 1, sizeof(*line_at))) == NULL)
		err(1, "calloc");
	for (p = text; (nl = strchr(p, '\n')) != NULL; p = nl + 1)
		line_find(&line_at[text_lines++], p, (size_t)(nl - p));
}

void
text_read(const char *path)
{
	FILE	*fp;
	char	*all = NULL;
	size_t	 size = 0;

	if ((fp = fopen(path, "r")) == NULL ||
	    getdelim(&all, &size, '\0', fp) == -1)
		err(1, "%s", path);
	(void)fclose(fp);
	text = all;
	lines_find();
}

void
text_make(size_t size)
{
	static const char	words[] = "Point " TEXT_BLANK ": so all of "
	    "this will be looked at again by Friday  noon.\n";
	size_t			len = sizeof(header) - 1;
	char			*all;

	if ((all = malloc(size + sizeof(header) + sizeof(words))) == NULL)
		err(1, "malloc");
	memcpy(all, header, len);
	while (len < size) {
		memcpy(all + len, words, sizeof(words) - 1);
		len += sizeof(words) - 1;
	}
	all[len] = '\0';
	text = all;
	lines_find();
}

int
text_is(size_t i, const char *line, size_t len, const char digits[TEXT_DIGITS])
{
	const struct line	*l = &line_at[i];
	size_t			 at = l->number;

	if (i >= text_lines || len != l->len || memcmp(line, l->p, at) != 0)
		return 0;
	return at == len || (memcmp(line + at, digits, TEXT_DIGITS) == 0 &&
	    memcmp(line + at + TEXT_DIGITS, l->p + at + TEXT_DIGITS,
	    len - at - TEXT_DIGITS) == 0);
}
