/* SPDX-License-Identifier: ISC */
/*
 * See milter.h.  Mistakes are found at start; that a milter is not there is
 * none: it may come later.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "compat.h"
#include "log.h"
#include "macro.h"
#include "milter.h"

/* Trying the only server costs nothing, and it may be back at once. */
#define REST		1000

struct milter		*milters;

static struct milter	**last = &milters;

static const char *const policies[] = {
	[FAILURE_ACCEPT] = "accept",
	[FAILURE_TEMPFAIL] = "tempfail",
	[FAILURE_REJECT] = "reject",
	NULL
};

static struct milter *
milter_new(const char *name)
{
	struct milter	*m;

	if ((m = calloc(1, sizeof(*m))) == NULL ||
	    (m->name = strdup(name)) == NULL)
		fatal("milter");
	m->backend = backend_new("milter");
	backend_rest(m->backend, REST);
	m->on_failure = -1;
	m->version = 6;
	m->connect = m->command = 30000;
	m->content = 300000;
	*last = m;
	last = &m->next;
	return m;
}

/* sendmail's "inet:port@host" and "local:/path", or the engine's own forms. */
static void
server_name(char *out, size_t size, const char *where)
{
	const char	*at = strrchr(where, '@'), *port;
	int		 v6;

	if (strncmp(where, "local:", 6) == 0)
		(void)snprintf(out, size, "unix:%s", where + 6);
	else if (at != NULL && strncmp(where, "inet", 4) == 0 &&
	    (port = strchr(where, ':')) != NULL && port < at) {
		port++;
		v6 = strchr(at + 1, ':') != NULL && at[1] != '[';
		(void)snprintf(out, size, v6 ? "[%s]:%.*s" : "%s:%.*s", at + 1,
		    (int)(at - port), port);
	} else
		(void)strlcpy(out, where, size);
}

static const char *
set_policy(struct milter *m, const char *value)
{
	int	 i;

	for (i = 0; policies[i] != NULL; i++)
		if (strcmp(value, policies[i]) == 0) {
			m->on_failure = i;
			return NULL;
		}
	return "on-failure is not accept, tempfail or reject";
}

static const char *
set_version(struct milter *m, const char *value)
{
	if (value[0] < '2' || value[0] > '6' || value[1] != '\0')
		return "version is not 2 to 6";
	m->version = (uint32_t)(value[0] - '0');
	return NULL;
}

static const char *
set_timeout(int64_t *ms, const char *value)
{
	const char	*why;
	int64_t		 n;

	if ((why = options_duration(value, &n)) != NULL)
		return why;
	if (n < 100 || n > 590000)
		return "a timeout is from 0.1s to 590s";
	*ms = n;
	return NULL;
}

static const char *
set_max(struct milter *m, const char *value)
{
	const char	*why;

	m->max = (unsigned int)strtonum(value, 1, 10000, &why);
	return why == NULL ? NULL : "max is not a number from 1 to 10000";
}

/* One "key=value" behind the socket. */
static const char *
set_one(struct milter *m, char *word)
{
	char	*value = strchr(word, '=');

	if (value == NULL)
		return "not key=value behind the socket";
	*value++ = '\0';
	if (strcmp(word, "on-failure") == 0)
		return set_policy(m, value);
	if (strcmp(word, "max") == 0)
		return set_max(m, value);
	if (strcmp(word, "version") == 0)
		return set_version(m, value);
	if (strcmp(word, "connect") == 0)
		return set_timeout(&m->connect, value);
	if (strcmp(word, "command") == 0)
		return set_timeout(&m->command, value);
	if (strcmp(word, "content") == 0)
		return set_timeout(&m->content, value);
	return "no such key behind the socket";
}

/* "unix:/path,on-failure=accept,content=10m".  NULL, or what is wrong. */
static const char *
milter_add(const char *spec)
{
	struct milter	*m;
	const char	*why;
	char		 text[1024], where[1024], *next = text, *word;

	if (strlcpy(text, spec, sizeof(text)) >= sizeof(text))
		return "too long";
	word = strsep(&next, ",");
	server_name(where, sizeof(where), word);
	m = milter_new(word);
	if ((why = backend_add(m->backend, where, 0)) != NULL)
		return why;
	while (why == NULL && (word = strsep(&next, ",")) != NULL)
		why = set_one(m, word);
	return why;
}

const char *
milter_add_here(const char *name, int (*connect)(void *), void *arg)
{
	return backend_add_call(milter_new(name)->backend, name, connect, arg);
}

int
milter_load(void)
{
	struct milter	*m;

	if (milters == NULL) {
		log_warnx("no milter: -s is missing");
		return -1;
	}
	for (m = milters; m != NULL; m = m->next)
		if (m->on_failure == -1)
			m->on_failure = filter_on_failure();
	return 0;
}

int
milter_check(void)
{
	struct milter	*m;
	int		 status = 0;

	for (m = milters; m != NULL; m = m->next)
		if (backend_check(m->backend, m->connect) == -1)
			status = -1;
	return status;
}

void
milter_start(struct event_base *base)
{
	struct milter	*m;

	for (m = milters; m != NULL; m = m->next)
		backend_start(m->backend, base);
}

const struct key	 milter_keys[] = {
	{ .name = "milter", .type = KEY_CALL, .letter = 's',
	    .call = milter_add },
	{ .name = "daemon-name", .type = KEY_CALL, .letter = 'd',
	    .call = macro_daemon_name },
	{ .name = "hostname", .type = KEY_CALL, .letter = 'j',
	    .call = macro_hostname },
	{ .name = "macro", .type = KEY_CALL, .letter = 'm',
	    .call = macro_set },
	{ .name = NULL }
};
