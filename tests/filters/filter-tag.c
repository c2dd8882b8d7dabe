/* SPDX-License-Identifier: ISC */
/*
 * For tests and benches: the message hook, each edit and each answer.  Without
 * options it puts "X-Lines: N" on top, N being the lines that it was given.
 * The keys make one edit each, in this order: insert, change, delete, body;
 * or they choose an answer by a word in the Subject.  What can't be done (no
 * such field, a body that can't be read) is a filter_fail() of the message.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "compat.h"
#include "filter.h"
#include "log.h"
#include "message.h"

#define BODY_MAX	(1024 * 1024)

static size_t		 insert_at;
static char		*insert_name, *insert_value;
static char		*change_name, *change_value;
static const char	*delete_name;
static char		*body;
static size_t		 body_len;
static const char	*reject_word, *junk_word, *fail_word;
static const char	*hang_word, *crash_word;
static int64_t		 delay_ms;

/* Cut "name sep value" in two, in a copy of it that is never freed. */
static int
split(const char *text, const char *sep, char **name, char **value)
{
	char	*p;

	if ((*name = strdup(text)) == NULL)
		fatal("strdup");
	if ((p = strstr(*name, sep)) == NULL || p == *name)
		return -1;
	*p = '\0';
	*value = p + strlen(sep);
	return 0;
}

static const char *
key_insert(const char *text)
{
	const char	*errstr;
	char		*number, *field;

	if (split(text, " ", &number, &field) == -1 ||
	    split(field, ": ", &insert_name, &insert_value) == -1)
		return "not: N Name: value";
	insert_at = strtonum(number, 0, 1000000, &errstr);
	free(number);
	return errstr;
}

static const char *
key_change(const char *text)
{
	if (split(text, " ", &change_name, &change_value) == -1)
		return "not: Name value";
	return NULL;
}

static const char *
key_body(const char *path)
{
	FILE	*fp;

	if ((body = malloc(BODY_MAX)) == NULL)
		fatal("malloc");
	if ((fp = fopen(path, "r")) == NULL)
		return "can't be opened";
	body_len = fread(body, 1, BODY_MAX, fp);
	(void)fclose(fp);		/* was only read */
	return NULL;
}

static const struct key tag_keys[] = {
	{ .name = "insert", .type = KEY_CALL, .call = key_insert },
	{ .name = "change", .type = KEY_CALL, .call = key_change },
	{ .name = "delete", .type = KEY_STRING, .dest = &delete_name },
	{ .name = "body", .type = KEY_CALL, .call = key_body },
	{ .name = "reject", .type = KEY_STRING, .dest = &reject_word },
	{ .name = "junk", .type = KEY_STRING, .dest = &junk_word },
	{ .name = "fail", .type = KEY_STRING, .dest = &fail_word },
	{ .name = "delay", .type = KEY_NUMBER, .dest = &delay_ms,
	    .max = 3600000 },
	{ .name = "hang", .type = KEY_STRING, .dest = &hang_word },
	{ .name = "crash", .type = KEY_STRING, .dest = &crash_word },
	{ .name = NULL }
};

static size_t
count_lines(struct message *m)
{
	size_t	 off = 0, len, n = 0;

	while (message_line(m, &off, &len) != NULL)
		n++;
	return n;
}

/* Returns 0, or -1: there is no such field. */
static int
edit_fields(struct message *m)
{
	ssize_t	 i;

	if (insert_name != NULL)
		message_insert(m, insert_at, insert_name, insert_value);
	if (change_name != NULL) {
		if ((i = message_find(m, change_name, 0)) == -1)
			return -1;
		message_change(m, i, change_value);
	}
	if (delete_name != NULL) {
		if ((i = message_find(m, delete_name, 0)) == -1)
			return -1;
		message_delete(m, i);
	}
	return 0;
}

static int
subject_has(const char *subject, const char *word)
{
	return word != NULL && strstr(subject, word) != NULL;
}

static void
get_subject(struct message *m, char *buf, size_t size)
{
	const char	*value;
	size_t		 len;
	ssize_t		 i;

	buf[0] = '\0';
	if ((i = message_find(m, "Subject", 0)) == -1 ||
	    (value = message_value(m, i, &len)) == NULL)
		return;
	if (len >= size)
		len = size - 1;
	memcpy(buf, value, len);
	buf[len] = '\0';
}

static void
tag_message(struct session *s, struct request rq, struct message *m)
{
	char	 subject[1000], lines[32];

	get_subject(m, subject, sizeof(subject));
	if (subject_has(subject, crash_word))
		abort();
	if (subject_has(subject, hang_word))
		return;

	(void)snprintf(lines, sizeof(lines), "%zu", count_lines(m));
	message_prepend(m, "X-Lines", lines);
	if (body != NULL)
		message_replace_body(m, body, body_len);

	if (edit_fields(m) == -1)
		filter_fail(rq, "no such field");
	else if (subject_has(subject, fail_word))
		filter_fail(rq, "subject has the word %s", fail_word);
	else if (subject_has(subject, reject_word))
		filter_reject(rq, 550, "5.7.1 Refused for its subject");
	else if (subject_has(subject, junk_word))
		filter_junk(rq);
	else if (delay_ms > 0)
		filter_delay(rq, delay_ms, filter_proceed);
	else
		filter_proceed(rq);
}

static const struct filter tag_filter = {
	.name = "filter-tag",
	.usage = "[-FnVv] [-f file] [-o key=value]",
	.keys = { tag_keys },
	.promises = "stdio",
	.on_failure = FAILURE_TEMPFAIL,
	.message = tag_message,
};

int
main(int argc, char *argv[])
{
	return filter_main(&tag_filter, argc, argv);
}
