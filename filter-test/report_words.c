/* SPDX-License-Identifier: ISC */
/*
 * A play in words: a line for each step, then the message as a diff, then the
 * verdict.  What came from the filter or from the message is escaped, so that
 * it can't play with the terminal.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "diff.h"
#include "report.h"

#define PLAIN		""
#define GREY		"2"
#define RED		"31"
#define GREEN		"32"
#define YELLOW		"33"
#define BOLD		"1"
/* Lines that stayed, shown around others. */
#define CONTEXT		2
/* What is shown of a line. */
#define SHOWN		500

int	 report_colours;

/* What is between two changes, not yet shown or left out. */
struct view {
	const struct line	*kept[CONTEXT];
	size_t			 n;		/* lines that stayed */
	size_t			 left;		/* to show after a change */
	int			 changed;
};

static void
colour(const char *code)
{
	if (report_colours && *code != '\0')
		printf("\033[%sm", code);
}

static void
plain(const char *code)
{
	if (report_colours && *code != '\0')
		(void)fputs("\033[m", stdout);
}

static void
escaped(const char *s, size_t len)
{
	size_t	 i, n = len > SHOWN ? SHOWN : len;
	int	 c;

	for (i = 0; i < n; i++) {
		c = (unsigned char)s[i];
		if (c == '\t' || (c >= ' ' && c < 0x7f && c != '\\'))
			(void)putchar(c);
		else if (c == '\\')
			(void)fputs("\\\\", stdout);
		else
			printf("\\%03o", c);
	}
	if (n < len)
		printf("... (%zu bytes)", len);
}

static void
line_print(const char *code, char sign, const char *s, size_t len)
{
	colour(code);
	(void)putchar(sign);
	escaped(s, len);
	plain(code);
	(void)putchar('\n');
}

static void
words_begin(const char *filter, const struct judge *j)
{
	printf("%s with smtpd %s, protocol 0.%d\n", filter, judge_release(j),
	    j->minor);
}

static unsigned int
count(uint32_t bits)
{
	unsigned int	 n = 0;

	for (; bits != 0; bits &= bits - 1)
		n++;
	return n;
}

static void
words_registered(const struct judge *j, double ms)
{
	int	 i;

	printf("%-10s", "register");
	for (i = 0; judge_phases[i] != NULL; i++)
		if (j->phases & 1U << i)
			printf(" %s", judge_phases[i]);
	printf(" and %u reports (%.1f ms)\n", count(j->reports[0]), ms);
}

static void
words_step(const struct step *s)
{
	const char	*code = PLAIN;

	printf("%-10s ", s->phase);
	if (*s->what != '\0') {
		escaped(s->what, strlen(s->what));
		(void)fputs(": ", stdout);
	}
	if (s->answer == NULL) {
		colour(GREY);
		(void)fputs("not asked", stdout);
		plain(GREY);
		(void)putchar('\n');
		return;
	}
	if (strcmp(s->answer, "reject") == 0 ||
	    strcmp(s->answer, "disconnect") == 0)
		code = RED;
	else if (strcmp(s->answer, "junk") == 0 ||
	    strcmp(s->answer, "rewrite") == 0)
		code = YELLOW;
	colour(code);
	(void)fputs(s->answer, stdout);
	if (*s->parameter != '\0') {
		(void)putchar(' ');
		escaped(s->parameter, strlen(s->parameter));
	}
	plain(code);
	printf(" (%.1f ms)\n", s->ms);
}

static void
words_log(const char *s, size_t len)
{
	colour(GREY);
	printf("%-10s ", "  log");
	escaped(s, len);
	plain(GREY);
	(void)putchar('\n');
}

static void
words_note(const struct rule *rule, const char *line, size_t len)
{
	colour(YELLOW);
	printf("%-10s %s", "  note", rule->what);
	if (len > 0) {
		(void)fputs(": ", stdout);
		escaped(line, len);
	}
	plain(YELLOW);
	(void)putchar('\n');
}

static void
words_raw(int sent, const char *s, size_t len)
{
	line_print(GREY, sent ? '>' : '<', s, len);
}

/* The lines before a change that were kept back. */
static void
context_print(struct view *v)
{
	size_t	 i, n = v->n < CONTEXT ? v->n : CONTEXT;

	if (v->n > CONTEXT)
		printf("@@ %zu lines as they were\n", v->n - CONTEXT);
	for (i = 0; i < n; i++)
		line_print(PLAIN, ' ', v->kept[(v->n - n + i) % CONTEXT]->text,
		    v->kept[(v->n - n + i) % CONTEXT]->len);
	v->n = 0;
}

static void
diff_line(enum change what, const struct line *l, void *arg)
{
	struct view	*v = arg;

	if (what == CHANGE_NONE && v->left > 0) {
		v->left--;
		line_print(PLAIN, ' ', l->text, l->len);
		return;
	}
	if (what == CHANGE_NONE) {
		v->kept[v->n++ % CONTEXT] = l;
		return;
	}
	context_print(v);
	v->changed = 1;
	v->left = CONTEXT;
	if (what == CHANGE_GONE)
		line_print(RED, '-', l->text, l->len);
	else
		line_print(GREEN, '+', l->text, l->len);
}

static void
message_print(const struct result *r)
{
	struct view		 v = { .n = 0 };
	struct diff_sink	 sink = { diff_line, &v };

	(void)putchar('\n');
	diff_run(&r->before, &r->after, &sink);
	if (!v.changed)
		printf("the message is as it was\n");
	else if (v.n > 0)
		printf("@@ %zu lines as they were\n", v.n);
}

static void
broken_print(const struct result *r)
{
	printf("BROKEN at %s: %s: %s (rule %s)", r->phase, r->rule->what,
	    judge_harm(r->rule), r->rule->name);
	if (*r->detail != '\0') {
		(void)fputs(":\n    ", stdout);
		escaped(r->detail, strlen(r->detail));
	}
}

static void
words_end(const struct result *r)
{
	const char	*code = r->outcome == OUTCOME_ACCEPTED ? GREEN : RED;

	if (r->came_back)
		message_print(r);
	(void)putchar('\n');
	colour(code);
	switch (r->outcome) {
	case OUTCOME_BROKEN:
		broken_print(r);
		break;
	case OUTCOME_REFUSED:
		printf("refused at %s: ", r->phase);
		escaped(r->reply, strlen(r->reply));
		break;
	case OUTCOME_ACCEPTED:
		printf("accepted for %u of %u recipients%s", r->accepted,
		    r->recipients, r->junk ? ", as junk" : "");
		break;
	}
	plain(code);
	printf("\nwaited %.1f ms for the filter; %.1f ms in all\n",
	    r->filter_ms, r->ms);
}

const struct report	 report_words = {
	words_begin, words_registered, words_step, words_log, words_note,
	words_raw, words_end
};
