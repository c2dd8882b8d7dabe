/* SPDX-License-Identifier: ISC */
/*
 * What filter-spamassassin makes of a message: three parts of the input, with
 * a line "===" between them.  The first has the client's facts, a line each:
 * HELO, name, sender, recipient; then comes the message, then spamd's reply.
 *
 * What is shown to spamd above the message has fields of ours only.  What goes
 * on is the message without its X-Spam fields, below new ones.
 */

#include <sys/types.h>

#include <string.h>
#include <strings.h>

#include "engine.h"
#include "fuzz.h"
#include "guard.h"
#include "header.h"
#include "mark.h"
#include "markup.h"
#include "message.h"
#include "message_engine.h"
#include "process.h"
#include "scan.h"

struct text {
	const char	*p;
	size_t		 len;
};

static char	*facts[4];

/* Up to the next "===", which is taken off as well. */
static struct text
next_part(struct text *in)
{
	struct text	 part = { in->p, in->len };
	size_t		 i;

	for (i = 0; i + 4 <= in->len; i++)
		if (memcmp(in->p + i, "===\n", 4) == 0 &&
		    (i == 0 || in->p[i - 1] == '\n')) {
			part.len = i;
			in->p += i + 4;
			in->len -= i + 4;
			return part;
		}
	in->len = 0;
	return part;
}

/* The next line of a part as a string. */
static char *
next_fact(struct text *part)
{
	const char	*nl = memchr(part->p, '\n', part->len);
	size_t		 len = nl == NULL ? part->len :
			    (size_t)(nl - part->p);
	char		*s;

	FUZZ_CHECK((s = strndup(part->p, len)) != NULL);
	if (nl != NULL)
		len++;
	part->p += len;
	part->len -= len;
	return s;
}

static struct message *
make_message(struct text t)
{
	struct message	*m;
	const char	*nl;
	size_t		 len;

	FUZZ_CHECK((m = message_new()) != NULL);
	for (; t.len > 0; t.p += len, t.len -= len) {
		nl = memchr(t.p, '\n', t.len);
		len = nl == NULL ? t.len : (size_t)(nl - t.p);
		message_append(m, t.p, len);
		if (nl != NULL)
			len++;
	}
	return m;
}

/* As it goes on; to be freed. */
static struct text
whole(struct message *m)
{
	struct text	 out = { NULL, 0 };
	const char	*line;
	char		*p = NULL;
	size_t		 len, size = 1 << 20;

	FUZZ_CHECK((p = malloc(size)) != NULL);
	while ((line = message_next(m, 65485, &len)) != NULL) {
		while (out.len + len + 1 > size)
			FUZZ_CHECK((p = realloc(p, size *= 2)) != NULL);
		memcpy(p + out.len, line, len);
		out.len += len;
		p[out.len++] = '\n';
	}
	FUZZ_CHECK(message_error(m) == NULL);
	out.p = p;
	return out;
}

static void
check_scan(struct message *m, int comes_back)
{
	static const char *const	 names[] = {
		"Return-Path: <", "X-Envelope-From: <", "X-Envelope-To: <",
		"Received: from ", "\t", " "
	};
	char		*rcpt[] = { facts[3], facts[3] };
	struct tx	 tx = { .id = 0x1a2b3c4d, .from = facts[2],
			    .rcpt = rcpt, .nrcpt = strlen(facts[3]) % 3 };
	struct session	 s = { .helo = facts[0], .rdns = facts[1],
			    .fcrdns = FCRDNS_PASS, .tx = &tx };
	struct ask_text	 text;
	const char	*p, *nl;
	size_t		 i;

	(void)addr_parse(&s.src, "192.0.2.1");
	FUZZ_CHECK(scan_text(&s, m, comes_back, &text) == 0);
	for (p = text.head; p < text.head + text.head_len; p = nl + 1) {
		FUZZ_CHECK((nl = strchr(p, '\n')) != NULL);
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (strncmp(p, names[i], strlen(names[i])) == 0)
				break;
		FUZZ_CHECK(i < sizeof(names) / sizeof(names[0]));
	}
	FUZZ_CHECK(text.skip <= text.skip_end);
	FUZZ_CHECK(text.skip_end <= message_size(m));
	free(text.head);
}

static int
is_mark(const char *p, const struct header_field *f)
{
	return f->name_len >= 6 && strncasecmp(p + f->off, "X-Spam", 6) == 0;
}

/* X-Spam* on top only, and "X-Spam" once at most. */
static void
check_marks(struct text out, int junk)
{
	struct header_field	 f;
	size_t			 next, off;
	int			 below = 0, signs = 0;

	for (off = 0; (next = header_next(out.p, out.len, off, &f)) != off;
	    off = next) {
		if (!is_mark(out.p, &f))
			below = 1;
		else if (f.name_len == 6)
			signs++;
		else
			FUZZ_CHECK(!below);
	}
	FUZZ_CHECK(signs <= 1 && signs >= junk);
}

/* The message as it went on without a mark is the end of what did with one. */
static void
check_result(struct message *m, struct text reply)
{
	char		 rules[256];
	struct mark	 mark = { .score = 6.5, .threshold = 5,
			    .rules = rules, .header = reply.p };
	struct text	 plain, out;

	mark.spam = reply.len % 2;
	mark.junk = reply.len % 3 == 0;
	mark.header_len = markup_header(reply.p, reply.len);
	markup_rules(reply.p, mark.header_len, rules, sizeof(rules));
	if (mark_strip(m) > MARK_STRIP_MAX)
		return;
	plain = whole(m);
	message_discard_edits(m);
	(void)mark_strip(m);
	mark_result(m, &mark);
	out = whole(m);
	FUZZ_CHECK(out.len >= plain.len && memcmp(out.p + out.len - plain.len,
	    plain.p, plain.len) == 0);
	check_marks(out, mark.junk);
	free((char *)(uintptr_t)plain.p);
	free((char *)(uintptr_t)out.p);

	message_discard_edits(m);
	(void)mark_strip(m);
	if (process_apply(m, reply.p, reply.len) == NULL) {
		out = whole(m);
		check_marks(out, 0);
		free((char *)(uintptr_t)out.p);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text	 in = { (const char *)data, size }, part, mail;
	struct message	*m;
	int		 i;

	if (engine.channel.sh == NULL)
		FUZZ_CHECK((engine.channel.sh = guard_map()) != NULL);
	part = next_part(&in);
	mail = next_part(&in);
	for (i = 0; i < 4; i++)
		facts[i] = next_fact(&part);
	m = make_message(mail);
	check_scan(m, 0);
	check_scan(m, 1);
	check_result(m, in);
	message_free(m);
	for (i = 0; i < 4; i++)
		free(facts[i]);
	return 0;
}
