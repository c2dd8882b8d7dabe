/* SPDX-License-Identifier: ISC */
/*
 * See mark.h.  spamd's fields are taken as they are, as an operator may have
 * told it what to write; those that it left out, or that say something else
 * than the verdict, are written here, in SpamAssassin's form.
 *
 * Out of memory leaves a field out; the engine refuses messages of which edits
 * were lost, and to lose a mark is better than to lose a mail.
 */

#include <sys/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "compat.h"
#include "mark.h"
#include "markup.h"
#include "message.h"

#define PREFIX		"X-Spam-"
#define NAMES_MAX	16
#define NAME_MAX_LEN	64		/* of "X-Spam-Something" */
#define FIELDS_MAX	64		/* of spamd's that are taken */
#define FIELD_LEN_MAX	16384		/* smtpd takes no endless lines */
#define SCORE_MAX	1e6		/* beyond this it is no score */
#define LINE_MAX_LEN	76
#define STARS		50		/* as SpamAssassin's _STARS(*)_ */

enum tag { TAG_ALL, TAG_SPAM, TAG_NONE };

static const char *const	 tags[] = { "all", "spam", "none", NULL };

static int		 tag = TAG_ALL;
static char		 names[NAMES_MAX][NAME_MAX_LEN];
static size_t		 nnames;		/* 0: all */
static const char	*subject_tag = "";

/* Why not, or NULL.  Names are written with X-Spam- or without. */
static const char *
name_add(size_t *n, const char *name)
{
	if (strncasecmp(name, PREFIX, sizeof(PREFIX) - 1) == 0)
		name += sizeof(PREFIX) - 1;
	if (strcasecmp(name, "all") == 0 || strcasecmp(name, "none") == 0)
		return "all and none are no names";
	if (!header_name_ok(name, strlen(name)) ||
	    strlen(name) > NAME_MAX_LEN - sizeof(PREFIX) ||
	    strcasecmp(name, "X-Spam") == 0)
		return "not a name";
	if (*n == NAMES_MAX)
		return "too many";
	(void)snprintf(names[(*n)++], NAME_MAX_LEN, PREFIX "%s", name);
	return NULL;
}

/* "Flag,Status,Score", or "all". */
static const char *
headers_key(const char *value)
{
	const char	*why = NULL;
	char		*copy, *name, *rest;
	size_t		 n = 0;

	if (strcmp(value, "all") == 0) {
		nnames = 0;
		return NULL;
	}
	if ((copy = rest = strdup(value)) == NULL)
		return "out of memory";
	while (why == NULL && (name = strsep(&rest, ", \t")) != NULL)
		if (*name != '\0')
			why = name_add(&n, name);
	free(copy);
	if (why != NULL)
		return why;
	nnames = n;
	return n == 0 ? "not a name" : NULL;
}

/* RFC 5322, 2.2: a header is US-ASCII. */
static const char *
subject_key(const char *value)
{
	const char	*p;

	for (p = value; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			return "not US-ASCII";
	if (p - value > LINE_MAX_LEN)
		return "too long";
	subject_tag = value;
	return NULL;
}

const struct key mark_keys[] = {
	{ .name = "tag", .type = KEY_CHOICE, .dest = &tag, .choices = tags },
	{ .name = "headers", .type = KEY_CALL, .call = headers_key },
	{ .name = "subject-tag", .type = KEY_CALL, .call = subject_key },
	{ .name = NULL }
};

static int
name_is_spam(const char *name, size_t len)
{
	return len >= 6 && strncasecmp(name, "X-Spam", 6) == 0;
}

/*
 * smtpd writes "X-Spam: Yes" on top, and its Received below; what a client
 * sent comes after that.
 */
static ssize_t
find_sign(struct message *m)
{
	const char	*value;
	ssize_t		 sign, received;
	size_t		 len;

	sign = message_find(m, "X-Spam", 0);
	received = message_find(m, "Received", 0);
	if (sign == -1 || sign > received ||
	    (value = message_value(m, (size_t)sign, &len)) == NULL)
		return -1;
	for (; len > 0 && (*value == ' ' || *value == '\t'); len--)
		value++;
	return len == 3 && strncasecmp(value, "Yes", 3) == 0 ? sign : -1;
}

/* Some take a CR for the end of a line: is there such a field after one? */
static int
has_hidden(const char *p, size_t len)
{
	const char	*end = p + len;

	while ((p = memchr(p, '\r', (size_t)(end - p))) != NULL) {
		p++;
		if (name_is_spam(p, (size_t)(end - p)))
			return 1;
	}
	return 0;
}

/* What is before the first CR stays: it may be smtpd's Received. */
static void
cut_field(struct message *m, size_t i, const char *value, size_t len)
{
	const char	*cr = memchr(value, '\r', len);
	char		*kept = NULL;

	if (cr != NULL)
		kept = strndup(value, (size_t)(cr - value));
	if (kept != NULL)
		message_change_raw(m, i, kept);
	else
		message_delete(m, i);
	free(kept);
}

/* Lines that are no field, too: others are less strict on names. */
static int
strip_field(struct message *m, size_t i)
{
	const char	*name, *value;
	size_t		 len, n;

	if ((name = message_name(m, i, &n)) == NULL ||
	    (value = message_value(m, i, &len)) == NULL)
		return 0;
	if (name_is_spam(name, (size_t)(value - name) + len) ||
	    (n == 0 && has_hidden(value, len)))
		message_delete(m, i);
	else if (has_hidden(value, len))
		cut_field(m, i, value, len);
	else
		return 0;
	return 1;
}

size_t
mark_strip(struct message *m)
{
	ssize_t	 sign = find_sign(m);
	size_t	 i, n = message_nfields(m), stripped = 0;

	for (i = 0; i < n && stripped <= MARK_STRIP_MAX; i++)
		if ((ssize_t)i != sign && strip_field(m, i))
			stripped++;
	return stripped;
}

static int
is_wanted(const char *name)
{
	size_t	 i;

	for (i = 0; i < nnames; i++)
		if (strcasecmp(names[i], name) == 0)
			return 1;
	return nnames == 0;
}

/* Above all fields, below those that were put there before. */
static void
put(struct message *m, const char *name, const char *value)
{
	if (is_wanted(name))
		message_insert(m, 0, name, value);
}

static double
clamp(double score)
{
	if (score > SCORE_MAX)
		return SCORE_MAX;
	return score < -SCORE_MAX ? -SCORE_MAX : score;
}

/* Rules by their commas, a line each time it gets too long. */
static void
fold_rules(char *out, size_t size, size_t column, const char *rules)
{
	size_t	 n = 0, len;

	while (*rules != '\0') {
		len = strcspn(rules, ",");
		if (rules[len] == ',')
			len++;
		if (column + len > LINE_MAX_LEN && n + 2 < size) {
			out[n++] = '\n';
			out[n++] = '\t';
			column = 8;
		}
		if (n + len >= size)
			break;
		memcpy(out + n, rules, len);
		n += len;
		column += len;
		rules += len;
	}
	out[n] = '\0';
}

static void
put_status(struct message *m, const struct mark *mark)
{
	char	 value[4096];
	int	 n;

	n = snprintf(value, sizeof(value),
	    "%s, score=%.1f required=%.1f tests=", mark->spam ? "Yes" : "No",
	    clamp(mark->score), clamp(mark->threshold));
	fold_rules(value + n, sizeof(value) - (size_t)n,
	    sizeof("X-Spam-Status: ") - 1 + (size_t)n,
	    *mark->rules != '\0' ? mark->rules : "none");
	put(m, "X-Spam-Status", value);
}

static void
put_level(struct message *m, const struct mark *mark)
{
	char	 stars[STARS + 1];
	double	 score = clamp(mark->score);
	size_t	 n;

	n = score >= STARS ? STARS : score >= 1 ? (size_t)score : 0;
	memset(stars, '*', n);
	stars[n] = '\0';
	put(m, "X-Spam-Level", stars);
}

static void
put_score(struct message *m, const struct mark *mark)
{
	char	 value[32];

	(void)snprintf(value, sizeof(value), "%.1f", clamp(mark->score));
	put(m, "X-Spam-Score", value);
}

enum { FLAG, STATUS, LEVEL, SCORE, CHECKER, FIELDS };

static const char *const	 fields[FIELDS] = {
	"X-Spam-Flag", "X-Spam-Status", "X-Spam-Level", "X-Spam-Score",
	"X-Spam-Checker-Version"
};

/* One of spamd's; those of its verdict only if it is ours too. */
static void
put_theirs(struct message *m, const struct mark *mark,
    const struct header_field *f, int *there)
{
	char	 name[NAME_MAX_LEN], *value;
	size_t	 i;

	if (f->name_len >= sizeof(name) || f->len > FIELD_LEN_MAX)
		return;
	memcpy(name, mark->header + f->off, f->name_len);
	name[f->name_len] = '\0';
	value = markup_value(mark->header + f->off + f->value_off,
	    f->len - f->value_off);
	if (value == NULL)
		return;
	for (i = 0; i < FIELDS && strcasecmp(fields[i], name) != 0; i++)
		;
	if (i == FIELDS || i == LEVEL || i == CHECKER || (i == STATUS &&
	    !mark->ours && (strncmp(value, "Yes", 3) == 0) == mark->spam))
		put(m, name, value);
	else if (i == STATUS)
		put_status(m, mark);
	if (i < FIELDS)
		there[i] = 1;
	free(value);
}

static void
put_fields(struct message *m, const struct mark *mark)
{
	struct header_field	 f;
	size_t			 off = 0, n = 0;
	int			 there[FIELDS] = { 0 };

	if (mark->spam)
		put(m, "X-Spam-Flag", "YES");
	while (mark->header != NULL && n++ < FIELDS_MAX &&
	    (off = markup_next(mark->header, mark->header_len, off, &f)) != 0)
		put_theirs(m, mark, &f, there);
	if (!there[LEVEL])
		put_level(m, mark);
	if (!there[STATUS])
		put_status(m, mark);
	put_score(m, mark);
	if (!there[CHECKER])
		put(m, "X-Spam-Checker-Version", "filter-spamassassin "
		    PACKAGE_VERSION);
}

/* As SpamAssassin does it: a Subject that has the tag is left alone. */
static void
tag_subject(struct message *m)
{
	const char	*raw;
	char		*old, *new;
	ssize_t		 i = message_find(m, "Subject", 0);
	size_t		 len, tag_len = strlen(subject_tag);

	if (i == -1) {
		message_insert(m, message_nfields(m), "Subject", subject_tag);
		return;
	}
	if ((raw = message_value(m, (size_t)i, &len)) == NULL ||
	    (old = markup_value(raw, len)) == NULL)
		return;
	if (strncmp(old, subject_tag, tag_len) != 0) {
		len = tag_len + 1 + strlen(old) + 1;
		if ((new = malloc(len)) != NULL) {
			(void)snprintf(new, len, "%s%s%s", subject_tag,
			    *old == '\n' ? "" : " ", old);
			message_change(m, (size_t)i, new);
			free(new);
		}
	}
	free(old);
}

int
mark_tags_subject(const struct mark *mark)
{
	return mark->spam && *subject_tag != '\0';
}

void
mark_result(struct message *m, const struct mark *mark)
{
	if (tag == TAG_ALL || (tag == TAG_SPAM && (mark->spam || mark->junk)))
		put_fields(m, mark);
	if (mark_tags_subject(mark))
		tag_subject(m);
	if (mark->junk && find_sign(m) == -1)
		message_prepend(m, "X-Spam", "Yes");
}

void
mark_unscanned(struct message *m, const char *why)
{
	char	 value[128];

	if (tag != TAG_ALL)
		return;
	(void)snprintf(value, sizeof(value), "No, %s", why);
	put(m, "X-Spam-Status", value);
}
