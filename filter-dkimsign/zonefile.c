/* SPDX-License-Identifier: ISC */
/*
 * See zonefile.h.  Words are taken from the lines one by one; a record is all
 * of them up to the end of a line that is not inside of parentheses.  Linear.
 * NULL after logging where and why: an open quote or parenthesis, a record
 * that is too long, a line that is none.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "compat.h"
#include "dns.h"
#include "log.h"
#include "textfile.h"
#include "zonefile.h"

#define WORDS		300
#define WORD_BYTES	65536

struct rr {
	struct rr	*next;
	char		*name;
	int		 cname;
	char		*data;		/* the text, or the target */
	size_t		 len;
};

struct zonefile {
	struct rr	*first, **last;
	char		 origin[256], owner[256];
};

/* A record on its way. */
struct words {
	char		*word[WORDS];
	size_t		 len[WORDS];
	size_t		 n, used;
	int		 depth;		/* of parentheses */
	int		 blank;		/* the line begins with a blank */
	char		 bytes[WORD_BYTES];
};

static const char *
byte_add(struct words *w, int c)
{
	if (w->used == sizeof(w->bytes))
		return "the record is too long";
	w->bytes[w->used++] = (char)c;
	return NULL;
}

/* What follows a '\': three digits, or the character.  RFC 1035, 5.1 */
static int
escape_take(const char **p)
{
	const char	*s = *p;
	int		 c = 0, i;

	for (i = 0; i < 3 && s[i] >= '0' && s[i] <= '9'; i++)
		c = 10 * c + s[i] - '0';
	if (i == 3 && c < 256) {
		*p += 3;
		return c;
	}
	if (*s != '\0')
		(*p)++;
	return (unsigned char)*s;
}

static const char *
word_take(struct words *w, const char **p)
{
	const char	*s = *p, *why = NULL;
	int		 quoted = *s == '"', c;

	if (w->n == WORDS)
		return "the record is too long";
	w->word[w->n] = w->bytes + w->used;
	for (s += quoted; *s != '\0' && why == NULL; ) {
		if (quoted ? *s == '"' : strchr(" \t\r;()\"", *s) != NULL)
			break;
		c = (unsigned char)*s++;
		why = byte_add(w, c == '\\' ? escape_take(&s) : c);
	}
	if (quoted && *s != '"' && why == NULL)
		why = "a quote is open";
	*p = *s == '\0' ? s : s + quoted;
	w->len[w->n] = (size_t)(w->bytes + w->used - w->word[w->n]);
	w->n++;
	return why != NULL ? why : byte_add(w, '\0');
}

static const char *
line_take(struct words *w, const char *s)
{
	const char	*why = NULL;

	if (w->n == 0 && w->depth == 0)
		w->blank = *s == ' ' || *s == '\t';
	while (why == NULL && *(s += strspn(s, " \t\r")) != '\0' && *s != ';')
		if (*s == '(') {
			w->depth++;
			s++;
		} else if (*s == ')') {
			if (w->depth-- == 0)
				why = "a ')' too many";
			s++;
		} else {
			why = word_take(w, &s);
		}
	return why;
}

/* Below the origin if it does not end with a '.'; lower case is not needed. */
static int
name_whole(const struct zonefile *z, const char *name, char out[256])
{
	size_t	 len = strlen(name);
	int	 n;

	if (strcmp(name, "@") == 0)
		n = snprintf(out, 256, "%s", z->origin);
	else if (len > 0 && name[len - 1] == '.')
		n = snprintf(out, 256, "%.*s", (int)len - 1, name);
	else
		n = snprintf(out, 256, "%s%s%s", name,
		    z->origin[0] == '\0' ? "" : ".", z->origin);
	return n < 0 || n >= 256 ? -1 : 0;
}

static const char *
origin_set(struct zonefile *z, const char *name)
{
	char	 whole[256];

	if (name_whole(z, name, whole) == -1)
		return "not a name";
	(void)strlcpy(z->origin, whole, sizeof(z->origin));
	return NULL;
}

static const char *
rr_add(struct zonefile *z, int cname, const char *data, size_t len)
{
	struct rr	*rr;

	if ((rr = calloc(1, sizeof(*rr))) == NULL)
		return "out of memory";
	*z->last = rr;
	z->last = &rr->next;
	rr->cname = cname;
	rr->len = len;
	if ((rr->name = strdup(z->owner)) == NULL ||
	    (rr->data = malloc(len + 1)) == NULL)
		return "out of memory";
	memcpy(rr->data, data, len);
	rr->data[len] = '\0';
	return NULL;
}

/* All words from i on are the strings of one text. */
static const char *
txt_add(struct zonefile *z, struct words *w, size_t i)
{
	char	*text = w->word[i];
	size_t	 len = 0;

	for (; i < w->n; i++) {
		if (w->len[i] > 255)
			return "a string is longer than 255 bytes";
		memmove(text + len, w->word[i], w->len[i]);
		len += w->len[i];
	}
	return rr_add(z, 0, text, len);
}

static int
is_ttl_or_class(const char *s)
{
	return (*s >= '0' && *s <= '9') || strcasecmp(s, "IN") == 0;
}

static const char *
record_end(struct zonefile *z, struct words *w)
{
	char	 target[256];
	size_t	 i = 0;

	if (w->n >= 2 && strcasecmp(w->word[0], "$ORIGIN") == 0)
		return origin_set(z, w->word[1]);
	if (w->n == 0 || w->word[0][0] == '$')
		return NULL;
	if (!w->blank && name_whole(z, w->word[i++], z->owner) == -1)
		return "not a name";
	while (i < w->n && is_ttl_or_class(w->word[i]))
		i++;
	if (i + 1 >= w->n)
		return NULL;
	if (strcasecmp(w->word[i], "TXT") == 0)
		return txt_add(z, w, i + 1);
	if (strcasecmp(w->word[i], "CNAME") == 0)
		return name_whole(z, w->word[i + 1], target) == -1 ?
		    "not a name" : rr_add(z, 1, target, strlen(target));
	return NULL;
}

/* Returns 0, or -1 after logging why. */
static int
file_take(struct zonefile *z, FILE *fp, const char *path, struct words *w)
{
	static char	 line[TEXTFILE_LINE];
	const char	*why;
	unsigned int	 number = 0;
	int		 more;

	for (;;) {
		more = textfile_line(fp, line, &why);
		if (!more && w->depth == 0)
			break;
		number += more;
		if (!more)
			why = "a '(' is open";
		else if (why == NULL)
			why = line_take(w, line);
		if (why == NULL && w->depth == 0) {
			why = record_end(z, w);
			w->n = w->used = 0;
		}
		if (why != NULL) {
			log_warnx("%s:%u: %s", path, number, why);
			return -1;
		}
	}
	if (!ferror(fp))
		return 0;
	log_warn("%s", path);
	return -1;
}

struct zonefile *
zonefile_load(const char *path, const char *origin)
{
	struct zonefile	*z;
	struct words	*w = NULL;
	struct stat	 st;
	FILE		*fp;
	int		 bad = -1;

	if ((fp = textfile_open(path, &st)) == NULL)
		return NULL;
	if ((z = calloc(1, sizeof(*z))) == NULL ||
	    (w = calloc(1, sizeof(*w))) == NULL) {
		log_warn("%s", path);
	} else {
		z->last = &z->first;
		(void)strlcpy(z->origin, origin, sizeof(z->origin));
		bad = file_take(z, fp, path, w);
	}
	(void)fclose(fp);	/* nothing was written */
	free(w);
	if (bad == 0)
		return z;
	zonefile_free(z);
	return NULL;
}

void
zonefile_free(struct zonefile *z)
{
	struct rr	*rr;

	if (z == NULL)
		return;
	while ((rr = z->first) != NULL) {
		z->first = rr->next;
		free(rr->name);
		free(rr->data);
		free(rr);
	}
	free(z);
}

/* Returns the CNAME that is there instead, or NULL. */
static const struct rr *
records_take(const struct zonefile *z, const char *name, struct dns_answer *a)
{
	const struct rr	*rr, *cname = NULL;

	for (rr = z->first; rr != NULL; rr = rr->next) {
		if (strcasecmp(rr->name, name) != 0)
			continue;
		if (rr->cname)
			cname = rr;
		else if (dns_answer_add(a, rr->data, rr->len) == -1)
			return NULL;
	}
	return a->n > 0 ? NULL : cname;
}

void
zonefile_txt(const struct zonefile *z, const char *name, struct dns_answer *a)
{
	const struct rr	*cname;

	memset(a, 0, sizeof(*a));
	while ((cname = records_take(z, name, a)) != NULL &&
	    a->hops < DNS_HOPS) {
		a->hops++;
		(void)strlcpy(a->cname, cname->data, sizeof(a->cname));
		name = cname->data;
	}
	a->status = a->n > 0 ? DNS_FOUND : DNS_NONE;
	if (a->n == 0)
		(void)snprintf(a->why, sizeof(a->why), "%s%.100s%s%s",
		    a->hops > 0 ? "CNAME to " : "",
		    a->hops > 0 ? log_safe(a->cname) : "",
		    a->hops > 0 ? ": " : "", cname != NULL ?
		    "too many CNAMEs" : "not in the zone file");
}
