/* SPDX-License-Identifier: ISC */
/*
 * SPAMC/1.5.  What is sent is exact: spamd knows "Content-length" in this
 * spelling only, and waits for ever without it.  What comes is read with
 * patience, as versions and other servers differ: names in any case, LF for
 * CRLF, any minor version, unknown fields.  What is no reply is told with -1.
 */

#include <sys/types.h>

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "compat.h"
#include "spamd.h"

#define STATUS_MAX	512	/* of the first line */
#define USER_MAX	256
#define SCORE_MAX	1e9
#define SCORE_UNIT	1e5	/* decimals that count */

static const char *const	 verbs[] = {
	[SPAMD_PING] = "PING", [SPAMD_SYMBOLS] = "SYMBOLS",
	[SPAMD_HEADERS] = "HEADERS", [SPAMD_PROCESS] = "PROCESS",
	[SPAMD_TELL] = "TELL"
};

static const char *const	 tells[] = {
	[SPAMD_LEARN_SPAM] = "Message-class: spam\r\nSet: local\r\n",
	[SPAMD_LEARN_HAM] = "Message-class: ham\r\nSet: local\r\n",
	[SPAMD_FORGET] = "Remove: local\r\n"
};

/*
 * "User: name\r\n" into out.  A control byte would be refused or be another
 * header; half a name would be another user.
 */
static void
user_line(char *out, size_t size, const char *user)
{
	char	 name[USER_MAX + 1];
	size_t	 n = 0;

	*out = '\0';
	for (; user != NULL && *user != '\0'; user++) {
		if (iscntrl((unsigned char)*user))
			continue;
		if (n == USER_MAX)
			return;
		name[n++] = *user;
	}
	name[n] = '\0';
	if (n != 0)
		(void)snprintf(out, size, "User: %s\r\n", name);
}

size_t
spamd_head(char head[SPAMD_HEAD_MAX], const struct spamd_request *rq)
{
	char	 user[USER_MAX + 16];

	/* Longest: all of it is far shorter than SPAMD_HEAD_MAX. */
	if (rq->verb == SPAMD_PING)
		return (size_t)snprintf(head, SPAMD_HEAD_MAX,
		    "PING SPAMC/1.5\r\n\r\n");
	user_line(user, sizeof(user), rq->user);
	return (size_t)snprintf(head, SPAMD_HEAD_MAX,
	    "%s SPAMC/1.5\r\nContent-length: %zu\r\n%s%s%s\r\n",
	    verbs[rq->verb], rq->length, user,
	    rq->compressed ? "Compress: zlib\r\n" : "",
	    rq->verb == SPAMD_TELL ? tells[rq->tell] : "");
}

/* A line without its end, and where the rest is. */
struct line {
	const char	*p;
	size_t		 len;
};

/* Cut the first line off.  Returns 0 if it is not all there. */
static int
line_next(const char **p, size_t *len, struct line *l)
{
	const char	*end;

	if (*len == 0 || (end = memchr(*p, '\n', *len)) == NULL)
		return 0;
	l->p = *p;
	l->len = (size_t)(end - *p);
	*p = end + 1;
	*len -= l->len + 1;
	while (l->len > 0 && l->p[l->len - 1] == '\r')
		l->len--;
	return 1;
}

static void
line_blanks(struct line *l)
{
	while (l->len > 0 && (*l->p == ' ' || *l->p == '\t')) {
		l->p++;
		l->len--;
	}
}

static int
line_byte(struct line *l, char c)
{
	if (l->len == 0 || *l->p != c)
		return 0;
	l->p++;
	l->len--;
	return 1;
}

static int
line_digit(const struct line *l)
{
	return l->len > 0 && *l->p >= '0' && *l->p <= '9';
}

/* Any number of digits; what is more than max is max.  -1: there is none. */
static int
line_number(struct line *l, size_t max, size_t *n)
{
	size_t	 digit;

	if (!line_digit(l))
		return -1;
	for (*n = 0; line_digit(l); l->p++, l->len--) {
		digit = (size_t)(*l->p - '0');
		*n = *n > (max - digit) / 10 ? max : *n * 10 + digit;
	}
	return 0;
}

/*
 * "-1.9": without the locale; what is too much is SCORE_MAX.  Divided once, so
 * that it is the same number as in the options.
 */
static int
line_score(struct line *l, double *score)
{
	double	 v = 0, unit = 1;
	int	 digits = 0, minus;

	minus = line_byte(l, '-');
	if (!minus)
		(void)line_byte(l, '+');
	for (; line_digit(l); l->p++, l->len--, digits++)
		v = v > SCORE_MAX ? v : v * 10 + (*l->p - '0');
	if (line_byte(l, '.'))
		for (; line_digit(l); l->p++, l->len--, digits++) {
			if (unit >= SCORE_UNIT || v > SCORE_MAX)
				continue;
			v = v * 10 + (*l->p - '0');
			unit *= 10;
		}
	if (digits == 0)
		return -1;
	v = v / unit > SCORE_MAX ? SCORE_MAX : v / unit;
	*score = minus ? -v : v;
	return 0;
}

/* The word at the begin, case ignored, and no more of it than that. */
static int
line_word(struct line *l, const char *word)
{
	size_t	 len = strlen(word);

	if (l->len < len || strncasecmp(l->p, word, len) != 0 ||
	    (l->len > len && isalnum((unsigned char)l->p[len])))
		return 0;
	l->p += len;
	l->len -= len;
	return 1;
}

/* "True ; 15.3 / 5.0" */
static const char *
reply_spam(struct spamd_reply *r, struct line *l)
{
	if (line_word(l, "True") || line_word(l, "Yes"))
		r->spam = 1;
	else if (line_word(l, "False") || line_word(l, "No"))
		r->spam = 0;
	else
		return "bad Spam line";
	line_blanks(l);
	if (!line_byte(l, ';'))
		return "bad Spam line";
	line_blanks(l);
	if (line_score(l, &r->score) == -1)
		return "bad score";
	line_blanks(l);
	if (!line_byte(l, '/'))
		return "bad Spam line";
	line_blanks(l);
	if (line_score(l, &r->threshold) == -1)
		return "bad threshold";
	line_blanks(l);
	r->scored = 1;
	return l->len == 0 ? NULL : "bad Spam line";
}

static const char *
reply_length(struct spamd_reply *r, struct line *l)
{
	size_t	 n;

	if (line_number(l, SIZE_MAX, &n) == -1)
		return "bad Content-length";
	line_blanks(l);
	if (l->len != 0 || n == SIZE_MAX ||
	    (r->has_length && r->length != n))
		return "bad Content-length";
	r->has_length = 1;
	r->length = n;
	return NULL;
}

static const char *
reply_field(struct spamd_reply *r, const struct line *l)
{
	const char	*colon = memchr(l->p, ':', l->len);
	struct line	 name, value;

	if (colon == NULL)
		return "a header line without a colon";
	name.p = l->p;
	name.len = (size_t)(colon - l->p);
	value.p = colon + 1;
	value.len = l->len - name.len - 1;
	line_blanks(&value);
	if (line_word(&name, "Content-length") && name.len == 0)
		return reply_length(r, &value);
	if (line_word(&name, "Spam") && name.len == 0)
		return reply_spam(r, &value);
	if (line_word(&name, "DidSet") && name.len == 0)
		r->did_set = value.len != 0;
	if (line_word(&name, "DidRemove") && name.len == 0)
		r->did_remove = value.len != 0;
	return NULL;
}

/* "SPAMD/1.1 0 EX_OK" */
static const char *
reply_status(struct spamd_reply *r, struct line *l)
{
	size_t	 n;

	if (l->len < 6 || memcmp(l->p, "SPAMD/", 6) != 0)
		return "this is no spamd";
	l->p += 6;
	l->len -= 6;
	if (line_number(l, 1000, &n) == -1 || !line_byte(l, '.') ||
	    line_number(l, 1000, &n) == -1 || !line_byte(l, ' '))
		return "bad status line";
	line_blanks(l);
	if (line_number(l, 1000, &n) == -1 ||
	    (l->len != 0 && *l->p != ' '))
		return "bad status line";
	r->code = (int)n;
	line_blanks(l);
	n = l->len < sizeof(r->text) ? l->len : sizeof(r->text) - 1;
	memcpy(r->text, l->p, n);
	r->text[n] = '\0';
	return NULL;
}

/*
 * Is it clear already that no status line will come of it?  A server of
 * another kind may send one byte of no line, and then wait for us.
 */
static const char *
status_early(const char *data, size_t len)
{
	size_t	 n = len < 6 ? len : 6;

	if (memcmp(data, "SPAMD/", n) != 0)
		return "this is no spamd";
	return len > STATUS_MAX ? "bad status line" : NULL;
}

long
spamd_parse(const char *data, size_t len, struct spamd_reply *r,
    const char **why)
{
	const char	*p = data;
	size_t		 left;
	struct line	 l;

	memset(r, 0, sizeof(*r));
	if ((*why = status_early(data, len < STATUS_MAX ? len : 6)) != NULL)
		return -1;
	left = len < SPAMD_REPLY_HEAD_MAX ? len : SPAMD_REPLY_HEAD_MAX;
	if (!line_next(&p, &left, &l)) {
		*why = status_early(data, len);
		return *why == NULL ? 0 : -1;
	}
	*why = p - data > STATUS_MAX + 1 ? "bad status line" :
	    reply_status(r, &l);
	if (*why != NULL)
		return -1;
	/* These end with that line, and with the connection. */
	if (r->code != 0 || strcmp(r->text, "PONG") == 0)
		return (long)(p - data);
	while (line_next(&p, &left, &l)) {
		if (l.len == 0)
			return (long)(p - data);
		if ((*why = reply_field(r, &l)) != NULL)
			return -1;
	}
	*why = len >= SPAMD_REPLY_HEAD_MAX ? "endless header" : NULL;
	return *why == NULL ? 0 : -1;
}
