/* SPDX-License-Identifier: ISC */
/*
 * Teach spamd by hand, with the servers of the filter's own configuration.
 * Says one line, and exits as sysexits.h has it: 75 where it is worth trying
 * again, so that a script can keep the message; 69 where spamd forbids it.
 */

#include <sys/types.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "ask.h"
#include "ask_config.h"
#include "backend.h"
#include "clock.h"
#include "exchange.h"
#include "filter.h"
#include "learn.h"
#include "log.h"
#include "spool.h"

struct once {
	struct event_base	*base;
	struct backend		*backend;
	struct spool		*text;
	int			 ended;
	enum exchange_end	 end;
};

/* All of it, as its length comes first. */
static int
once_read(struct once *o, int fd)
{
	char	 buf[65536];
	ssize_t	 n;

	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 || spool_append(o->text, buf, (size_t)n) == -1) {
			log_warn("message");
			return -1;
		}
	}
	if (spool_size(o->text) == 0)
		log_warnx("the message is empty");
	return spool_size(o->text) == 0 ? -1 : 0;
}

static void
once_done(struct exchange *x, enum exchange_end end)
{
	struct once	*o = x->owner;

	o->end = end;
	o->ended = 1;
}

/* One try, until the end.  Returns whether another makes sense. */
static int
once_try(struct once *o, const struct spamd_request *rq,
    struct spamd_reply *reply)
{
	struct exchange	 x;
	int		 again;

	memset(&x, 0, sizeof(x));
	source_spool(&x.source, o->text);
	x.verb = rq->verb;
	x.text = rq->length;
	x.due = clock_ms() + filter_deadline();
	x.owner = o;
	x.done = once_done;
	o->ended = 0;
	o->end = EXCHANGE_SILENT;
	if (exchange_start(&x, o->backend, o->base, rq,
	    ask_config.connect_timeout) == -1)
		return 1;	/* backend.h has logged why */
	while (!o->ended && event_base_loop(o->base, EVLOOP_ONCE) == 0)
		continue;
	if (!o->ended) {
		log_warn("event loop");
		exchange_stop(&x);
		return 0;
	}
	*reply = x.reply;
	again = o->end == EXCHANGE_SILENT;
	if (o->end == EXCHANGE_FAILED)
		log_warnx("spamd: %s: %s", x.server, x.why);
	exchange_stop(&x);
	return again;
}

/* A server that has failed rests: it is tried again after that. */
static void
once_pause(const struct once *o)
{
	int64_t		 ms = backend_wait(o->backend);
	struct timespec	 ts;

	if (ms < ask_config.retry_delay)
		ms = ask_config.retry_delay;
	ts.tv_sec = ms / 1000;
	ts.tv_nsec = ms % 1000 * 1000000;
	(void)nanosleep(&ts, NULL);
}

static int
once_run(struct once *o, const struct spamd_request *what, int fd,
    struct spamd_reply *reply)
{
	struct spamd_request	 rq = *what;
	int64_t			 i;

	if (once_read(o, fd) == -1) {
		reply->code = EX_NOINPUT;
		return -1;
	}
	rq.length = spool_size(o->text);
	for (i = 0; once_try(o, &rq, reply); i++) {
		if (i + 1 >= ask_config.tries)
			return -1;
		once_pause(o);
	}
	return o->end == EXCHANGE_OK || reply->code != 0 ? 0 : -1;
}

/*
 * Blocks until the answer is there.  Returns 0 if spamd answered, be it with an
 * error, or -1 after saying why; the code is EX_NOINPUT if fd was the trouble.
 */
static int
once_ask(const struct spamd_request *rq, int fd, struct spamd_reply *reply)
{
	struct once	 o = { .backend = ask_config.backend };
	int		 ret = -1;

	memset(reply, 0, sizeof(*reply));
	if ((o.base = event_base_new()) == NULL ||
	    (o.text = spool_new()) == NULL) {
		log_warnx("out of memory");
	} else {
		backend_start(o.backend, o.base);
		ret = once_run(&o, rq, fd, reply);
	}
	spool_free(o.text);
	if (o.base != NULL)
		event_base_free(o.base);
	return ret;
}

static int
learn_verb(const char *word, enum spamd_tell *tell)
{
	static const char *const	 words[] = {
		[SPAMD_LEARN_SPAM] = "spam", [SPAMD_LEARN_HAM] = "ham",
		[SPAMD_FORGET] = "forget"
	};
	int	 i;

	for (i = SPAMD_LEARN_SPAM; i <= SPAMD_FORGET; i++) {
		if (strcmp(word, words[i]) == 0) {
			*tell = (enum spamd_tell)i;
			return 0;
		}
	}
	return -1;
}

static int
learn_status(const struct spamd_reply *r)
{
	if (r->code == EX_UNAVAILABLE)
		return EX_UNAVAILABLE;
	if (r->code != 0)
		return EX_TEMPFAIL;
	if (r->did_set)
		printf("learned\n");
	else if (r->did_remove)
		printf("forgotten\n");
	else
		printf("nothing new\n");
	return fflush(stdout) == EOF ? EX_IOERR : EX_OK;
}

int
learn_command(int argc, char *argv[], const char *user)
{
	struct spamd_request	 rq = { .verb = SPAMD_TELL, .user = user };
	struct spamd_reply	 reply;

	if (argc == 0)
		return -1;
	if (argc != 2 || strcmp(argv[0], "learn") != 0 ||
	    learn_verb(argv[1], &rq.tell) == -1) {
		log_warnx("the only command is: learn spam|ham|forget");
		return EX_USAGE;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	if (once_ask(&rq, STDIN_FILENO, &reply) == -1)
		return reply.code != 0 ? reply.code : EX_TEMPFAIL;
	return learn_status(&reply);
}
