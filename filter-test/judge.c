/* SPDX-License-Identifier: ISC */
/*
 * See judge.h.  Lines are taken as they come: any bytes, of any length.
 */

#include <ctype.h>
#include <string.h>

#include "judge.h"

/* Without its newline; one more byte, and smtpd reads on for ever. */
#define LINE_LONGEST	65535
/* Longer ones are cut, or worse. */
#define PARAMETER_MAX	511
#define PARAMETER_DEATH	16000

const char *const	 judge_phases[] = {
	"connect", "helo", "ehlo", "starttls", "auth", "mail-from", "rcpt-to",
	"data", "data-line", "rset", "quit", "noop", "help", "wiz", "commit",
	NULL
};
const char *const	 judge_events[] = {
	"link-connect", "link-disconnect", "link-greeting", "link-identify",
	"link-tls", "link-auth", "tx-reset", "tx-begin", "tx-mail", "tx-rcpt",
	"tx-envelope", "tx-data", "tx-commit", "tx-rollback",
	"protocol-client", "protocol-server", "filter-response",
	"filter-report", "timeout", NULL
};
static const char *const	 directions[] = { "smtp-in", "smtp-out", NULL };
static const char *const	 decisions[] = {
	[DECISION_PROCEED] = "proceed", [DECISION_JUNK] = "junk",
	[DECISION_REWRITE] = "rewrite", [DECISION_REJECT] = "reject",
	[DECISION_DISCONNECT] = "disconnect", NULL
};

/* The rest of a line, of which fields are taken. */
struct rest {
	const char	*s;
	size_t		 len;
	int		 more;		/* a '|' came before it */
};

void
judge_init(struct judge *j, int minor)
{
	memset(j, 0, sizeof(*j));
	j->minor = minor;
	j->phase = -1;
}

const char *
judge_release(const struct judge *j)
{
	return j->minor < 5 ? "6.6.4p1" : j->minor < 7 ? "6.8.0p2" :
	    "7.9.0-portable";
}

/* The longest answer that this smtpd does not cut; 0: it cuts none. */
static size_t
judge_cut(const struct judge *j)
{
	return j->minor < 7 ? 2047 : 0;
}

int
judge_find(const char *const *list, const char *s, size_t len)
{
	int	 i;

	for (i = 0; list[i] != NULL; i++)
		if (strlen(list[i]) == len && memcmp(list[i], s, len) == 0)
			return i;
	return -1;
}

/* One for each phase, as smtpd has them. */
uint64_t
judge_token(int phase)
{
	return UINT64_C(0xf99759c400000000) + (uint64_t)phase * 0x1d1b;
}

void
judge_asked(struct judge *j, int phase)
{
	j->phase = phase;
	if (strcmp(judge_phases[phase], "data-line") != 0)
		j->pending = 1;
}

static int
at(const struct judge *j, const char *phase)
{
	return j->phase != -1 && strcmp(judge_phases[j->phase], phase) == 0;
}

static int
equals(const char *s, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(s, word, len) == 0;
}

static void
field(struct rest *r, const char **s, size_t *len)
{
	const char	*bar = r->len == 0 ? NULL : memchr(r->s, '|', r->len);

	*s = r->s;
	*len = bar == NULL ? r->len : (size_t)(bar - r->s);
	r->more = bar != NULL;
	r->s += *len + (bar != NULL);
	r->len -= *len + (bar != NULL);
}

/* As strtoull(3) of base 16 has it; *plain: just as smtpd wrote it. */
static int
id_parse(const char *s, size_t len, uint64_t *id, int *plain)
{
	size_t	 i;
	int	 c;

	*plain = len == 16;
	*id = 0;
	if (len == 0 || len > 16)
		return -1;
	for (i = 0; i < len; i++) {
		c = (unsigned char)s[i];
		if (!isxdigit(c))
			return -1;
		if (isupper(c))
			*plain = 0;
		*id = *id << 4 | (uint64_t)(isdigit(c) ? c - '0' :
		    tolower(c) - 'a' + 10);
	}
	return 0;
}

static const struct rule *
register_phase(struct judge *j, const char *name, size_t len)
{
	int	 i = judge_find(judge_phases, name, len);

	if (i == -1)
		return judge_rule("register-name");
	if (equals(name, len, "wiz") && j->minor >= 7)
		return judge_rule("register-wiz");
	if (j->phases & 1U << i)
		return judge_rule("register-twice");
	j->phases |= 1U << i;
	return equals(name, len, "auth") ? judge_rule("register-auth") : NULL;
}

static const struct rule *
register_event(struct judge *j, int direction, const char *name, size_t len)
{
	uint32_t	 all = 0, *have = &j->reports[direction];
	int		 i;

	if (equals(name, len, "*"))
		for (i = 0; judge_events[i] != NULL; i++)
			all |= 1U << i;
	else if ((i = judge_find(judge_events, name, len)) == -1)
		return judge_rule("register-name");
	else
		all = 1U << i;
	if (*have & all)
		return judge_rule("register-twice");
	*have |= all;
	return NULL;
}

/* "register|" was read.  Spoken of what kind, in which direction, for what. */
static const struct rule *
register_line(struct judge *j, struct rest r, struct words *w)
{
	const char	*kind, *direction, *name;
	size_t		 klen, dlen, nlen;
	int		 dir;

	w->said = SAID_REGISTER;
	if (equals(r.s, r.len, "ready")) {
		j->ready = 1;
		w->said = SAID_READY;
		return NULL;
	}
	field(&r, &kind, &klen);
	if (!r.more || (!equals(kind, klen, "report") &&
	    !equals(kind, klen, "filter")))
		return judge_rule("register-word");
	field(&r, &direction, &dlen);
	if ((dir = judge_find(directions, direction, dlen)) == -1 ||
	    (dir == 1 && (*kind == 'f' || j->minor < 5)))
		return judge_rule("register-direction");
	name = r.s;
	nlen = r.len;
	if (*kind == 'f')
		return register_phase(j, name, nlen);
	return register_event(j, dir, name, nlen);
}

/* Codes and bytes of a reply, once its form is right. */
static const struct rule *
reply_odd(const char *s, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			return judge_rule("reply-bytes");
	/* RFC 2034, 4 */
	if (len > 6 && isdigit((unsigned char)s[4]) && s[5] == '.' &&
	    isdigit((unsigned char)s[6]) && s[4] != s[0])
		return judge_rule("reply-class");
	return NULL;
}

static const struct rule *
reply_check(const char *s, size_t len)
{
	if (len < 5 || (s[0] != '4' && s[0] != '5') ||
	    !isdigit((unsigned char)s[1]) || !isdigit((unsigned char)s[2]) ||
	    s[3] != ' ')
		return judge_rule("reply-text");
	return reply_odd(s, len);
}

static const struct rule *
rewrite_check(const struct judge *j, const char *s, size_t len)
{
	if (at(j, "commit"))
		return judge_rule("rewrite-commit");
	if (at(j, "connect"))
		return judge_rule("rewrite-connect");
	if (at(j, "mail-from") || at(j, "rcpt-to")) {
		if (len < 2 || s[0] != '<' || memchr(s, '>', len) == NULL)
			return judge_rule("rewrite-form");
	} else if (!at(j, "helo") && !at(j, "ehlo") && !at(j, "auth"))
		return judge_rule("rewrite-phase");
	else if (len == 0 || memchr(s, ' ', len) != NULL)
		return judge_rule("rewrite-form");
	return NULL;
}

static const struct rule *
parameter_check(const struct judge *j, const struct words *w)
{
	const struct rule	*rule;

	if (w->len > PARAMETER_DEATH && j->minor >= 7)
		return judge_rule("parameter-huge");
	rule = w->decision == DECISION_REWRITE ?
	    rewrite_check(j, w->text, w->len) : reply_check(w->text, w->len);
	if (rule == NULL && w->len > PARAMETER_MAX)
		rule = judge_rule("parameter-long");
	return rule;
}

static const struct rule *
decision_check(const struct judge *j, struct rest r, struct words *w)
{
	const char	*word;
	size_t		 len;
	int		 d;

	if (r.len > 0 && memchr(r.s, '\r', r.len) != NULL)
		return judge_rule("carriage-return");
	field(&r, &word, &len);
	d = judge_find(decisions, word, len);
	w->text = r.s;
	w->len = r.len;
	if (d == DECISION_PROCEED || d == DECISION_JUNK) {
		w->decision = d;
		if (r.more)
			return judge_rule("parameter-extra");
		return d == DECISION_JUNK && at(j, "commit") ?
		    judge_rule("junk-at-commit") : NULL;
	}
	if (!r.more)
		return judge_rule("parameter-missing");
	if (d == -1)
		return judge_rule("decision");
	w->decision = d;
	return parameter_check(j, w);
}

static const struct rule *
result_line(struct judge *j, struct rest r, uint64_t token, struct words *w)
{
	const struct rule	*rule;
	int			 wrong;

	if (j->gone)
		return NULL;
	if (at(j, "data-line"))
		return judge_rule("result-in-data");
	rule = decision_check(j, r, w);
	if (rule != NULL && rule->harm != HARM_NOTE)
		return rule;
	wrong = j->phase == -1 || token != judge_token(j->phase);
	if (wrong && w->decision == DECISION_PROCEED)
		return judge_rule("wrong-token");
	if (!j->pending)
		return judge_rule("second-answer");
	j->pending = 0;
	w->said = SAID_ANSWER;
	return wrong ? judge_rule("token-ignored") : rule;
}

static const struct rule *
data_line(struct judge *j, struct rest r, size_t whole, uint64_t token,
    struct words *w)
{
	if (j->gone)
		return NULL;
	if (!at(j, "data-line"))
		return judge_rule(j->dot_got ? "line-after-dot" :
		    "line-out-of-data");
	if (token != judge_token(j->phase))
		return judge_rule("wrong-token");
	if (j->dot_got)
		return judge_rule("line-after-dot");
	w->text = r.s;
	w->len = r.len;
	if (equals(r.s, r.len, ".")) {
		if (!j->dot_sent)
			return judge_rule("early-dot");
		j->dot_got = 1;
		w->said = SAID_DOT;
		return NULL;
	}
	w->said = SAID_LINE;
	if (judge_cut(j) != 0 && whole > judge_cut(j))
		w->len -= whole - judge_cut(j);
	if (w->len > 0 && *w->text == '.') {
		w->text++;
		w->len--;
	}
	if (r.len > 0 && r.s[r.len - 1] == '\r' && !j->cr_sent)
		return judge_rule("line-cr");
	return w->len < r.len - (w->text - r.s) ? judge_rule("line-cut") : NULL;
}

/* "filter-result|" or "filter-dataline|" was read. */
static const struct rule *
answer_line(struct judge *j, struct rest r, int result, size_t whole,
    struct words *w)
{
	const struct rule	*rule;
	const char		*first, *second, *swap;
	size_t			 flen, slen, n;
	uint64_t		 session, token;
	int			 more, plain, plain2;

	field(&r, &first, &flen);
	more = r.more;
	field(&r, &second, &slen);
	if (j->minor < 5) {
		swap = first, first = second, second = swap;
		n = flen, flen = slen, slen = n;
	}
	if (!more || id_parse(first, flen, &session, &plain) == -1)
		return judge_rule("session-id");
	if (id_parse(second, slen, &token, &plain2) == -1)
		return judge_rule("token");
	if (!r.more)
		return judge_rule("decision-missing");
	if (session != JUDGE_SESSION)
		return judge_rule("stranger");
	rule = result ? result_line(j, r, token, w) :
	    data_line(j, r, whole, token, w);
	return rule == NULL && !(plain && plain2) ? judge_rule("id-bytes") :
	    rule;
}

static const struct rule *
whole_line(struct judge *j, const char *s, size_t len, struct words *w)
{
	struct rest	 r = { s, len, 0 };
	const char	*kind;
	size_t		 klen;

	field(&r, &kind, &klen);
	if (equals(kind, klen, "register") && r.more)
		return j->ready ? judge_rule("register-late") :
		    register_line(j, r, w);
	if (!j->ready)
		return judge_rule("early-line");
	if (equals(kind, klen, "report") && r.more)
		return judge_rule("report-line");
	if (equals(kind, klen, "filter-result") && r.more)
		return answer_line(j, r, 1, len, w);
	if (equals(kind, klen, "filter-dataline") && r.more)
		return answer_line(j, r, 0, len, w);
	return judge_rule("kind");
}

const struct rule *
judge_line(struct judge *j, const char *s, size_t len, struct words *w)
{
	const struct rule	*rule;
	const char		*nul;

	memset(w, 0, sizeof(*w));
	if (len > LINE_LONGEST)
		return judge_rule("long-line");
	/* smtpd sees what is before a NUL. */
	if (len == 0 || (nul = memchr(s, '\0', len)) == NULL)
		return whole_line(j, s, len, w);
	rule = whole_line(j, s, (size_t)(nul - s), w);
	return rule == NULL ? judge_rule("nul") : rule;
}
