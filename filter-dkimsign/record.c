/* SPDX-License-Identifier: ISC */
/*
 * See record.h.  A tag list is read as RFC 6376, 3.2 has it: unknown tags are
 * skipped, one that is there twice makes the whole list wrong.  Linear.
 */

#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "record.h"

enum tag { TAG_V, TAG_H, TAG_K, TAG_N, TAG_P, TAG_S, TAG_T, TAG_MAX };

static const char	 tag_names[TAG_MAX + 1] = "vhknpst";

struct text {
	const char	*s;
	size_t		 len;
};

static int
is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct text
text_trim(struct text t)
{
	while (t.len > 0 && is_blank((unsigned char)t.s[0])) {
		t.s++;
		t.len--;
	}
	while (t.len > 0 && is_blank((unsigned char)t.s[t.len - 1]))
		t.len--;
	return t;
}

static int
text_is(struct text t, const char *word)
{
	return t.len == strlen(word) && memcmp(t.s, word, t.len) == 0;
}

/* Cuts off what is before the next c, or all; NULL: nothing is left. */
static struct text
text_cut(struct text *t, int c)
{
	struct text	 head = *t;
	const char	*p;

	if ((p = memchr(t->s, c, t->len)) == NULL) {
		t->s = NULL;
		t->len = 0;
	} else {
		head.len = (size_t)(p - t->s);
		t->s += head.len + 1;
		t->len -= head.len + 1;
	}
	return text_trim(head);
}

/* Is the word in a list with colons? */
static int
list_has(struct text list, const char *word)
{
	while (list.s != NULL)
		if (text_is(text_cut(&list, ':'), word))
			return 1;
	return 0;
}

/* RFC 6376, 3.2: ALPHA *(ALPHA / DIGIT / "_") */
static int
name_good(struct text name)
{
	size_t	 i;
	int	 c;

	for (i = 0; i < name.len; i++) {
		c = (unsigned char)name.s[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (i > 0 && ((c >= '0' && c <= '9') || c == '_'))))
			return 0;
	}
	return name.len > 0;
}

static int
has_control(struct text t)
{
	size_t	 i;
	int	 c;

	for (i = 0; i < t.len; i++) {
		c = (unsigned char)t.s[i];
		if ((c < ' ' || c == 127) && !is_blank(c))
			return 1;
	}
	return 0;
}

static const char *
tag_take(struct text tags[TAG_MAX], struct text spec, int first)
{
	struct text	 name;
	const char	*p;

	name = text_cut(&spec, '=');
	if (spec.s == NULL || !name_good(name))
		return "not a list of tags";
	if (name.len != 1 || (p = strchr(tag_names, name.s[0])) == NULL)
		return NULL;
	if (tags[p - tag_names].s != NULL)
		return "a tag is there twice";
	if (p - tag_names == TAG_V && !first)
		return "v= is not the first tag";
	tags[p - tag_names] = text_trim(spec);
	return NULL;
}

static const char *
tags_take(struct text tags[TAG_MAX], struct text all)
{
	struct text	 spec;
	const char	*why;
	int		 first = 1;

	if (has_control(all))
		return "a control byte is in it";
	all = text_trim(all);
	while (all.s != NULL) {
		spec = text_cut(&all, ';');
		/* A ';' may end the list. */
		if (spec.len == 0 && (all.s == NULL ||
		    text_trim(all).len == 0))
			break;
		if ((why = tag_take(tags, spec, first)) != NULL)
			return why;
		first = 0;
	}
	return NULL;
}

static const char *
p_take(struct record *r, struct text p)
{
	size_t	 i, len = 0;
	int	 c;

	for (i = 0; i < p.len; i++) {
		c = (unsigned char)p.s[i];
		if (is_blank(c))
			continue;
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '+' || c == '/' ||
		    c == '='))
			return "p= is not base64";
		if (len + 1 == sizeof(r->p))
			return "p= is too long";
		r->p[len++] = (char)c;
	}
	return NULL;
}

const char *
record_parse(struct record *r, const char *s, size_t len)
{
	struct text	 tags[TAG_MAX], all = { s, len };
	const char	*why;

	memset(r, 0, sizeof(*r));
	memset(tags, 0, sizeof(tags));
	if ((why = tags_take(tags, all)) != NULL)
		return why;
	r->old = tags[TAG_V].s == NULL;
	if (!r->old && !text_is(tags[TAG_V], "DKIM1"))
		return "v= is not DKIM1";
	if (tags[TAG_P].s == NULL)
		return "it has no p=";
	r->type = RECORD_OTHER;
	if (tags[TAG_K].s == NULL || text_is(tags[TAG_K], "rsa"))
		r->type = RECORD_RSA;
	else if (text_is(tags[TAG_K], "ed25519"))
		r->type = RECORD_ED25519;
	r->sha256 = tags[TAG_H].s == NULL || list_has(tags[TAG_H], "sha256");
	r->email = tags[TAG_S].s == NULL || list_has(tags[TAG_S], "*") ||
	    list_has(tags[TAG_S], "email");
	r->testing = list_has(tags[TAG_T], "y");
	r->strict = list_has(tags[TAG_T], "s");
	if (tags[TAG_H].s != NULL)
		(void)snprintf(r->hashes, sizeof(r->hashes), "%.*s",
		    (int)tags[TAG_H].len, tags[TAG_H].s);
	return p_take(r, tags[TAG_P]);
}

/* RFC 6376, 2.11; and nothing that a zone file would have to escape. */
static void
note_encode(const char *note, char out[3 * 256])
{
	static const char	 hex[] = "0123456789ABCDEF";
	size_t			 n = 0;
	int			 c;

	for (; *note != '\0'; note++) {
		c = (unsigned char)*note;
		if (c >= ' ' && c < 127 && strchr(";=\"\\", c) == NULL) {
			out[n++] = (char)c;
		} else {
			out[n++] = '=';
			out[n++] = hex[c >> 4];
			out[n++] = hex[c & 15];
		}
	}
	out[n] = '\0';
}

int
record_make(const struct record *r, char text[RECORD_TEXT])
{
	char	 note[3 * sizeof(r->note)];
	int	 n;

	note_encode(r->note, note);
	n = snprintf(text, RECORD_TEXT,
	    "v=DKIM1; %s%s%s%s%s%sk=%s; %s%s%s%s%s%sp=%s",
	    note[0] != '\0' ? "n=" : "", note, note[0] != '\0' ? "; " : "",
	    r->hashes[0] != '\0' ? "h=" : "", r->hashes,
	    r->hashes[0] != '\0' ? "; " : "",
	    r->type == RECORD_ED25519 ? "ed25519" : "rsa",
	    r->testing || r->strict ? "t=" : "",
	    r->testing ? "y" : "", r->testing && r->strict ? ":" : "",
	    r->strict ? "s" : "", r->testing || r->strict ? "; " : "",
	    r->email_only ? "s=email; " : "", r->p);
	return n < 0 || n >= RECORD_TEXT ? -1 : n;
}
