/* SPDX-License-Identifier: ISC */
/* The rules by name, and in words. */

#include <stdlib.h>
#include <string.h>

#include "judge.h"

static const struct rule	 rules[] = {
	/* Of the process. */
	{ "exit", HARM_DEATH, "the filter ended" },
	{ "closed", HARM_SESSION, "it closed its end and lives on" },
	{ "no-exit", HARM_NOTE,
	    "it was still there a second after smtpd hung up" },
	{ "exit-status", HARM_NOTE,
	    "it did not end with status 0 when smtpd hung up" },
	{ "log-line", HARM_ALL, "it logged 65,536 bytes without a newline" },
	{ "log-bytes", HARM_NOTE, "bytes in the log that are no text" },
	{ "no-answer", HARM_SESSION, "it did not answer" },
	{ "no-dot", HARM_SESSION,
	    "the '.' at the end of the message did not come back" },
	{ "no-end", HARM_SESSION,
	    "the message that comes back grows without end" },
	{ "no-pause", HARM_NOTE, "it talks on and on" },
	/* Of registering. */
	{ "never-ready", HARM_ALL, "it did not say register|ready" },
	{ "early-line", HARM_DEATH,
	    "it said something else before register|ready" },
	{ "register-word", HARM_DEATH, "this is no way to register" },
	{ "register-direction", HARM_DEATH,
	    "there is nothing to register in this direction" },
	{ "register-name", HARM_DEATH, "there is no such event or phase" },
	{ "register-wiz", HARM_DEATH, "the phase wiz is gone since 7.9" },
	{ "register-auth", HARM_NOTE,
	    "the argument of the phase auth may be a password" },
	{ "register-twice", HARM_NOTE, "it registered the same twice" },
	{ "register-late", HARM_NOTE, "it registered after register|ready" },
	/* Of lines. */
	{ "kind", HARM_DEATH, "this is no line that a filter can say" },
	{ "report-line", HARM_DEATH, "a filter can't report" },
	{ "long-line", HARM_ALL, "a line of more than 65,535 bytes" },
	{ "nul", HARM_NOTE, "what follows a NUL is lost" },
	{ "partial-line", HARM_SESSION, "a line without its newline" },
	{ "session-id", HARM_DEATH, "the session's id can't be read" },
	{ "token", HARM_DEATH, "the token can't be read" },
	{ "id-bytes", HARM_NOTE,
	    "ids should come back as they were, byte by byte" },
	{ "stranger", HARM_NOTE,
	    "an answer for a session that there is not" },
	{ "wrong-token", HARM_DEATH, "the token is not that of the phase" },
	{ "token-ignored", HARM_NOTE,
	    "the token is wrong, and only luck makes it work" },
	/* Of answers. */
	{ "decision-missing", HARM_DEATH, "an answer without a decision" },
	{ "decision", HARM_DEATH, "there is no such decision" },
	{ "parameter-missing", HARM_DEATH,
	    "no such decision, or one without its parameter" },
	{ "parameter-extra", HARM_DEATH,
	    "proceed and junk have no parameter" },
	{ "parameter-long", HARM_NOTE,
	    "a parameter of more than 511 bytes may be cut" },
	{ "parameter-huge", HARM_DEATH,
	    "a parameter of more than 16,000 bytes" },
	{ "carriage-return", HARM_DEATH, "a carriage return in an answer" },
	{ "second-answer", HARM_DEATH, "it answered what was not asked" },
	{ "result-in-data", HARM_DEATH,
	    "a decision while the message is under way" },
	{ "junk-at-commit", HARM_DEATH, "it is too late for junk at commit" },
	{ "rewrite-form", HARM_CLIENT, "what it became is no such argument" },
	{ "rewrite-phase", HARM_CLIENT,
	    "there is nothing to rewrite in this phase" },
	{ "rewrite-connect", HARM_NOTE, "rewrite at connect means proceed" },
	{ "rewrite-commit", HARM_SESSION, "rewrite at commit" },
	{ "reply-text", HARM_CLIENT,
	    "a reply is 4 or 5, two digits, a blank, and a text" },
	{ "reply-bytes", HARM_NOTE, "control bytes in a reply" },
	{ "reply-class", HARM_NOTE,
	    "the code and the enhanced code disagree" },
	/* Of messages. */
	{ "line-out-of-data", HARM_DEATH,
	    "a line of a message, and none is under way" },
	{ "line-after-dot", HARM_DEATH, "a line after the '.'" },
	{ "early-dot", HARM_CLIENT,
	    "its '.' came before smtpd's: the message was cut short" },
	{ "line-cr", HARM_NOTE,
	    "a carriage return that the client did not send" },
	{ "line-cut", HARM_NOTE, "smtpd before 7.4 cuts this line" },
};

const struct rule *
judge_rule(const char *name)
{
	size_t	 i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (strcmp(rules[i].name, name) == 0)
			return &rules[i];
	abort();
}

const char *
judge_harm(const struct rule *rule)
{
	switch (rule->harm) {
	case HARM_DEATH:
		return "smtpd would have gone down";
	case HARM_ALL:
		return "all sessions of the filter would hang";
	case HARM_SESSION:
		return "the session would hang for ever";
	case HARM_CLIENT:
		return "the client would have got an error of smtpd's";
	case HARM_NOTE:
		break;
	}
	return "smtpd lives with it";
}
