/* SPDX-License-Identifier: ISC */
/*
 * See shared_reply.h.  What is not known is a matter of configuration: a
 * command that was renamed, a server that is too old.
 */

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis.h>

#include "log.h"
#include "shared_reply.h"

#define SHOWN	160		/* bytes of an error in the log */

static const struct {
	const char		*begin;
	enum shared_fate	 fate;
} errors[] = {
	{ "NOSCRIPT", FATE_SCRIPT },
	{ "BUSY", FATE_AGAIN },
	{ "TRYAGAIN", FATE_AGAIN },
	{ "LOADING", FATE_NEXT },
	{ "MASTERDOWN", FATE_NEXT },
	{ "CLUSTERDOWN", FATE_NEXT },
	{ "READONLY", FATE_NEXT },
	{ "MOVED", FATE_NEXT },
	{ "ASK", FATE_NEXT },
	{ "UNBLOCKED", FATE_NEXT },
	{ "OOM", FATE_SICK },
	{ "MISCONF", FATE_SICK },
	{ "NOREPLICAS", FATE_SICK },
	{ "NOAUTH", FATE_CONFIG },
	{ "WRONGPASS", FATE_CONFIG },
	{ "NOPERM", FATE_CONFIG },
	{ "DENIED", FATE_CONFIG },
	{ "CROSSSLOT", FATE_CONFIG },
	{ "WRONGTYPE", FATE_FOREIGN },
	{ "ERR user_script", FATE_FOREIGN },
	{ "ERR Error running script", FATE_FOREIGN },
	{ "ERR Protocol error", FATE_NONSENSE },
	{ "ERR max number of clients", FATE_NEXT },
};

/* Words that Redis 6 and older wrap into "ERR Error running script (...)". */
static const char *const	 inside[] = { "READONLY", "OOM", "MISCONF",
				    "NOREPLICAS", "WRONGTYPE", NULL };

/* The whole word, or all that the entry has if it has blanks. */
static int
begins(const char *text, const char *begin)
{
	size_t	 len = strlen(begin);

	return strncmp(text, begin, len) == 0 && (text[len] == '\0' ||
	    text[len] == ' ' || text[len] == ':' || text[len] == '(');
}

static enum shared_fate
fate_find(const char *error)
{
	size_t	 i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (begins(error, errors[i].begin))
			return errors[i].fate;
	return FATE_CONFIG;
}

enum shared_fate
shared_fate(const char *error)
{
	enum shared_fate	 fate = fate_find(error);
	char			 word[16];
	const char		*const *w;

	if (fate != FATE_FOREIGN)
		return fate;
	for (w = inside; *w != NULL; w++) {
		(void)snprintf(word, sizeof(word), "-%s ", *w);
		if (strstr(error, word) != NULL)
			return fate_find(*w);
	}
	return fate;
}

enum shared_fate
shared_reply_fate(const struct redisReply *r)
{
	return r->type == REDIS_REPLY_ERROR ? shared_fate(r->str) : FATE_FINE;
}

int
shared_fate_ends(enum shared_fate fate)
{
	return fate == FATE_NEXT || fate == FATE_SICK ||
	    fate == FATE_CONFIG || fate == FATE_NONSENSE;
}

const char *
shared_reply_why(const struct redisReply *r)
{
	static const char *const	 words[] = {
		[FATE_SICK] = "it can't write: ",
		[FATE_CONFIG] = "configuration: ",
		[FATE_FOREIGN] = "foreign data: ",
		[FATE_NONSENSE] = "nonsense: ",
	};
	static char	 why[256];
	const char	*word, *args;
	char		 text[SHOWN + 1];

	if (r->type != REDIS_REPLY_ERROR)
		return "nonsense: this is not what was asked for";
	/* Then it repeats what it was told, which may be the password. */
	if ((args = strstr(r->str, ", with args")) == NULL)
		args = r->str + strlen(r->str);
	(void)snprintf(text, sizeof(text), "%.*s", (int)(args - r->str),
	    r->str);
	word = words[shared_fate(r->str)];
	(void)snprintf(why, sizeof(why), "%s%s", word != NULL ? word : "",
	    log_quote(text));
	return why;
}

/* As the script's: a double holds it. */
static int
is_number(const struct redisReply *r)
{
	return r->type == REDIS_REPLY_INTEGER && r->integer >= 0 &&
	    r->integer <= INT64_C(1) << 53;
}

int
shared_reply_verdict(const struct redisReply *r, struct grey_verdict *v)
{
	if (r->type != REDIS_REPLY_ARRAY || r->elements != 3 ||
	    !is_number(r->element[0]) || !is_number(r->element[1]) ||
	    !is_number(r->element[2]) ||
	    r->element[0]->integer > GREY_PARTNER)
		return -1;
	v->reason = (enum grey_reason)r->element[0]->integer;
	v->defer = v->reason == GREY_NEW || v->reason == GREY_EARLY ||
	    v->reason == GREY_TRAPPED;
	v->wait = r->element[1]->integer;
	v->delayed = r->element[2]->integer;
	return 0;
}

#define TUPLE(f)	{ #f, offsetof(struct store_row, tuple.f) }
#define CLIENT(f)	{ #f, offsetof(struct store_row, client.f) }

const struct shared_field *
shared_fields(enum store_kind kind)
{
	static const struct shared_field	 tuple[] = {
		TUPLE(first), TUPLE(last), TUPLE(blocked), TUPLE(passed),
		{ NULL, 0 }
	};
	static const struct shared_field	 client[] = {
		CLIENT(first), CLIENT(last), CLIENT(passed), CLIENT(counted),
		CLIENT(white_until), CLIENT(trap_until), { NULL, 0 }
	};
	static const struct shared_field	 partner[] = {
		{ "until", offsetof(struct store_row, until) }, { NULL, 0 }
	};

	if (kind == STORE_TUPLE)
		return tuple;
	return kind == STORE_CLIENT ? client : partner;
}

static void
row_set(struct store_row *row, const char *name, const char *value)
{
	const struct shared_field	*f;
	int64_t				 n = strtoll(value, NULL, 10);

	for (f = shared_fields(row->kind); f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			memcpy((char *)row + f->offset, &n, sizeof(n));
}

int
shared_reply_row(const struct redisReply *r, struct store_row *row)
{
	size_t	 i;

	memset(&row->tuple, 0, sizeof(row->tuple));
	memset(&row->client, 0, sizeof(row->client));
	row->until = 0;
	if (r->type != REDIS_REPLY_ARRAY || r->elements % 2 != 0)
		return -1;
	for (i = 0; i + 1 < r->elements; i += 2) {
		if (r->element[i]->type != REDIS_REPLY_STRING ||
		    r->element[i + 1]->type != REDIS_REPLY_STRING)
			return -1;
		row_set(row, r->element[i]->str, r->element[i + 1]->str);
	}
	return 0;
}
