/* SPDX-License-Identifier: ISC */
/*
 * What a policy server answers: access(5) of Postfix 3.7.  An answer that is
 * none fails with why not.  An action that smtpd can't do (FILTER, REDIRECT,
 * BCC) passes, for the log to say so; one that nobody knows fails.
 */

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "compat.h"
#include "header.h"
#include "policyd.h"

/* "450 " and CRLF belong to the 512 bytes of RFC 5321, 4.5.3.1.5. */
#define REPLY_MAX	505

struct word {
	const char		*name;
	enum policyd_action	 action;
	int			 code;
	const char		*text;		/* if it has none of its own */
};

#define DENIED	"5.7.1 Access denied"
#define LATER	"4.7.1 Try again later"

static const struct word	 words[] = {
	{ "OK", POLICYD_PASS, 0, NULL },
	{ "RELAY", POLICYD_PASS, 0, NULL },
	{ "DUNNO", POLICYD_PASS, 0, NULL },
	{ "REJECT", POLICYD_REJECT, 550, DENIED },
	{ "DEFER", POLICYD_REJECT, 450, LATER },
	/* smtpd has no later decision to wait for. */
	{ "DEFER_IF_PERMIT", POLICYD_REJECT, 450, LATER },
	{ "DEFER_IF_REJECT", POLICYD_LOG, 0, NULL },
	{ "PREPEND", POLICYD_PREPEND, 0, NULL },
	{ "DISCARD", POLICYD_DISCARD, 0, NULL },
	{ "HOLD", POLICYD_HOLD, 0, NULL },
	{ "FILTER", POLICYD_LOG, 0, NULL },
	{ "REDIRECT", POLICYD_LOG, 0, NULL },
	{ "BCC", POLICYD_LOG, 0, NULL },
	{ "INFO", POLICYD_LOG, 0, NULL },
	{ "WARN", POLICYD_LOG, 0, NULL },
};

static const struct word	 pass = { "DUNNO", POLICYD_PASS, 0, NULL };
static const struct word	 number = { "number", POLICYD_PASS, 0, NULL };
static const struct word	 permit = { "permit", POLICYD_PASS, 0, NULL };

/* "name=value"; a sentence with a '=' is none. */
static int
is_attribute(const char *line, size_t len)
{
	size_t	 i;

	for (i = 0; i < len && line[i] > ' ' && line[i] <= '~'; i++)
		if (line[i] == '=')
			return i > 0;
	return 0;
}

/* Of the line without its end, LF or CRLF; next is where the next begins. */
static size_t
line_length(const char *p, const char *nl, const char **next)
{
	size_t	 len = (size_t)(nl - p);

	*next = nl + 1;
	return len > 0 && p[len - 1] == '\r' ? len - 1 : len;
}

size_t
policyd_frame(const char *data, size_t len)
{
	const char	*p = data, *next, *nl;
	size_t		 n, max;

	max = len < POLICYD_ANSWER_MAX ? len : POLICYD_ANSWER_MAX;
	for (; (nl = memchr(p, '\n', max - (size_t)(p - data))) != NULL;
	    p = next) {
		n = line_length(p, nl, &next);
		if (n == 0)
			return p == data ? SIZE_MAX : (size_t)(next - data);
		if (!is_attribute(p, n))
			return SIZE_MAX;
	}
	return len < POLICYD_ANSWER_MAX ? 0 : SIZE_MAX;
}

/* The first value of that name, as Postfix does. */
static const char *
find_value(const char *data, size_t len, const char *name, size_t *vlen)
{
	const char	*p = data, *end = data + len, *next, *nl;
	size_t		 n, skip = strlen(name);

	for (; (nl = memchr(p, '\n', (size_t)(end - p))) != NULL; p = next) {
		n = line_length(p, nl, &next);
		if (n > skip && p[skip] == '=' &&
		    memcmp(p, name, skip) == 0) {
			*vlen = n - skip - 1;
			return p + skip + 1;
		}
	}
	return NULL;
}

static int
is_number(const char *p, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if (!isdigit((unsigned char)p[i]))
			return 0;
	return len > 0;
}

/* Of what is an action; text may follow. */
static const struct word *
find_word(const char *p, size_t len, int alone)
{
	size_t	 i;

	if (len == 0)
		return &pass;
	/* A time stamp or so; "550" without a text is one too. */
	if (alone && is_number(p, len))
		return &number;
	if (len >= 6 && strncasecmp(p, "permit", 6) == 0)
		return &permit;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].name) == len &&
		    strncasecmp(words[i].name, p, len) == 0)
			return &words[i];
	return NULL;
}

/* 4NN or 5NN, or 0. */
static int
reply_code(const char *p, size_t len)
{
	if (len != 3 || !is_number(p, len) || (*p != '4' && *p != '5'))
		return 0;
	return (p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0');
}

/* RFC 3463, 2: class "." subject "." detail.  Its length, or 0. */
static size_t
status_length(const char *s)
{
	size_t	 subject, detail;

	if (strchr("245", *s) == NULL || *s == '\0' || s[1] != '.')
		return 0;
	subject = strspn(s + 2, "0123456789");
	if (subject < 1 || subject > 3 || s[2 + subject] != '.')
		return 0;
	detail = strspn(s + 3 + subject, "0123456789");
	if (detail < 1 || detail > 3)
		return 0;
	s += 3 + subject + detail;
	return *s == '\0' || *s == ' ' ? 3 + subject + detail : 0;
}

/* A reply must be of the class of its code, RFC 2034, 4. */
static void
set_reply(struct policyd_answer *a, const char *text, const char *otherwise)
{
	char	 class = (char)('0' + a->code / 100);
	size_t	 n = status_length(text);

	if (*text == '\0')
		(void)strlcpy(a->text, otherwise, sizeof(a->text));
	else if (n == 0)
		(void)snprintf(a->text, REPLY_MAX + 1, "%c.7.1 %s", class,
		    text);
	else if (text[n] == '\0')
		(void)snprintf(a->text, REPLY_MAX + 1, "%s%s", text,
		    otherwise + 5);
	else
		(void)strlcpy(a->text, text, REPLY_MAX + 1);
	a->text[0] = class;
}

/* One that can't be written is lost, and the mail is not. */
static void
set_field(struct policyd_answer *a, const char *text, int whole)
{
	size_t	 name = strcspn(text, ":");

	(void)strlcpy(a->text, text, sizeof(a->text));
	if (!whole || text[name] != ':' || !header_name_ok(text, name))
		a->action = POLICYD_LOG;
}

/* Printable, without the blanks around it.  Returns 0 if it had to be cut. */
static int
clean(char *out, size_t size, const char *p, size_t len)
{
	size_t	 i, n;

	for (; len > 0 && (*p == ' ' || *p == '\t'); len--)
		p++;
	while (len > 0 && (p[len - 1] == ' ' || p[len - 1] == '\t'))
		len--;
	n = len < size ? len : size - 1;
	for (i = 0; i < n; i++) {
		if ((unsigned char)p[i] < ' ')
			out[i] = ' ';
		else
			out[i] = (unsigned char)p[i] > '~' ? '?' : p[i];
	}
	out[n] = '\0';
	return n == len;
}

static int
parse_action(const char *p, size_t len, struct policyd_answer *a,
    const char **why)
{
	char			 text[POLICYD_TEXT_MAX + 1];
	const struct word	*w;
	size_t			 n;
	int			 whole;

	for (; len > 0 && (*p == ' ' || *p == '\t'); len--)
		p++;
	for (n = 0; n < len && p[n] != ' ' && p[n] != '\t'; n++)
		continue;
	whole = clean(text, sizeof(text), p + n, len - n);
	if (*text != '\0' && (a->code = reply_code(p, n)) != 0) {
		a->action = POLICYD_REJECT;
		a->word = "code";
		set_reply(a, text, a->code < 500 ? LATER : DENIED);
		return 0;
	}
	if ((w = find_word(p, n, *text == '\0')) == NULL) {
		*why = "unknown action";
		return -1;
	}
	a->action = w->action;
	a->code = w->code;
	a->word = w->name;
	if (w->action == POLICYD_REJECT)
		set_reply(a, text, w->text);
	else if (w->action == POLICYD_PREPEND)
		set_field(a, text, whole);
	else
		(void)strlcpy(a->text, text, sizeof(a->text));
	return 0;
}

int
policyd_parse(const char *data, size_t len, struct policyd_answer *a,
    const char **why)
{
	const char	*value;
	size_t		 n;

	memset(a, 0, sizeof(*a));
	if ((value = find_value(data, len, "action", &n)) == NULL) {
		*why = "no action";
		return -1;
	}
	return parse_action(value, n, a, why);
}
