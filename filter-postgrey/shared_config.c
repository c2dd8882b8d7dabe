/* SPDX-License-Identifier: ISC */
/*
 * Keys of the shared store.  Mistakes are found at start; that a server is not
 * there is none: it may come later.  The password is never said.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "log.h"
#include "sandbox.h"
#include "shared.h"
#include "shared_config.h"
#include "shared_tls.h"
#include "textfile.h"

#define PORT		6379
#define REST_MAX	30000	/* ms */

struct shared_config	 shared_config = {
	.prefix = "pg:",
	.connections = 2,
	.connect_timeout = 1000,
	.timeout = 2000,
};

/* What is asked for with TLS must not be found without it, elsewhere. */
static const char *
server_tls(const char *where, int tls)
{
	if (tls && (*where == '/' || strncmp(where, "unix:", 5) == 0))
		return "TLS is for a host";
	if (shared_config.backend != NULL && tls != shared_config.tls)
		return "other servers are with TLS, or this one is";
	shared_config.tls = tls;
	return NULL;
}

static const char *
server_add(const char *where)
{
	const char	*why;
	int		 tls = strncmp(where, "rediss:", 7) == 0;

	if (tls)
		where += strncmp(where + 7, "//", 2) == 0 ? 9 : 7;
	if ((why = server_tls(where, tls)) != NULL)
		return why;
	if (shared_config.backend == NULL)
		shared_config.backend = backend_new("redis");
	return backend_add(shared_config.backend, where, PORT);
}

/* It is a pattern of SCAN too. */
static const char *
set_prefix(const char *value)
{
	if (strlen(value) > SHARED_PREFIX)
		return "longer than 64 bytes";
	if (*value == '\0' || strpbrk(value, "*?[]\\ ") != NULL)
		return "empty, or with a blank or one of * ? [ ] \\";
	shared_config.prefix = value;
	return NULL;
}

const struct key	 shared_keys[] = {
	{ .name = "redis", .type = KEY_CALL, .call = server_add },
	{ .name = "redis-user", .type = KEY_STRING,
	    .dest = &shared_config.user },
	{ .name = "redis-password-file", .type = KEY_STRING,
	    .dest = &shared_config.password_file },
	{ .name = "redis-ca-file", .type = KEY_STRING,
	    .dest = &shared_config.ca_file },
	{ .name = "redis-cert-file", .type = KEY_STRING,
	    .dest = &shared_config.cert_file },
	{ .name = "redis-key-file", .type = KEY_STRING,
	    .dest = &shared_config.key_file },
	{ .name = "redis-db", .type = KEY_NUMBER, .dest = &shared_config.db,
	    .max = 65535 },
	{ .name = "redis-prefix", .type = KEY_CALL, .call = set_prefix },
	{ .name = "redis-connections", .type = KEY_NUMBER,
	    .dest = &shared_config.connections, .min = 1,
	    .max = SHARED_CONNS },
	{ .name = "redis-connect-timeout", .type = KEY_DURATION,
	    .dest = &shared_config.connect_timeout, .min = 100,
	    .max = 60000 },
	{ .name = "redis-timeout", .type = KEY_DURATION,
	    .dest = &shared_config.timeout, .min = 100, .max = 60000 },
	{ .name = NULL }
};

int
shared_wanted(void)
{
	return shared_config.backend != NULL;
}

/* The first line.  Returns a copy, or NULL after logging. */
static char *
password_line(FILE *fp, const char *path)
{
	char		*line, *copy = NULL;
	const char	*why;

	if ((line = malloc(TEXTFILE_LINE)) == NULL) {
		log_warn("%s", path);
		return NULL;
	}
	if (!textfile_line(fp, line, &why) || *line == '\0')
		log_warnx("%s: no password in its first line", path);
	else if (why != NULL)
		log_warnx("%s:1: %s", path, why);
	else if ((copy = strdup(line)) == NULL)
		log_warn("%s", path);
	free(line);
	return copy;
}

static int
password_load(const char *path)
{
	struct stat	 st;
	FILE		*fp;

	if ((fp = textfile_open(path, &st)) == NULL)
		return -1;
	if (st.st_mode & (S_IWGRP | S_IRWXO)) {
		log_warnx("%s: others may read or write it: chmod 640 or less",
		    path);
		(void)fclose(fp);
		return -1;
	}
	sandbox_hide();
	free(shared_config.password);
	shared_config.password = password_line(fp, path);
	(void)fclose(fp);
	return shared_config.password == NULL ? -1 : 0;
}

static int
certificates_load(const struct shared_config *c)
{
	if (c->tls)
		return tls_load(c->ca_file, c->cert_file, c->key_file);
	if (c->ca_file == NULL && c->cert_file == NULL && c->key_file == NULL)
		return 0;
	log_warnx("redis-ca-file, redis-cert-file, redis-key-file: they need "
	    "a rediss: server");
	return -1;
}

int
shared_load(void)
{
	struct shared_config	*c = &shared_config;

	if (c->backend == NULL)
		return 0;
	backend_rest(c->backend, REST_MAX);
	if (c->user != NULL && c->password_file == NULL) {
		log_warnx("redis-user: it needs a redis-password-file");
		return -1;
	}
	if (certificates_load(c) == -1)
		return -1;
	return c->password_file == NULL ? 0 : password_load(c->password_file);
}
