/* SPDX-License-Identifier: ISC */
/*
 * See rows.h.  Mistakes are logged with file and line; nothing exits, as a
 * reload comes here too.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "log.h"
#include "rows.h"
#include "sandbox.h"
#include "stamp.h"
#include "textfile.h"

#define BLANKS	" \t\r"

int
place_warn(const struct place *at, const char *fmt, ...)
{
	char	 why[1024];
	va_list	 ap;

	va_start(ap, fmt);
	/* Cut is fine: the line says where it is. */
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (at->line != 0)
		log_warnx("%s:%u: %s", at->name, at->line, why);
	else
		log_warnx("%s: %s", at->name, why);
	return -1;
}

int
stamps_add(struct stamps *s, const char *path)
{
	struct stamp	*list;

	if ((list = reallocarray(s->list, s->n + 1, sizeof(*list))) == NULL)
		return -1;
	s->list = list;
	if ((list[s->n].path = strdup(path)) == NULL)
		return -1;
	stamp_take(path, &list[s->n].st);
	s->n++;
	return 0;
}

int
stamps_changed(const struct stamps *s)
{
	const struct stat	*old;
	struct stat		 now;
	size_t			 i;

	for (i = 0; i < s->n; i++) {
		old = &s->list[i].st;
		stamp_take(s->list[i].path, &now);
		if (!stamp_same(&now, old))
			return 1;
	}
	return 0;
}

void
stamps_free(struct stamps *s)
{
	while (s->n > 0)
		free(s->list[--s->n].path);
	free(s->list);
	s->list = NULL;
}

int
rows_open(struct rows *r, const char *path, struct stamps *s)
{
	memset(r, 0, sizeof(*r));
	r->at.name = path;
	sandbox_path(path, "r");
	/* Before it is read: a change meanwhile is seen later. */
	if (stamps_add(s, path) == -1 ||
	    (r->line = malloc(TEXTFILE_LINE)) == NULL) {
		log_warn("%s", path);
		return -1;
	}
	if ((r->fp = textfile_open(path, &r->st)) == NULL) {
		free(r->line);
		return -1;
	}
	return 0;
}

/* Ends the row where its comment begins, or else at its last blanks. */
static char *
row_trim(char *line)
{
	char	*p;

	for (p = line; *p != '\0'; p++) {
		if (*p == '#' && (p == line || p[-1] == ' ' || p[-1] == '\t'))
			break;
	}
	while (p > line && strchr(BLANKS, p[-1]) != NULL)
		p--;
	*p = '\0';
	return line + strspn(line, BLANKS);
}

char *
rows_next(struct rows *r)
{
	const char	*why;
	char		*row;

	while (textfile_line(r->fp, r->line, &why)) {
		r->at.line++;
		if (why != NULL) {
			r->bad = place_warn(&r->at, "%s", why);
			continue;
		}
		if (*(row = row_trim(r->line)) != '\0')
			return row;
	}
	return NULL;
}

int
rows_close(struct rows *r)
{
	if (ferror(r->fp)) {
		log_warn("%s", r->at.name);
		r->bad = -1;
	}
	(void)fclose(r->fp);	/* only read */
	free(r->line);
	return r->bad;
}

char *
rows_word(char **rest)
{
	char	*word = *rest + strspn(*rest, BLANKS);
	size_t	 len = strcspn(word, BLANKS);

	if (len == 0)
		return NULL;
	*rest = word + len;
	if (**rest != '\0')
		*(*rest)++ = '\0';
	return word;
}

void
rows_lower(char *s)
{
	for (; *s != '\0'; s++)
		*s = (char)tolower((unsigned char)*s);
}
