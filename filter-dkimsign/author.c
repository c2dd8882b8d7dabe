/* SPDX-License-Identifier: ISC */
/*
 * Who wrote it: see author.h.  The value is cut at commas, and the first piece
 * that has an address counts.  In it "<...>" beats everything else, since in
 * real life a display name has commas, colons, brackets and addresses in it.
 * Of what could be read in two ways the first one is taken.
 */

#include "compat.h"

#include <ctype.h>
#include <string.h>

#include "author.h"
#include "lexer.h"

/* A name in UTF-8 may be longer than its A-labels are. */
#define TEXT_MAX	1024

/* So many addresses with an impossible domain, and we stop looking. */
#define TRIES_MAX	64

struct text {
	size_t	 len;
	int	 over;			/* there was more, or a NUL */
	char	 buf[TEXT_MAX];
};

/* addr-spec, RFC 5322, 3.4.1 and 4.4, read word by word. */
struct spec {
	enum { SPEC_NONE, SPEC_LOCAL, SPEC_AT, SPEC_DOMAIN, SPEC_DONE } where;
	int		 dot;		/* what comes next belongs to it */
	int		 word;		/* has a local part */
	int		 impossible;	/* its domain is none */
	struct text	 local, domain;
};

struct mailboxes {
	struct lexer	 lx;
	struct spec	 bare, angle;
	int		 in_angle;
	int		 tries;
	int		 has_doubtful;
	struct author	 doubtful;	/* "a@example.org: ..." */
	struct author	*author;
};

static void
text_put(struct text *t, char c)
{
	if (t->len == sizeof(t->buf) || c == '\0')
		t->over = 1;
	else
		t->buf[t->len++] = c;
}

/* RFC 5322, 3.2.1: without the '\\' of a quoted-pair. */
static void
text_append(struct text *t, const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (p[i] == '\\' && i + 1 < len)
			i++;
		if (p[i] != '\n')
			text_put(t, p[i]);
	}
}

static void
text_clear(struct text *t)
{
	t->len = 0;
	t->over = 0;
}

static void
spec_clear(struct spec *s)
{
	s->where = SPEC_NONE;
	s->dot = s->word = s->impossible = 0;
	text_clear(&s->local);
	text_clear(&s->domain);
}

/* Something that is in no address: a phrase begins, or goes on. */
static void
spec_break(struct spec *s)
{
	if (s->where == SPEC_DOMAIN)
		s->where = SPEC_DONE;
	else if (s->where != SPEC_DONE)
		spec_clear(s);
}

static void
spec_word(struct spec *s, const struct lexer *lx)
{
	switch (s->where) {
	case SPEC_NONE:
	case SPEC_LOCAL:
		if (!s->dot)
			text_clear(&s->local);
		text_append(&s->local, lx->text, lx->text_len);
		s->where = SPEC_LOCAL;
		s->word = 1;
		break;
	case SPEC_DOMAIN:
		if (!s->dot) {
			s->where = SPEC_DONE;
			return;
		}
		/* FALLTHROUGH */
	case SPEC_AT:
		if (lx->last != TOKEN_WORD)
			s->impossible = 1;
		text_append(&s->domain, lx->text, lx->text_len);
		s->where = SPEC_DOMAIN;
		break;
	case SPEC_DONE:
		return;
	}
	s->dot = 0;
}

static void
spec_dot(struct spec *s)
{
	switch (s->where) {
	case SPEC_NONE:
	case SPEC_LOCAL:
		text_put(&s->local, '.');
		s->where = SPEC_LOCAL;
		break;
	case SPEC_AT:
	case SPEC_DOMAIN:
		text_put(&s->domain, '.');
		s->where = SPEC_DOMAIN;
		break;
	case SPEC_DONE:
		return;
	}
	s->dot = 1;
}

/* Of "a@b@example.org" the last one counts, of "a@@example.org" either. */
static void
spec_at(struct spec *s)
{
	if (s->where == SPEC_DONE || s->where == SPEC_AT)
		return;
	if (s->where == SPEC_DOMAIN) {
		text_put(&s->local, '@');
		text_append(&s->local, s->domain.buf, s->domain.len);
		text_clear(&s->domain);
		s->impossible = 0;
	}
	s->where = SPEC_AT;
	s->dot = 0;
}

static void
spec_token(struct spec *s, const struct lexer *lx)
{
	if (lx->last != TOKEN_CHAR)
		spec_word(s, lx);
	else if (*lx->text == '.')
		spec_dot(s);
	else if (*lx->text == '@')
		spec_at(s);
	else
		spec_break(s);
}

static int
spec_whole(const struct spec *s)
{
	return s->word && (s->where == SPEC_DOMAIN || s->where == SPEC_DONE);
}

/* Is it an address?  Then that is the author. */
static int
mailbox_take(struct mailboxes *m, const struct spec *s, struct author *a)
{
	if (!spec_whole(s) || s->impossible || s->domain.over ||
	    m->tries > TRIES_MAX)
		return 0;
	if (author_domain(s->domain.buf, s->domain.len, a->domain) == -1) {
		m->tries++;
		return 0;
	}
	a->local[0] = '\0';
	if (!s->local.over && s->local.len < sizeof(a->local)) {
		memcpy(a->local, s->local.buf, s->local.len);
		a->local[s->local.len] = '\0';
	}
	return 1;
}

/* Between '<' and '>', or what should be one.  Returns 1 if that is it. */
static int
mailbox_angle(struct mailboxes *m)
{
	char c = m->lx.last == TOKEN_END ? '>' :
	    m->lx.last == TOKEN_CHAR ? *m->lx.text : '\0';

	if (c == ':' && spec_whole(&m->angle))
		spec_break(&m->angle);		/* a port */
	else if (c == ':' || c == '<')
		spec_clear(&m->angle);		/* a route, "mailto:" */
	else if (c == ',' || c == ';' || c == '>') {
		if (mailbox_take(m, &m->angle, m->author))
			return 1;
		m->in_angle = c != '>';
		spec_clear(&m->angle);
	} else
		spec_token(&m->angle, &m->lx);
	return 0;
}

static int
mailbox_bare(struct mailboxes *m)
{
	char c = m->lx.last == TOKEN_END ? ',' :
	    m->lx.last == TOKEN_CHAR ? *m->lx.text : '\0';

	if (c == '<') {
		m->in_angle = 1;
		spec_clear(&m->angle);
		spec_break(&m->bare);
	} else if (c == ',' || c == ';') {
		if (mailbox_take(m, &m->bare, m->author))
			return 1;
		spec_clear(&m->bare);
	} else if (c == ':') {			/* the name of a group */
		if (!m->has_doubtful)
			m->has_doubtful = mailbox_take(m, &m->bare,
			    &m->doubtful);
		spec_clear(&m->bare);
	} else
		spec_token(&m->bare, &m->lx);
	return 0;
}

static int
mailbox_scan(struct mailboxes *m, const char *value, size_t len, size_t plain)
{
	lexer_init(&m->lx, value, len, plain);
	spec_clear(&m->bare);
	m->in_angle = 0;
	do {
		(void)lexer_next(&m->lx);
		if (m->in_angle) {
			if (mailbox_angle(m))
				return 0;
			if (m->lx.last != TOKEN_END)
				continue;
		}
		if (mailbox_bare(m))
			return 0;
	} while (m->lx.last != TOKEN_END);
	return -1;
}

int
author_parse(const char *value, size_t len, struct author *author)
{
	struct mailboxes m;

	m.author = author;
	m.tries = m.has_doubtful = 0;
	if (mailbox_scan(&m, value, len, len) == 0)
		return 0;
	/* A '"' or a '(' that nothing closes is no quote and no comment. */
	if (m.lx.open < len && mailbox_scan(&m, value, len, m.lx.open) == 0)
		return 0;
	if (m.has_doubtful)
		*author = m.doubtful;
	else
		memset(author, 0, sizeof(*author));
	return m.has_doubtful ? 0 : -1;
}

/* To lower case; "" if it is none. */
static void
list_id_copy(const struct text *id, char out[AUTHOR_DOMAIN])
{
	size_t i;

	out[0] = '\0';
	if (id->over || id->len >= AUTHOR_DOMAIN)
		return;
	for (i = 0; i < id->len; i++)
		if (id->buf[i] <= ' ' || id->buf[i] >= 127)
			return;
	for (i = 0; i < id->len; i++)
		out[i] = (char)tolower((unsigned char)id->buf[i]);
	out[i] = '\0';
}

/* RFC 2919, 2: what is in "<...>"; some write the id alone. */
void
author_list_id(const char *value, size_t len, char out[AUTHOR_DOMAIN])
{
	struct lexer lx;
	struct text id;
	int in_angle = 0, words = 0;

	text_clear(&id);
	lexer_init(&lx, value, len, len);
	while (lexer_next(&lx) != TOKEN_END) {
		if (lx.last == TOKEN_CHAR && *lx.text == '>' && in_angle)
			break;
		if (lx.last == TOKEN_CHAR && *lx.text == '<') {
			text_clear(&id);
			in_angle = 1;
			continue;
		}
		/* Words without a dot between them are a phrase. */
		if (lx.last != TOKEN_CHAR)
			words++;
		else if (*lx.text == '.' || *lx.text == '@')
			words = 0;
		else
			words = 2;
		if (!in_angle && words > 1)
			id.over = 1;
		text_append(&id, lx.text, lx.text_len);
	}
	list_id_copy(&id, out);
}
