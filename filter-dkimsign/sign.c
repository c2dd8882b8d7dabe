/* SPDX-License-Identifier: ISC */
/*
 * One message, step by step: is its header fit to be signed, whose is it, what
 * will smtpd change, what is added, the body's hashes, and the digest that
 * each signature is made of.  The signing itself is the only thing that takes
 * time, and the only one that is done elsewhere.
 *
 * Nothing is declared on the message before all signatures are there.
 */

#include <sys/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/rand.h>

#include "body.h"
#include "dkimsign.h"
#include "hfield.h"
#include "message.h"
#include "sign.h"

struct sign *
sign_new(void)
{
	struct sign	*s;

	/* Not all of it zeroed: there are 16 KB of room for signatures. */
	if ((s = malloc(sizeof(*s))) == NULL)
		return NULL;
	memset(&s->view, 0, sizeof(s->view));
	s->from.local[0] = s->from.domain[0] = '\0';
	s->plan.n = s->n = s->left = 0;
	s->fit = VIEW_FIT;
	return s;
}

void
sign_free(struct sign *s)
{
	size_t	 i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++)
		signature_free(s->one[i].signature);
	policy_plan_end(&s->plan);
	view_free(&s->view);
	free(s);
}

/* The address in a field, or none at all. */
static void
field_author(const struct view *v, const char *name, struct author *a)
{
	const char	*value;
	size_t		 len;

	value = view_value(v, name, &len);
	if (value == NULL || author_parse(value, len, a) == -1)
		a->local[0] = a->domain[0] = '\0';
}

static enum policy_verdict
ask_policy(struct sign *s, const struct sign_about *about)
{
	char		 list_id[AUTHOR_DOMAIN];
	const char	*value;
	struct who	 who = { .list_id = list_id };
	size_t		 len;

	field_author(&s->view, "From", &s->from);
	field_author(&s->view, "Sender", &who.sender);
	who.from = s->from;
	list_id[0] = '\0';
	if ((value = view_value(&s->view, "List-Id", &len)) != NULL)
		author_list_id(value, len, list_id);
	return policy_find(about->policy, &who, about->now, &s->plan);
}

/* RFC 5322, 3.3; in UTC, as the time zone's file may be out of reach. */
static enum view_fit
add_date(struct view *v, int64_t now)
{
	char		 text[64];
	struct tm	 tm;
	time_t		 t = (time_t)now;

	if (!dkimsign.add_date || view_has(v, "Date"))
		return VIEW_FIT;
	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000",
	    &tm) == 0)
		return VIEW_FAILED;
	return view_add(v, "Date", text);
}

/* RFC 5322, 3.6.4: unique, and nobody can guess the next one. */
static enum view_fit
add_message_id(struct view *v, const char *host)
{
	unsigned char	 random[16];
	char		 text[2 * sizeof(random) + 512];
	size_t		 i, used;

	if (!dkimsign.add_msgid || *host == '\0' ||
	    view_has(v, "Message-ID"))
		return VIEW_FIT;
	if (RAND_bytes(random, sizeof(random)) != 1)
		return VIEW_FAILED;
	text[0] = '<';
	for (i = 0, used = 1; i < sizeof(random); i++, used += 2)
		(void)snprintf(text + used, 3, "%02x", random[i]);
	(void)snprintf(text + used, sizeof(text) - used, "@%.255s>", host);
	return view_add(v, "Message-ID", text);
}

static enum view_fit
complete_header(struct view *v, const struct complete_smtpd *smtpd)
{
	if (!dkimsign.complete || *smtpd->host == '\0')
		return VIEW_FIT;
	return view_complete(v, smtpd);
}

/* What smtpd may add next, a signature must not name. */
static enum view_fit
add_missing(struct view *v, const struct sign_about *about)
{
	enum view_fit	 fit;

	fit = add_date(v, about->now);
	if (fit == VIEW_FIT)
		fit = add_message_id(v, about->smtpd.host);
	if (!view_has(v, "Date"))
		view_hide(v, "Date");
	if (!view_has(v, "Message-ID"))
		view_hide(v, "Message-ID");
	return fit;
}

/* Signature i of the plan, its header hashed (DomainKeys: to be hashed). */
static int
begin_one(struct sign *s, size_t i, int64_t now)
{
	const struct signing	*sg = &s->plan.sign[i];
	static const uint8_t	 none[32];
	const uint8_t		*hash = none;

	if (sg->type == SIGNATURE_DKIM &&
	    (hash = body_hash(sg->body)) == NULL)
		return -1;
	s->one[i].signature = signature_new(sg, s->view.fields, s->view.n,
	    hash, now);
	return s->one[i].signature == NULL ? -1 : 0;
}

/* Those that take the body itself come before it, the others after it. */
static int
begin_type(struct sign *s, enum signature_type type, int64_t now)
{
	size_t	 i;

	for (i = 0; i < s->plan.n; i++)
		if (s->plan.sign[i].type == type && begin_one(s, i, now) == -1)
			return -1;
	return 0;
}

static enum body_state
read_body(struct sign *s, struct message *m, const struct sign_about *about)
{
	const struct signing	*sg;
	size_t			 i;

	body_begin(about->smtpd.line_max);
	for (i = 0; i < s->plan.n; i++) {
		sg = &s->plan.sign[i];
		if (sg->type == SIGNATURE_DKIM)
			body_want(sg->body);
		else
			body_send(sg->body,
			    signature_body(s->one[i].signature));
	}
	return body_read(m);
}

/*
 * 8-bit bytes in what is said to be 7bit, as it is without a word: some relay
 * will convert it.  RFC 2045, 6.2; RFC 6376, 5.3
 */
static int
is_undeclared(const struct view *v)
{
	const char	*value;
	size_t		 len;

	if (!body_is_8bit())
		return 0;
	value = view_value(v, "Content-Transfer-Encoding", &len);
	while (value != NULL && len > 0 && strchr(" \t", *value) != NULL)
		value++, len--;
	return value == NULL || !((len >= 4 &&
	    strncasecmp(value, "8bit", 4) == 0) || (len >= 6 &&
	    strncasecmp(value, "binary", 6) == 0));
}

static int
make_job(struct sign *s, size_t i)
{
	struct sign_one		*one = &s->one[i];
	const struct signing	*sg = &s->plan.sign[i];

	one->sign = s;
	one->job.key = sg->key;
	one->job.hash = sg->type == SIGNATURE_DKIM ? PRIVKEY_SHA256 :
	    PRIVKEY_SHA1;
	one->job.digest_len = signature_digest(one->signature,
	    one->job.digest);
	one->job.sig_len = -1;
	return one->job.digest_len == 0 ? -1 : 0;
}

static enum sign_state
hash_message(struct sign *s, struct message *m,
    const struct sign_about *about)
{
	size_t	 i;

	for (i = 0; i < s->plan.n; i++)
		s->one[i].signature = NULL;
	s->n = s->plan.n;
	if (begin_type(s, SIGNATURE_DOMAINKEYS, about->now) == -1)
		return SIGN_FAILED;
	switch (read_body(s, m, about)) {
	case BODY_OK:
		break;
	case BODY_CR:
		s->fit = VIEW_CR;
		return SIGN_UNFIT;
	case BODY_FAILED:
		return SIGN_FAILED;
	}
	s->undeclared = is_undeclared(&s->view);
	if (begin_type(s, SIGNATURE_DKIM, about->now) == -1)
		return SIGN_FAILED;
	for (i = 0; i < s->n; i++)
		if (make_job(s, i) == -1)
			return SIGN_FAILED;
	return SIGN_READY;
}

static enum sign_state
unfit(struct sign *s, enum view_fit fit)
{
	s->fit = fit;
	return fit == VIEW_FAILED ? SIGN_FAILED : SIGN_UNFIT;
}

/* Cron's mail gets a domain only by being completed: that comes first. */
enum sign_state
sign_prepare(struct sign *s, struct message *m,
    const struct sign_about *about)
{
	enum view_fit	 fit;
	enum sign_state	 state;

	fit = view_read(&s->view, m, about->smtpd.line_max);
	if (fit != VIEW_FIT)
		return unfit(s, fit);
	fit = complete_header(&s->view, &about->smtpd);
	switch (ask_policy(s, about)) {
	case POLICY_SIGN:
		if (s->plan.n > 0)
			break;
		return SIGN_UNSIGNED;
	case POLICY_UNSIGNED:
		return SIGN_UNSIGNED;
	case POLICY_REJECT:
		return SIGN_REFUSED;
	}
	if (fit == VIEW_FIT)
		fit = add_missing(&s->view, about);
	if (fit != VIEW_FIT)
		return unfit(s, fit);
	state = hash_message(s, m, about);
	view_forget_fields(&s->view);
	return state;
}

/* One of them; the last one is all of them. */
static void
job_done(struct signer_job *job)
{
	struct sign	*s = ((struct sign_one *)job)->sign;

	if (--s->left == 0)
		s->done(s->arg);
}

void
sign_start(struct sign *s, void (*done)(void *), void *arg)
{
	size_t	 i;

	s->done = done;
	s->arg = arg;
	s->left = s->n;
	for (i = 0; i < s->n; i++) {
		s->one[i].job.done = job_done;
		signer_submit(&s->one[i].job);
	}
}

int
sign_cancel(struct sign *s)
{
	size_t	 i;

	for (i = 0; i < s->n; i++)
		s->left -= (size_t)signer_cancel(&s->one[i].job);
	return s->left == 0;
}

void
sign_here(struct sign *s)
{
	struct signer_job	*job;
	size_t			 i;

	for (i = 0; i < s->n; i++) {
		job = &s->one[i].job;
		job->sig_len = privkey_sign(job->key, job->hash, job->digest,
		    job->digest_len, job->sig);
	}
}

/* The values, each valid as long as its signature. */
static int
take_values(struct sign *s, const char *values[POLICY_SIGNATURES])
{
	struct sign_one	*one;
	size_t		 i;

	for (i = 0; i < s->n; i++) {
		one = &s->one[i];
		if (one->job.sig_len == -1)
			return -1;
		values[i] = signature_value(one->signature, one->job.sig,
		    (size_t)one->job.sig_len);
		if (values[i] == NULL)
			return -1;
	}
	return 0;
}

int
sign_apply(struct sign *s, struct message *m)
{
	const char	*values[POLICY_SIGNATURES];
	size_t		 i;

	if (take_values(s, values) == -1)
		return -1;
	view_apply(&s->view, m);
	/* The most preferred is the last to be put on top. */
	for (i = s->n; i > 0; i--)
		message_prepend(m, signature_name(s->one[i - 1].signature),
		    values[i - 1]);
	return message_error(m) != NULL ? -1 : 0;
}

int
sign_print(struct sign *s)
{
	const char	*values[POLICY_SIGNATURES];
	size_t		 i;

	if (take_values(s, values) == -1)
		return -1;
	for (i = 0; i < s->n; i++)
		printf("%s: %s\n", signature_name(s->one[i].signature),
		    values[i]);
	return view_print(&s->view);
}

const char *
sign_algorithm(const struct signing *sg)
{
	if (sg->type == SIGNATURE_DOMAINKEYS)
		return "rsa-sha1";
	return privkey_type(sg->key) == PRIVKEY_RSA ? "rsa-sha256" :
	    "ed25519-sha256";
}
