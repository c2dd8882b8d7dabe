/* SPDX-License-Identifier: ISC */
/* Each rule of smtpd's, and the lines that are just fine. */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "judge.h"

#define ID	"5bf1c6e1a2b3c4d5"

static struct judge	 judge;
static struct words	 words;
static char		 big[70000];

/* The name of the rule that the line breaks, or "". */
static const char *
judged(const char *line, size_t len)
{
	const struct rule	*rule = judge_line(&judge, line, len, &words);

	return rule == NULL ? "" : rule->name;
}

static int
number(const char *phase)
{
	return judge_find(judge_phases, phase, strlen(phase));
}

/* %T in a line is the token of the phase that was asked. */
static const char *
said(const char *phase, const char *text)
{
	static char	 line[1024];
	const char	*t = strstr(text, "%T");

	judge.ready = 1;
	judge_asked(&judge, number(phase));
	if (t == NULL)
		return judged(text, strlen(text));
	(void)snprintf(line, sizeof(line), "%.*s%016llx%s", (int)(t - text),
	    text, (unsigned long long)judge_token(judge.phase), t + 2);
	return judged(line, strlen(line));
}

static void
registering_has_its_forms(void **state)
{
	static const struct {
		const char	*line, *rule;
	} cases[] = {
		{ "register|report|smtp-in|*", "" },
		{ "register|report|smtp-out|tx-mail", "" },
		{ "register|filter|smtp-in|data-line", "" },
		{ "register|filter|smtp-in|auth", "register-auth" },
		{ "register|ready", "" },
		{ "", "early-line" },
		{ "filter-result|" ID "|1|proceed", "early-line" },
		{ "register|ready\r", "register-word" },
		{ "register|ready|", "register-word" },
		{ "register|nonsense|smtp-in|connect", "register-word" },
		{ "register|filter|smtp-out|connect", "register-direction" },
		{ "register|report|SMTP-IN|tx-mail", "register-direction" },
		{ "register|report|smtp-in", "register-name" },
		{ "register|filter|smtp-in|*", "register-name" },
		{ "register|filter|smtp-in|wiz", "register-wiz" },
		{ "register|report|smtp-in|tx-mail\r", "register-name" },
	};
	size_t	 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		judge_init(&judge, 7);
		assert_string_equal(judged(cases[i].line,
		    strlen(cases[i].line)), cases[i].rule);
	}
	/* What only some releases mind. */
	judge_init(&judge, 6);
	assert_string_equal(judged("register|filter|smtp-in|wiz", 27), "");
	judge_init(&judge, 4);
	assert_string_equal(judged("register|report|smtp-out|tx-mail", 32),
	    "register-direction");
	assert_string_equal(judged("register|report|smtp-in|tx-mail", 31), "");
	assert_string_equal(judged("register|report|smtp-in|*", 25),
	    "register-twice");
}

static void
answers_have_their_forms(void **state)
{
	static const struct {
		const char	*phase, *line, *rule;
	} cases[] = {
		{ "ehlo", "filter-result|" ID "|%T|proceed", "" },
		{ "ehlo", "filter-result|" ID "|%T|junk", "" },
		{ "ehlo", "filter-result|" ID "|%T|rewrite|a.example", "" },
		{ "ehlo", "filter-result|" ID "|%T|reject|550 No", "" },
		{ "ehlo", "filter-result|" ID "|%T|disconnect|421 4.7.0 Go",
		    "" },
		{ "mail-from", "filter-result|" ID "|%T|rewrite|<a@b> SIZE=1",
		    "" },
		/* Kinds and ids. */
		{ "ehlo", "", "kind" },
		{ "ehlo", "filter-result", "kind" },
		{ "ehlo", "nonsense|x", "kind" },
		{ "ehlo", "report|0.7|1.0|smtp-in|timeout|" ID,
		    "report-line" },
		{ "ehlo", "register|ready", "register-late" },
		{ "ehlo", "filter-result|", "session-id" },
		{ "ehlo", "filter-result|nonsense|%T|proceed", "session-id" },
		{ "ehlo", "filter-result|" ID "0|%T|proceed", "session-id" },
		{ "ehlo", "filter-result|" ID "|x|proceed", "token" },
		{ "ehlo", "filter-result|" ID "|%T", "decision-missing" },
		{ "ehlo", "filter-result|1|%T|proceed", "stranger" },
		{ "ehlo", "filter-result|5BF1C6E1A2B3C4D5|%T|proceed",
		    "id-bytes" },
		{ "ehlo", "filter-result|" ID "|1|proceed", "wrong-token" },
		{ "ehlo", "filter-result|" ID "|1|reject|550 No",
		    "token-ignored" },
		/* Decisions. */
		{ "ehlo", "filter-result|" ID "|%T|", "parameter-missing" },
		{ "ehlo", "filter-result|" ID "|%T|PROCEED",
		    "parameter-missing" },
		{ "ehlo", "filter-result|" ID "|%T|reject",
		    "parameter-missing" },
		{ "ehlo", "filter-result|" ID "|%T|accept|x", "decision" },
		{ "ehlo", "filter-result|" ID "|%T|report|x", "decision" },
		{ "ehlo", "filter-result|" ID "|%T|proceed|",
		    "parameter-extra" },
		{ "ehlo", "filter-result|" ID "|%T|junk|x",
		    "parameter-extra" },
		{ "ehlo", "filter-result|" ID "|%T|proceed\r",
		    "carriage-return" },
		{ "commit", "filter-result|" ID "|%T|junk",
		    "junk-at-commit" },
		{ "data-line", "filter-result|" ID "|%T|proceed",
		    "result-in-data" },
		/* Parameters. */
		{ "rcpt-to", "filter-result|" ID "|%T|rewrite|a@b",
		    "rewrite-form" },
		{ "ehlo", "filter-result|" ID "|%T|rewrite|a b",
		    "rewrite-form" },
		{ "data", "filter-result|" ID "|%T|rewrite|x",
		    "rewrite-phase" },
		{ "commit", "filter-result|" ID "|%T|rewrite|x",
		    "rewrite-commit" },
		{ "connect", "filter-result|" ID "|%T|rewrite|x",
		    "rewrite-connect" },
		{ "ehlo", "filter-result|" ID "|%T|reject|No", "reply-text" },
		{ "ehlo", "filter-result|" ID "|%T|reject|250 Fine",
		    "reply-text" },
		{ "ehlo", "filter-result|" ID "|%T|reject|550-No",
		    "reply-text" },
		{ "ehlo", "filter-result|" ID "|%T|reject|550 ",
		    "reply-text" },
		{ "ehlo", "filter-result|" ID "|%T|reject|450 5.7.1 No",
		    "reply-class" },
		{ "ehlo", "filter-result|" ID "|%T|reject|550 a\tb",
		    "reply-bytes" },
		/* Lines of a message, and none is under way. */
		{ "data", "filter-dataline|" ID "|%T|x", "line-out-of-data" },
		{ "data-line", "filter-dataline|" ID "|%T|.", "early-dot" },
		{ "data-line", "filter-dataline|" ID "|1|x", "wrong-token" },
		{ "data-line", "filter-dataline|" ID "|%T|x\r", "line-cr" },
	};
	size_t	 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		judge_init(&judge, 7);
		assert_string_equal(said(cases[i].phase, cases[i].line),
		    cases[i].rule);
	}
}

static void
what_was_said_comes_back_in_place(void **state)
{
	judge_init(&judge, 7);
	assert_string_equal(said("ehlo", "filter-result|" ID
	    "|%T|reject|550 5.7.1 No"), "");
	assert_int_equal(words.said, SAID_ANSWER);
	assert_int_equal(words.decision, DECISION_REJECT);
	assert_int_equal(words.len, 12);
	assert_memory_equal(words.text, "550 5.7.1 No", 12);
	/* In 6.6 the token is first. */
	judge_init(&judge, 4);
	assert_string_equal(said("ehlo", "filter-result|%T|" ID "|proceed"),
	    "");
	assert_int_equal(words.said, SAID_ANSWER);
}

static void
one_question_is_answered_once(void **state)
{
	char	 line[128];

	judge_init(&judge, 7);
	assert_string_equal(said("ehlo", "filter-result|" ID "|%T|proceed"),
	    "");
	(void)snprintf(line, sizeof(line), "filter-result|" ID "|%016llx|"
	    "proceed", (unsigned long long)judge_token(number("ehlo")));
	assert_string_equal(judged(line, strlen(line)), "second-answer");
	assert_int_equal(words.said, SAID_NOTHING);
	/* Nobody minds once the client is gone. */
	judge.gone = 1;
	assert_string_equal(judged(line, strlen(line)), "");
	judge_init(&judge, 7);
	judge.ready = 1;
	assert_string_equal(judged(line, strlen(line)), "wrong-token");
}

static void
a_message_ends_once_and_its_dots_are_taken_off(void **state)
{
	judge_init(&judge, 7);
	assert_string_equal(said("data-line", "filter-dataline|" ID "|%T|..x"),
	    "");
	assert_int_equal(words.said, SAID_LINE);
	assert_int_equal(words.len, 2);
	assert_memory_equal(words.text, ".x", 2);
	judge.cr_sent = 1;
	assert_string_equal(said("data-line", "filter-dataline|" ID
	    "|%T|x\r"), "");
	judge.dot_sent = 1;
	assert_string_equal(said("data-line", "filter-dataline|" ID "|%T|."),
	    "");
	assert_int_equal(words.said, SAID_DOT);
	assert_string_equal(said("data-line", "filter-dataline|" ID "|%T|x"),
	    "line-after-dot");
	assert_string_equal(said("commit", "filter-dataline|" ID "|%T|."),
	    "line-after-dot");
}

static void
lengths_have_their_limits(void **state)
{
	int	 n;

	memset(big, 'x', sizeof(big));
	judge_init(&judge, 7);
	judge.ready = 1;
	judge_asked(&judge, number("data-line"));
	n = snprintf(big, sizeof(big), "filter-dataline|" ID "|%016llx|",
	    (unsigned long long)judge_token(judge.phase));
	big[n] = 'x';
	assert_string_equal(judged(big, 65535), "");
	assert_int_equal(words.len, 65485);
	assert_string_equal(judged(big, 65536), "long-line");
	big[100] = '\0';
	assert_string_equal(judged(big, 65535), "nul");
	assert_int_equal(words.said, SAID_LINE);
	assert_int_equal(words.len, 50);
	assert_string_equal(judged("\0", 1), "kind");
	big[100] = 'x';
	/* What 6.8 leaves of it. */
	judge.minor = 6;
	assert_string_equal(judged(big, 2047), "");
	assert_int_equal(words.len, 1997);
	assert_string_equal(judged(big, 2048), "line-cut");
	assert_int_equal(words.len, 1997);
	judge_init(&judge, 7);
	judge.ready = 1;
	judge_asked(&judge, number("ehlo"));
	n = snprintf(big, sizeof(big), "filter-result|" ID "|%016llx|reject|"
	    "550 No", (unsigned long long)judge_token(judge.phase));
	big[n] = 'x';
	assert_string_equal(judged(big, (size_t)n + 505), "");
	judge.pending = 1;
	assert_string_equal(judged(big, (size_t)n + 506), "parameter-long");
	assert_string_equal(judged(big, 17000), "parameter-huge");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(registering_has_its_forms),
		cmocka_unit_test(answers_have_their_forms),
		cmocka_unit_test(what_was_said_comes_back_in_place),
		cmocka_unit_test(one_question_is_answered_once),
		cmocka_unit_test(a_message_ends_once_and_its_dots_are_taken_off),
		cmocka_unit_test(lengths_have_their_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
