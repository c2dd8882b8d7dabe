/* SPDX-License-Identifier: ISC */
/*
 * -T: the same steps as for a message that smtpd sends, but without smtpd:
 * lines are not cut, and the machine's own name is what addresses are
 * completed with.  The administrator is looking: mistakes are said, status 1.
 */

#include <sys/types.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dkimsign.h"
#include "log.h"
#include "message_engine.h"
#include "sign.h"
#include "standalone.h"

/* As smtpd takes them since 7.4. */
#define STANDALONE_SMTPD	70400
#define STANDALONE_LINE		65485

/* Returns 0, or -1 after saying why. */
static int
read_message(struct message *m)
{
	char	*line = NULL;
	size_t	 size = 0;
	ssize_t	 len;
	int	 nul = 0;

	while ((len = getline(&line, &size, stdin)) != -1) {
		if (len > 0 && line[len - 1] == '\n')
			len--;
		if (len > 0 && line[len - 1] == '\r')
			len--;
		nul = nul || memchr(line, '\0', (size_t)len) != NULL;
		message_append(m, line, (size_t)len);
	}
	free(line);
	if (ferror(stdin))
		log_warn("stdin");
	else if (message_error(m) != NULL)
		log_warnx("%s", message_error(m));
	else if (nul)
		log_warnx("stdin: a NUL, which mail can't have");
	else
		return 0;
	return -1;
}

static void
say_why(const struct sign *sg, enum sign_state state)
{
	switch (state) {
	case SIGN_UNFIT:
		log_warnx("not signed: %s", view_sentence(sg->fit));
		break;
	case SIGN_UNSIGNED:
	case SIGN_REFUSED:
		log_warnx("not signed: no key for From domain %s",
		    log_safe(sg->from.domain));
		break;
	default:
		log_warnx("not signed: out of memory");
	}
}

/* Returns the exit status. */
static int
sign_message(struct sign *sg, struct message *m, const struct policy *policy)
{
	char			 host[256] = "";
	struct sign_about	 about = {
		.policy = policy,
		.smtpd = {
			.host = host,
			.version = STANDALONE_SMTPD,
			.line_max = STANDALONE_LINE,
		},
		.now = (int64_t)time(NULL),
	};
	enum sign_state		 state;
	int			 changed;

	if (gethostname(host, sizeof(host) - 1) == -1)
		host[0] = '\0';
	if ((state = sign_prepare(sg, m, &about)) != SIGN_READY) {
		say_why(sg, state);
		return 1;
	}
	sign_here(sg);
	if ((changed = sign_print(sg)) == -1) {
		log_warnx("not signed: out of memory");
		return 1;
	}
	if (changed)
		log_warnx("signed is the mail with @%s at addresses without "
		    "a domain", host);
	if (fflush(stdout) == 0)
		return 0;
	log_warn("stdout");
	return 1;
}

int
standalone(const struct policy *policy)
{
	struct message	*m = message_new();
	struct sign	*sg = sign_new();
	int		 status = 1;

	if (m == NULL || sg == NULL)
		log_warnx("out of memory");
	else if (read_message(m) == 0)
		status = sign_message(sg, m, policy);
	sign_free(sg);
	message_free(m);
	return status;
}
