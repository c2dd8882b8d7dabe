/* SPDX-License-Identifier: ISC */
/*
 * All letters and keys, and what they set that is not about which key.  The
 * letters are those of the filter-dkimsign before us; a file of dkimproxy_out
 * is read too, and what only a proxy can do is left out with a notice.
 * Exits: out of memory.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addrs.h"
#include "compat.h"
#include "dkimsign.h"
#include "engine.h"
#include "log.h"
#include "options.h"
#include "policy_options.h"
#include "privkey.h"

struct dkimsign	 dkimsign = {
	.complete = 1,
	.malformed = MALFORMED_PASS,
	.max_header = 4 << 20,
	.max_fields = 2000,
};

static const char *const	 malformeds[] = {
	[MALFORMED_PASS] = "pass", [MALFORMED_REJECT] = "reject", NULL
};

/* on-failure, in the words of on-malformed. */
static const char *const	 errors[] = {
	[FAILURE_ACCEPT] = "pass", [FAILURE_TEMPFAIL] = "tempfail",
	[FAILURE_REJECT] = "reject", NULL
};

/* dkimproxy's and those of its Net::Server, which mean nothing here. */
enum proxy {
	PROXY_LISTEN, PROXY_RELAY, PROXY_RELAY_HOST, PROXY_RELAY_PORT,
	PROXY_HOST, PROXY_PORT, PROXY_MIN, PROXY_MAX, PROXY_MIN_SPARE,
	PROXY_MAX_SPARE, PROXY_REQUESTS, PROXY_USER, PROXY_GROUP,
	PROXY_PIDFILE, PROXY_PID_FILE, PROXY_DAEMONIZE, PROXY_SETSID,
	PROXY_BACKGROUND, PROXY_CHROOT, PROXY_CONF_FILE, PROXY_LOG_FILE,
	PROXY_LOG_LEVEL, PROXY_DEBUG,
	PROXY_SYSLOG_FACILITY, PROXY_SYSLOG_IDENT, PROXY_SYSLOG_LOGSOCK,
	PROXY_CHECK_FOR_WAITING, PROXY_CHECK_FOR_DEAD,
	PROXY_CHECK_FOR_DEQUEUE, PROXY_MAX_DEQUEUE, PROXY_PROTO, PROXY_IPV,
	PROXY_ALLOW, PROXY_DENY, PROXY_CIDR_ALLOW, PROXY_CIDR_DENY,
	PROXY_REVERSE_LOOKUPS, PROXY_SERIALIZE, PROXY_LOCK_FILE,
	PROXY_NO_CLIENT_STDOUT, PROXY_MAX_KEYS
};

static const char	*proxy_values[PROXY_MAX_KEYS];

/* A list "a,b": each word to f, until it says what is wrong with one. */
static const char *
list_each(const char *value, const char *(*f)(char *))
{
	const char	*why = NULL;
	char		*copy, *rest, *word;
	int		 some = 0;

	if ((copy = rest = strdup(value)) == NULL)
		fatal("options");
	while (why == NULL && (word = strsep(&rest, ", \t")) != NULL) {
		if (*word == '\0')
			continue;
		some = 1;
		why = f(word);
	}
	free(copy);
	return why == NULL && !some ? "empty" : why;
}

static const char *
sign_word(char *word)
{
	if (strcmp(word, "auth") == 0)
		dkimsign.sign_auth = 1;
	else if (strcmp(word, "local") == 0)
		dkimsign.sign_local = 1;
	else if (isalpha((unsigned char)*word) && strchr(word, ':') == NULL)
		return "not all, auth, local or a network";
	else {
		if (dkimsign.sign_net == NULL)
			dkimsign.sign_net = addrs_new();
		return addrs_add(dkimsign.sign_net, word);
	}
	return NULL;
}

static const char *
set_sign(const char *value)
{
	dkimsign.sign_auth = dkimsign.sign_local = 0;
	addrs_free(dkimsign.sign_net);
	dkimsign.sign_net = NULL;
	return strcmp(value, "all") == 0 ? NULL :
	    list_each(value, sign_word);
}

static const char *
missing_word(char *word)
{
	if (strcmp(word, "date") == 0)
		dkimsign.add_date = 1;
	else if (strcmp(word, "message-id") == 0)
		dkimsign.add_msgid = 1;
	else
		return "not date or message-id";
	return NULL;
}

static const char *
set_add_missing(const char *value)
{
	dkimsign.add_date = dkimsign.add_msgid = 0;
	return strcmp(value, "no") == 0 ? NULL :
	    list_each(value, missing_word);
}

static const char *
set_min_bits(const char *value)
{
	const char	*why;
	long long	 n;

	n = strtonum(value, 1024, 16384, &why);
	if (why != NULL)
		return "not a number from 1024 to 16384";
	privkey_rules.min_bits = (int)n;
	return NULL;
}

/* dkimproxy's: what can't be signed comes back instead of going out. */
static const char *
set_reject_error(const char *value)
{
	if (strcmp(value, "1") == 0 || strcmp(value, "yes") == 0)
		dkimsign.malformed = MALFORMED_REJECT;
	else if (strcmp(value, "0") == 0 || strcmp(value, "no") == 0)
		dkimsign.malformed = MALFORMED_PASS;
	else
		return "not 1 or 0";
	return NULL;
}

#define PROXY_KEY(n, i)							\
	{ .name = (n), .type = KEY_STRING, .dest = &proxy_values[(i)] }

const struct key	 dkimsign_keys[] = {
	/* Which domain, which key. */
	{ .name = "", .letter = 'd', .type = KEY_CALL,
	    .call = policy_letter_domain },
	{ .name = "", .letter = 'D', .type = KEY_CALL,
	    .call = policy_letter_domain_file },
	{ .name = "", .letter = 'k', .type = KEY_CALL,
	    .call = policy_letter_key },
	{ .name = "", .letter = 's', .type = KEY_CALL,
	    .call = policy_letter_selector },
	{ .name = "", .letter = 'a', .type = KEY_CALL,
	    .call = policy_set_algorithm },
	{ .name = "", .letter = 'h', .type = KEY_CALL,
	    .call = policy_letter_headers },
	{ .name = "domain", .type = KEY_CALL, .call = policy_set_domains },
	{ .name = "domain-file", .type = KEY_CALL,
	    .call = policy_set_domain_file },
	{ .name = "keyfile", .type = KEY_CALL, .call = policy_set_key },
	{ .name = "selector", .type = KEY_CALL,
	    .call = policy_set_selector },
	{ .name = "signature", .type = KEY_CALL,
	    .call = policy_set_signature },
	{ .name = "table", .type = KEY_CALL, .call = policy_set_table },
	{ .name = "keydir", .type = KEY_STRING,
	    .dest = &policy_options.keydir },
	{ .name = "keytable", .type = KEY_STRING,
	    .dest = &policy_options.keytable },
	{ .name = "signingtable", .type = KEY_STRING,
	    .dest = &policy_options.signingtable },
	{ .name = "sender_map", .type = KEY_STRING,
	    .dest = &policy_options.sender_map },
	{ .name = "listid_map", .type = KEY_STRING,
	    .dest = &policy_options.listid_map },
	{ .name = "sender-headers", .type = KEY_CHOICE,
	    .dest = &policy_options.senders, .choices = policy_senders },
	{ .name = "subdomains", .type = KEY_BOOL,
	    .dest = &policy_options.subdomains },
	{ .name = "nomatch", .type = KEY_CHOICE,
	    .dest = &policy_options.nomatch, .choices = policy_nomatch },
	{ .name = "multiple", .type = KEY_BOOL,
	    .dest = &policy_options.multiple },
	/* What a signature looks like. */
	{ .name = "canonicalization", .letter = 'c', .type = KEY_CALL,
	    .call = policy_set_canon },
	{ .name = "method", .type = KEY_CALL, .call = policy_set_canon },
	{ .name = "headers", .type = KEY_CALL, .call = policy_set_headers },
	{ .name = "", .letter = 'O', .type = KEY_CALL, .max = -1,
	    .call = policy_set_oversign },
	{ .name = "identity", .letter = 'i', .type = KEY_STRING,
	    .dest = &policy_options.identity },
	{ .name = "timestamp", .letter = 't', .type = KEY_BOOL,
	    .dest = &policy_options.timestamp },
	{ .name = "expire", .letter = 'x', .type = KEY_CALL,
	    .call = policy_set_expire },
	{ .name = "", .letter = 'z', .type = KEY_CALL, .max = -1,
	    .call = policy_set_ztag },
	{ .name = "ztag", .type = KEY_CHOICE, .dest = &policy_options.ztag,
	    .choices = policy_ztag },
	{ .name = "safe-keys", .type = KEY_BOOL,
	    .dest = &privkey_rules.safe },
	{ .name = "minbits", .type = KEY_CALL, .call = set_min_bits },
	/* Which messages, and what is done to them. */
	{ .name = "", .letter = 'T', .type = KEY_BOOL,
	    .dest = &dkimsign.test },
	{ .name = "sign", .type = KEY_CALL, .call = set_sign },
	{ .name = "on-malformed", .type = KEY_CHOICE,
	    .dest = &dkimsign.malformed, .choices = malformeds },
	{ .name = "on-error", .type = KEY_CHOICE,
	    .dest = &engine.policy, .choices = errors },
	{ .name = "reject_error", .type = KEY_CALL,
	    .call = set_reject_error },
	{ .name = "complete-addresses", .type = KEY_BOOL,
	    .dest = &dkimsign.complete },
	{ .name = "add-missing", .type = KEY_CALL,
	    .call = set_add_missing },
	{ .name = "max-header", .type = KEY_SIZE,
	    .dest = &dkimsign.max_header, .min = 1024, .max = 64 << 20 },
	{ .name = "max-fields", .type = KEY_NUMBER,
	    .dest = &dkimsign.max_fields, .min = 16, .max = 1000000 },
	PROXY_KEY("listen", PROXY_LISTEN),
	PROXY_KEY("relay", PROXY_RELAY),
	PROXY_KEY("relay_host", PROXY_RELAY_HOST),
	PROXY_KEY("relay_port", PROXY_RELAY_PORT),
	PROXY_KEY("host", PROXY_HOST),
	PROXY_KEY("port", PROXY_PORT),
	PROXY_KEY("min_servers", PROXY_MIN),
	PROXY_KEY("max_servers", PROXY_MAX),
	PROXY_KEY("min_spare_servers", PROXY_MIN_SPARE),
	PROXY_KEY("max_spare_servers", PROXY_MAX_SPARE),
	PROXY_KEY("max_requests", PROXY_REQUESTS),
	PROXY_KEY("user", PROXY_USER),
	PROXY_KEY("group", PROXY_GROUP),
	PROXY_KEY("pidfile", PROXY_PIDFILE),
	PROXY_KEY("pid_file", PROXY_PID_FILE),
	PROXY_KEY("daemonize", PROXY_DAEMONIZE),
	PROXY_KEY("setsid", PROXY_SETSID),
	PROXY_KEY("background", PROXY_BACKGROUND),
	PROXY_KEY("chroot", PROXY_CHROOT),
	PROXY_KEY("conf_file", PROXY_CONF_FILE),
	PROXY_KEY("log_file", PROXY_LOG_FILE),
	PROXY_KEY("log_level", PROXY_LOG_LEVEL),
	PROXY_KEY("debugtrace", PROXY_DEBUG),
	PROXY_KEY("syslog_facility", PROXY_SYSLOG_FACILITY),
	PROXY_KEY("syslog_ident", PROXY_SYSLOG_IDENT),
	PROXY_KEY("syslog_logsock", PROXY_SYSLOG_LOGSOCK),
	PROXY_KEY("check_for_waiting", PROXY_CHECK_FOR_WAITING),
	PROXY_KEY("check_for_dead", PROXY_CHECK_FOR_DEAD),
	PROXY_KEY("check_for_dequeue", PROXY_CHECK_FOR_DEQUEUE),
	PROXY_KEY("max_dequeue", PROXY_MAX_DEQUEUE),
	PROXY_KEY("proto", PROXY_PROTO),
	PROXY_KEY("ipv", PROXY_IPV),
	PROXY_KEY("allow", PROXY_ALLOW),
	PROXY_KEY("deny", PROXY_DENY),
	PROXY_KEY("cidr_allow", PROXY_CIDR_ALLOW),
	PROXY_KEY("cidr_deny", PROXY_CIDR_DENY),
	PROXY_KEY("reverse_lookups", PROXY_REVERSE_LOOKUPS),
	PROXY_KEY("serialize", PROXY_SERIALIZE),
	PROXY_KEY("lock_file", PROXY_LOCK_FILE),
	PROXY_KEY("no_client_stdout", PROXY_NO_CLIENT_STDOUT),
	{ .name = NULL }
};

/* Was this key of a proxy said? */
static int
key_is_proxy(const struct key *key)
{
	int	 i;

	for (i = 0; i < PROXY_MAX_KEYS; i++)
		if (key->dest == &proxy_values[i])
			return proxy_values[i] != NULL;
	return 0;
}

void
dkimsign_notice(void)
{
	const struct key	*key;
	char			 names[512];
	size_t			 len = 0;

	for (key = dkimsign_keys; key->name != NULL; key++) {
		if (!key_is_proxy(key) || len >= sizeof(names))
			continue;
		/* Cut is fine: the file has them all. */
		len += snprintf(names + len, sizeof(names) - len, "%s%s",
		    len == 0 ? "" : ", ", key->name);
	}
	if (len > 0)
		log_info("keys of dkimproxy that mean nothing here: %s; its "
		    "rsa-sha1 is rsa-sha256 here (RFC 8301)", names);
}
