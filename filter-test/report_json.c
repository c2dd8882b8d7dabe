/* SPDX-License-Identifier: ISC */
/*
 * A play as one JSON object (RFC 8259): "dialogue" is an array of what happened
 * in its order, what follows is how it ended.  Bytes above 126 are U+0080 to
 * U+00FF: a message may be no text in any one encoding.
 */

#include <stdio.h>
#include <string.h>

#include "diff.h"
#include "report.h"

static int	 first = 1;	/* in the array at hand */

static const char *const	 outcomes[] = {
	[OUTCOME_ACCEPTED] = "accepted", [OUTCOME_REFUSED] = "refused",
	[OUTCOME_BROKEN] = "broken"
};

static void
string(const char *s, size_t len)
{
	size_t	 i;
	int	 c;

	(void)putchar('"');
	for (i = 0; i < len; i++) {
		c = (unsigned char)s[i];
		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c >= ' ' && c < 0x7f)
			(void)putchar(c);
		else
			printf("\\u%04x", c);
	}
	(void)putchar('"');
}

static void
member(const char *name, const char *value)
{
	printf(", \"%s\": ", name);
	string(value, strlen(value));
}

/* The next thing of an array: "{" and its first member, a string. */
static void
begin_item(const char *name, const char *value, size_t len)
{
	printf("%s\n    {\"%s\": ", first ? "" : ",", name);
	string(value, len);
	first = 0;
}

static void
json_begin(const char *filter, const struct judge *j)
{
	(void)fputs("{\n  \"filter\": ", stdout);
	string(filter, strlen(filter));
	member("smtpd", judge_release(j));
	printf(", \"protocol\": \"0.%d\",\n  \"dialogue\": [", j->minor);
}

static void
names(const char *const *list, uint32_t bits)
{
	const char	*comma = "";
	int		 i;

	(void)putchar('[');
	for (i = 0; list[i] != NULL; i++)
		if (bits & 1U << i) {
			printf("%s\"%s\"", comma, list[i]);
			comma = ", ";
		}
	(void)putchar(']');
}

static void
json_registered(const struct judge *j, double ms)
{
	begin_item("phase", "register", 8);
	(void)fputs(", \"phases\": ", stdout);
	names(judge_phases, j->phases);
	(void)fputs(", \"reports\": ", stdout);
	names(judge_events, j->reports[0]);
	printf(", \"ms\": %.3f}", ms);
}

static void
json_step(const struct step *s)
{
	begin_item("phase", s->phase, strlen(s->phase));
	member("argument", s->what);
	if (s->answer != NULL) {
		member("answer", s->answer);
		member("parameter", s->parameter);
		printf(", \"ms\": %.3f", s->ms);
	}
	(void)putchar('}');
}

static void
json_log(const char *s, size_t len)
{
	begin_item("log", s, len);
	(void)putchar('}');
}

static void
json_note(const struct rule *rule, const char *line, size_t len)
{
	begin_item("note", rule->what, strlen(rule->what));
	member("rule", rule->name);
	(void)fputs(", \"line\": ", stdout);
	string(line, len);
	(void)putchar('}');
}

static void
json_raw(int sent, const char *s, size_t len)
{
	begin_item(sent ? "sent" : "received", s, len);
	(void)putchar('}');
}

static void
diff_line(enum change what, const struct line *l, void *arg)
{
	static const char *const	 signs[] = {
		[CHANGE_NONE] = " ", [CHANGE_GONE] = "-", [CHANGE_NEW] = "+"
	};

	begin_item("change", signs[what], 1);
	(void)fputs(", \"line\": ", stdout);
	string(l->text, l->len);
	(void)putchar('}');
}

static void
json_broken(const struct result *r)
{
	member("rule", r->rule->name);
	member("what", r->rule->what);
	member("harm", judge_harm(r->rule));
	member("line", r->detail);
}

static void
json_end(const struct result *r)
{
	struct diff_sink	 sink = { diff_line, NULL };

	(void)fputs("\n  ],\n  \"message\": ", stdout);
	if (r->came_back) {
		(void)putchar('[');
		first = 1;
		diff_run(&r->before, &r->after, &sink);
		(void)fputs("\n  ]", stdout);
	} else
		(void)fputs("null", stdout);
	(void)fputs(",\n  \"outcome\": ", stdout);
	string(outcomes[r->outcome], strlen(outcomes[r->outcome]));
	member("phase", r->phase);
	if (r->outcome == OUTCOME_REFUSED)
		member("reply", r->reply);
	if (r->outcome == OUTCOME_BROKEN)
		json_broken(r);
	printf(",\n  \"recipients\": %u, \"accepted\": %u, \"junk\": %s, "
	    "\"ms\": %.3f, \"filter_ms\": %.3f\n}\n", r->recipients,
	    r->accepted, r->junk ? "true" : "false", r->ms, r->filter_ms);
}

const struct report	 report_json = {
	json_begin, json_registered, json_step, json_log, json_note, json_raw,
	json_end
};
