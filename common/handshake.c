/* SPDX-License-Identifier: ISC */
/*
 * What smtpd says of itself, and what the filter asks to be told: the hooks
 * that are set, and the facts that they may look at.  Less is more here: each
 * phase and each report costs smtpd time for every mail.
 *
 * Never registered: help and wiz (nobody asks; fatal in 7.9).  Auth brings a
 * password with it: no filter of ours has a hook for it.
 */

#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "engine.h"
#include "log.h"

#define KEY_SIZE	32
#define VALUE_SIZE	256

static int
asks(const struct filter *f, int phase)
{
	return f->request[phase] != NULL || (f->any_phases >> phase & 1);
}

/* A filter that looks at clients beyond their address. */
static int
wants_client(const struct filter *f)
{
	int	 i;

	for (i = PHASE_CONNECT + 1; i < PHASE_MAX; i++)
		if (asks(f, i))
			return 1;
	return f->message != NULL || f->line != NULL || f->outgoing;
}

static int
wants_tx(const struct filter *f)
{
	return f->message != NULL || f->line != NULL || f->tx_end != NULL ||
	    f->tx_size > 0 || f->outgoing ||
	    asks(f, PHASE_RCPT_TO) || asks(f, PHASE_DATA) ||
	    asks(f, PHASE_COMMIT);
}

static int
wants_report(const struct filter *f, enum report r)
{
	if (f->report[r] != NULL || (f->any_reports >> r & 1))
		return 1;
	switch (r) {
	case REPORT_LINK_CONNECT:
	case REPORT_LINK_DISCONNECT:
		return 1;
	case REPORT_LINK_IDENTIFY:
	case REPORT_LINK_TLS:
	case REPORT_LINK_AUTH:
		return wants_client(f);
	case REPORT_TX_BEGIN:
	case REPORT_TX_MAIL:
	case REPORT_TX_RCPT:
	case REPORT_TX_RESET:
		return wants_tx(f);
	case REPORT_LINK_GREETING:
	case REPORT_TX_ENVELOPE:
	case REPORT_TX_DATA:
	case REPORT_TX_COMMIT:
	case REPORT_TX_ROLLBACK:
	case REPORT_PROTOCOL_CLIENT:
	case REPORT_PROTOCOL_SERVER:
	case REPORT_FILTER_RESPONSE:
	case REPORT_FILTER_REPORT:
	case REPORT_TIMEOUT:
	case REPORT_MAX:
		break;
	}
	return 0;
}

static int
wants_phase(const struct filter *f, int phase)
{
	if (phase == PHASE_DATA_LINE)
		return f->message != NULL || f->line != NULL;
	/* The verdict on a message; and 451 for one that a crash lost. */
	if (phase == PHASE_COMMIT && wants_phase(f, PHASE_DATA_LINE))
		return 1;
	return asks(f, phase);
}

static void
say(char *buf, size_t size, const char *kind, const char *direction,
    const char *name)
{
	size_t	 len = strlen(buf);

	(void)snprintf(buf + len, size - len, "register|%s|%s|%s\n", kind,
	    direction, name);
}

/*
 * The first thing that is ever said, and in one piece: a worker that dies here
 * has said nothing or all.
 */
static void
handshake_register(void)
{
	const struct filter	*f = engine.filter;
	struct facts		*facts = &engine.channel.sh->facts;
	char			 buf[4096] = "";
	int			 i;

	for (i = 0; i < REPORT_MAX; i++) {
		if (!wants_report(f, i))
			continue;
		if (facts->incoming || !facts->outgoing)
			say(buf, sizeof(buf), "report", "smtp-in",
			    proto_report_name(i));
		if (facts->outgoing && f->outgoing)
			say(buf, sizeof(buf), "report", "smtp-out",
			    proto_report_name(i));
	}
	for (i = 0; i <= PHASE_DATA_LINE; i++)
		if (wants_phase(f, i))
			say(buf, sizeof(buf), "filter", "smtp-in",
			    proto_phase_name(i));
	(void)strlcpy(buf + strlen(buf), "register|ready\n",
	    sizeof(buf) - strlen(buf));
	channel_say(&engine.channel, buf, strlen(buf), NULL);
	channel_publish(&engine.channel);
}

static void
copy(char *dst, size_t size, const char *s, size_t len)
{
	if (len >= size)
		len = size - 1;
	memcpy(dst, s, len);
	dst[len] = '\0';
}

/* For workers to come. */
static void
keep(const char *line, size_t len)
{
	struct facts	*facts = &engine.channel.sh->facts;

	if (len >= sizeof(facts->config) - facts->config_len) {
		log_peer("smtpd tells too much of itself");
		return;
	}
	copy(facts->config + facts->config_len, len + 1, line, len);
	facts->config_len += len + 1;
	facts->config_at = ring_load(&engine.channel.sh->current) + 1;
}

/* KEY|VALUE */
static void
cut(const char *arg, size_t len, char name[KEY_SIZE], char value[VALUE_SIZE])
{
	const char	*key;
	size_t		 n;

	key = proto_field(&arg, &len, &n);
	copy(name, KEY_SIZE, key, n);
	copy(value, VALUE_SIZE, arg == NULL ? "" : arg, len);
}

void
handshake_again(void)
{
	struct facts	*facts = &engine.channel.sh->facts;
	char		 name[KEY_SIZE], value[VALUE_SIZE];
	size_t		 i, len;

	if (engine.filter->config == NULL)
		return;
	for (i = 0; i < facts->config_len; i += len + 1) {
		len = strlen(facts->config + i);
		cut(facts->config + i, len, name, value);
		engine.filter->config(name, value);
	}
}

/* "6.8.0p2", "7.8.0-portable" */
static int
version_number(const char *version)
{
	int	 major = 0, minor = 0, patch = 0;

	if (sscanf(version, "%3d.%2d.%2d", &major, &minor, &patch) < 2)
		return 0;
	return major * 10000 + minor * 100 + patch;
}

void
handshake_config(const char *arg, size_t len)
{
	struct facts	*facts = &engine.channel.sh->facts;
	char		 name[KEY_SIZE], value[VALUE_SIZE];

	cut(arg, len, name, value);
	/* A worker that died after this line has kept it: it was told again. */
	if (engine.filter->config != NULL &&
	    ring_load(&engine.channel.sh->current) >= facts->config_at) {
		keep(arg, len);
		engine.filter->config(name, value);
	}
	if (strcmp(name, "smtpd-version") == 0)
		facts->version = version_number(value);
	else if (strcmp(name, "admd") == 0)
		(void)strlcpy(facts->admd, value, sizeof(facts->admd));
	else if (strcmp(name, "protocol") == 0)
		(void)sscanf(value, "0.%3d", &facts->minor);
	else if (strcmp(name, "subsystem") == 0) {
		if (strcmp(value, "smtp-in") == 0)
			facts->incoming = 1;
		else if (strcmp(value, "smtp-out") == 0)
			facts->outgoing = 1;
	} else if (strcmp(name, "ready") == 0 &&
	    ring_load(&engine.channel.sh->out.head) == 0)
		handshake_register();
}

int
filter_protocol(void)
{
	return engine.channel.sh->facts.minor;
}

int
filter_smtpd_version(void)
{
	return engine.channel.sh->facts.version;
}

size_t
filter_line_max(void)
{
	int	 version = filter_smtpd_version();

	if (version == 0 ? engine.channel.sh->facts.minor < 7 :
	    version < 70400)
		return 1997;
	return PROTO_PAYLOAD_MAX;
}

const char *
filter_admd(void)
{
	return engine.channel.sh->facts.admd;
}
