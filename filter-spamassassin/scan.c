/* SPDX-License-Identifier: ISC */
/*
 * See scan.h.  SpamAssassin takes the client's address and name from the first
 * Received, and the sender from fields above it; both have to be in a form
 * that Mail::SpamAssassin::Message::Metadata::Received knows.  What a client
 * chose (HELO, addresses) stands in it with harmless characters only: it could
 * otherwise write "authenticated", or an address of its own.
 *
 * What can't be made out is left as smtpd wrote it.
 */

#include <sys/types.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compat.h"
#include "message.h"
#include "scan.h"

#define WORD_MAX	512		/* of an address or a name */
#define RCPT_MAX	100		/* that are told to spamd */
#define RECEIVED_MAX	4096		/* smtpd's own is shorter */

enum received { RECEIVED_AUTO, RECEIVED_ALWAYS, RECEIVED_KEEP };

static const char *const	 forms[] = { "auto", "always", "keep", NULL };

static int		 form = RECEIVED_AUTO;

const struct key scan_keys[] = {
	{ .name = "received", .type = KEY_CHOICE, .dest = &form,
	    .choices = forms },
	{ .name = NULL }
};

/* smtpd's own Received in the message, and what a client put below it. */
struct own {
	size_t	 off, tail, end;
	char	 value[RECEIVED_MAX];	/* "" if there is none */
	char	*by;			/* in value: from "by" on */
	char	*id;			/* in by: what follows the id */
};

static const char *
clean(char out[WORD_MAX], const char *s, const char *also)
{
	size_t	 i;

	for (i = 0; s[i] != '\0' && i < WORD_MAX - 1; i++)
		out[i] = isalnum((unsigned char)s[i]) ||
		    strchr(also, s[i]) != NULL ? s[i] : '?';
	out[i] = '\0';
	return out;
}

static const char *
clean_host(char out[WORD_MAX], const char *s)
{
	return clean(out, *s == '\0' ? "unknown" : s, ".-_:[]");
}

/* RFC 5321, 4.1.2, without the quoted form. */
static const char *
clean_address(char out[WORD_MAX], const char *s)
{
	return clean(out, s, ".@!#$%&'*+-/=?^_`{|}~:[]");
}

/* "by HOST (OpenSMTPD)": from its end, as what is before is a client's. */
static char *
find_by(char *value)
{
	static const char	 blanks[] = " \t\n";
	char			*p;

	if ((p = strstr(value, " (OpenSMTPD) with ")) == NULL)
		return NULL;
	while (p > value && strchr(blanks, p[-1]) == NULL)
		p--;
	while (p > value && strchr(blanks, p[-1]) != NULL)
		p--;
	if (p - value < 3 || strncmp(p - 2, "by", 2) != 0 ||
	    strchr(blanks, p[-3]) == NULL)
		return NULL;
	return p - 2;
}

/* Field i of the message: where it is, and the begin of its value. */
static void
own_read(struct message *m, size_t i, struct own *own)
{
	const char	*name, *value;
	size_t		 j, len = 0, n;

	own->end = 0;
	for (j = 0; j <= i; j++) {
		name = message_name(m, j, &n);
		value = message_value(m, j, &len);
		own->off = own->end;
		own->tail = own->off + (size_t)(value - name);
		own->end = own->tail + len + 1;
	}
	if (len >= RECEIVED_MAX)
		len = RECEIVED_MAX - 1;
	memcpy(own->value, value, len);
	own->value[len] = '\0';
}

/*
 * The date is the last that smtpd writes.  If the first line of a client begins
 * with a blank, it goes on with that: " with ESMTPA" would make him trusted.
 */
static void
own_cut(struct own *own)
{
	char	*date = strstr(own->id, ";\n\t");

	if (date == NULL)
		date = own->id;
	else
		date += 3;
	date += strcspn(date, "\n");
	own->tail += (size_t)(date - own->value);
	if (*date == '\0')
		own->tail = own->end;
	else {
		own->tail++;
		*date = '\0';
	}
}

/*
 * The first Received, if it has the id of this very message: no client can
 * know that.
 */
static void
find_own(const struct session *s, struct message *m, struct own *own)
{
	char	 id[16];
	ssize_t	 received = message_find(m, "Received", 0);

	own->value[0] = '\0';
	if (received != -1)
		own_read(m, (size_t)received, own);
	(void)snprintf(id, sizeof(id), " id %08x", s->tx->id);
	if ((own->by = find_by(own->value)) != NULL &&
	    (own->id = strstr(own->by, id)) != NULL) {
		own->id += strlen(id);
		own_cut(own);
		return;
	}
	own->value[0] = '\0';
	own->off = own->tail = own->end = 0;
}

/*
 * SpamAssassin believes in no sender above Received if there is one below too,
 * or if it looks like fetchmail's work; but always in that of a Received, and a
 * recipient bob+envelope-from=joe@example.org makes one.
 */
static int
is_doubted(struct message *m, const struct own *own)
{
	return strchr(own->value, '=') != NULL ||
	    message_find(m, "X-Envelope-From", 0) != -1 ||
	    message_find(m, "X-Sender", 0) != -1;
}

static const char *
session_rdns(const struct session *s)
{
	if (s->local)
		return "localhost";
	/* A name that does not resolve to its address may be anybody's. */
	return s->rdns != NULL && s->fcrdns == FCRDNS_PASS ? s->rdns :
	    "unknown";
}

/* Whoever has a zone can write into it what he likes. */
static int
is_clean(const char *host)
{
	char	 out[WORD_MAX];

	return host != NULL && strcmp(clean_host(out, host), host) == 0;
}

static int
must_replace(const struct session *s, struct message *m,
    const struct own *own)
{
	const char	*v = own->value;

	if (form == RECEIVED_KEEP || (!s->local && s->src.family == AF_UNSPEC))
		return 0;
	if (form == RECEIVED_ALWAYS || *v == '\0' || s->local)
		return 1;
	return strncmp(v + strspn(v, " \t"), "from ", 5) != 0 ||
	    s->fcrdns != FCRDNS_PASS || !is_clean(s->rdns) ||
	    is_doubted(m, own);
}

/* "from mx.example.net (mx.example.net [192.0.2.1])" */
static void
write_from(FILE *fp, const struct session *s)
{
	char	 helo[WORD_MAX], rdns[WORD_MAX], src[ADDR_STRLEN];

	if (s->local)
		(void)strlcpy(src, "127.0.0.1", sizeof(src));
	else
		(void)addr_print(&s->src, src);
	fprintf(fp, "Received: from %s (%s [%s%s])\n",
	    clean_host(helo, s->helo == NULL ? "" : s->helo),
	    clean_host(rdns, session_rdns(s)),
	    s->src.family == AF_INET6 ? "IPv6:" : "", src);
}

/* As smtpd does it; RFC 3848 */
static void
write_by(FILE *fp, const struct session *s)
{
	char		 host[WORD_MAX], rcpt[WORD_MAX], date[64];
	struct tm	 tm;
	time_t		 now = time(NULL);

	fprintf(fp, "\tby %s (OpenSMTPD) with ESMTP%s%s id %08x\n",
	    clean_host(host, *filter_admd() == '\0' ? "localhost" :
	    filter_admd()), s->tls != NULL ? "S" : "",
	    s->user != NULL || s->local ? "A" : "", s->tx->id);
	fprintf(fp, "\t(envelope-from <%s>)",
	    clean_address(rcpt, s->tx->from));
	if (s->tx->nrcpt == 1)
		fprintf(fp, "\n\tfor <%s>",
		    clean_address(rcpt, s->tx->rcpt[0]));
	if (gmtime_r(&now, &tm) != NULL && strftime(date, sizeof(date),
	    "%a, %d %b %Y %H:%M:%S +0000", &tm) > 0)
		fprintf(fp, ";\n\t%s", date);
	fprintf(fp, "\n");
}

static void
write_received(FILE *fp, const struct session *s, const struct own *own)
{
	char	 sender[WORD_MAX];

	write_from(fp, s);
	if (own->value[0] == '\0')
		write_by(fp, s);
	else
		fprintf(fp, "\t%.*s\n\t(envelope-from <%s>)%s\n",
		    (int)(own->id - own->by), own->by,
		    clean_address(sender, s->tx->from), own->id);
}

static void
write_envelope(FILE *fp, const struct session *s)
{
	char	 address[WORD_MAX];
	size_t	 i;

	fprintf(fp, "X-Envelope-From: <%s>\n",
	    clean_address(address, s->tx->from));
	for (i = 0; i < s->tx->nrcpt && i < RCPT_MAX; i++)
		fprintf(fp, "%s<%s>", i == 0 ? "X-Envelope-To: " : ",\n\t",
		    clean_address(address, s->tx->rcpt[i]));
	if (i > 0)
		fprintf(fp, "\n");
}

int
scan_text(const struct session *s, struct message *m, int comes_back,
    struct ask_text *text)
{
	struct own	 own;
	char		 address[WORD_MAX];
	FILE		*fp;
	int		 failed;

	memset(text, 0, sizeof(*text));
	text->limit = SIZE_MAX;
	if ((fp = open_memstream(&text->head, &text->head_len)) == NULL)
		return -1;
	/* The first of all: SpamAssassin writes its own fields after it. */
	fprintf(fp, "Return-Path: <%s>\n", clean_address(address, s->tx->from));
	find_own(s, m, &own);
	text->skip = form == RECEIVED_KEEP ? own.end : own.tail;
	text->skip_end = own.end;
	if (!comes_back) {
		write_envelope(fp, s);
		if (must_replace(s, m, &own)) {
			write_received(fp, s, &own);
			text->skip = own.off;
		}
	}
	failed = ferror(fp);
	if (fclose(fp) != 0 || failed) {
		free(text->head);
		text->head = NULL;
		return -1;
	}
	return 0;
}
