/* SPDX-License-Identifier: ISC */
/*
 * filter-test: what it makes of a filter's lines lies inside of them, and what
 * it tells of two messages is true.  The first byte is smtpd's release and
 * phase; the lines up to the first empty one are the filter's, what follows is
 * a message, and the other is made of it by leaving out lines.
 */

#include <string.h>

#include "diff.h"
#include "fuzz.h"
#include "judge.h"

/* Both messages, as they are told again. */
static struct lines	 again[2];

static void
take(enum change what, const struct line *l, void *arg)
{
	if (what != CHANGE_NEW)
		lines_add(&again[0], l->text, l->len);
	if (what != CHANGE_GONE)
		lines_add(&again[1], l->text, l->len);
}

static void
check_same(struct lines *a, struct lines *b)
{
	size_t	 i;

	FUZZ_CHECK(a->n == b->n && a->bytes == b->bytes);
	for (i = 0; i < a->n; i++)
		FUZZ_CHECK(lines_same(&a->line[i], &b->line[i]));
	lines_free(a);
	lines_free(b);
}

static void
fuzz_line(struct judge *j, const char *line, size_t len)
{
	const struct rule	*rule;
	struct words		 w;

	rule = judge_line(j, line, len, &w);
	FUZZ_CHECK(rule == NULL || judge_harm(rule) != NULL);
	if (w.text != NULL)
		FUZZ_CHECK(w.text >= line && w.text + w.len <= line + len);
	if (w.said == SAID_ANSWER)
		FUZZ_CHECK(!j->pending && w.text != NULL);
	if (w.said == SAID_DOT)
		FUZZ_CHECK(j->dot_sent && j->dot_got);
	/* smtpd asks again, and ends its message. */
	if (j->ready && !j->pending && j->phase + 1 < 15)
		judge_asked(j, j->phase + 1);
	j->dot_sent |= j->phase % 2;
}

static void
fuzz_diff(const char *s, size_t len)
{
	const struct diff_sink	 sink = { take, NULL };
	struct lines		 a = { .n = 0 }, b = { .n = 0 };
	const char		*end;
	size_t			 n;

	for (; len > 0; s += n, len -= n) {
		end = memchr(s, '\n', len);
		n = end == NULL ? len : (size_t)(end - s);
		if (n == 0 || *s != '-')
			lines_add(&b, s, n);
		if (n == 0 || *s != '+')
			lines_add(&a, s, n);
		n += end != NULL;
	}
	diff_run(&a, &b, &sink);
	check_same(&a, &again[0]);
	check_same(&b, &again[1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int	 minors[] = { 4, 6, 7, 7 };
	struct judge		 j;
	const char		*s = (const char *)data, *end;
	size_t			 n;

	if (size == 0)
		return 0;
	judge_init(&j, minors[*data & 3]);
	j.ready = (*data & 4) != 0;
	if (j.ready)
		judge_asked(&j, (*data >> 3) % 15);
	for (s++, size--; size > 0; s += n, size -= n) {
		end = memchr(s, '\n', size);
		n = end == NULL ? size : (size_t)(end - s);
		fuzz_line(&j, s, n);
		n += end != NULL;
		if (n == 1 && end != NULL) {
			fuzz_diff(s + 1, size - 1);
			break;
		}
	}
	return 0;
}
