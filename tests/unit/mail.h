/* SPDX-License-Identifier: ISC */
/* Messages made of a string, and what becomes of them with their edits. */

#ifndef MAIL_H
#define MAIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "message.h"
#include "message_engine.h"
#include "options.h"

static inline struct message *
mail_new(const char *text)
{
	struct message	*m;
	const char	*nl;

	assert_non_null(m = message_new());
	for (; (nl = strchr(text, '\n')) != NULL; text = nl + 1)
		message_append(m, text, (size_t)(nl - text));
	if (*text != '\0')
		message_append(m, text, strlen(text));
	return m;
}

/* As it goes on; valid until the next call. */
static inline const char *
mail_text(struct message *m)
{
	static char	 out[65536];
	const char	*line;
	size_t		 len, n = 0;

	while ((line = message_next(m, 60000, &len)) != NULL) {
		assert_true(n + len + 2 < sizeof(out));
		memcpy(out + n, line, len);
		n += len;
		out[n++] = '\n';
	}
	out[n] = '\0';
	assert_null(message_error(m));
	return out;
}

/* what names the case, where it fails. */
static inline void
mail_is(struct message *m, const char *what, const char *want)
{
	const char	*got = mail_text(m);

	if (strcmp(got, want) != 0)
		fail_msg("%s: %s", what, got);
}

/* What a key of a table makes of a value: NULL, or why not. */
static inline const char *
mail_key(const struct key *keys, const char *name, const char *value)
{
	int	 i;

	for (; keys->name != NULL; keys++) {
		if (strcmp(keys->name, name) != 0)
			continue;
		if (keys->type == KEY_CALL)
			return keys->call(value);
		for (i = 0; keys->choices[i] != NULL; i++)
			if (strcmp(keys->choices[i], value) == 0) {
				*(int *)keys->dest = i;
				return NULL;
			}
	}
	return "no such key or word";
}

#endif /* MAIL_H */
