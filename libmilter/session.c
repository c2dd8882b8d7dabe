/* SPDX-License-Identifier: ISC */
/*
 * A session: its thread, its end of the socketpair, and the list of all.  What
 * the MTA's side hung up on, while a callback took its time, is noticed when
 * that returns.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "context.h"
#include "thread.h"

#define READ_SIZE	8192
/* Of milters that wait for what never comes there are more than clients. */
#define SESSIONS_MAX	4096

static pthread_mutex_t	 lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t	 ended = PTHREAD_COND_INITIALIZER;
static struct smfi_str	*sessions;
static unsigned int	 count;
static int		 closing;

int
session_send(SMFICTX *ctx, struct bytes *b)
{
	ssize_t	 n;

	while (b->len > 0) {
		n = send(ctx->fd, b->data + b->off, b->len, MSG_NOSIGNAL);
		if (n == -1 && errno != EINTR)
			return -1;
		if (n > 0)
			bytes_drop(b, (size_t)n);
	}
	return 0;
}

int
session_put(SMFICTX *ctx, char command, const void *data, size_t len)
{
	struct bytes	 b = { 0 };
	int		 status;

	status = packet_put(&b, command, data, len);
	if (status == 0)
		status = session_send(ctx, &b);
	bytes_clear(&b);
	return status;
}

/* Returns 0, or -1: no more of them come. */
static int
receive(SMFICTX *ctx)
{
	char	 buf[READ_SIZE];
	ssize_t	 n;

	while ((n = recv(ctx->fd, buf, sizeof(buf), 0)) == -1)
		if (errno != EINTR)
			return -1;
	return n == 0 ? -1 : bytes_add(&ctx->in, buf, (size_t)n);
}

/* Length of the next packet, when it is there; 0: none is or will be. */
static size_t
await(SMFICTX *ctx)
{
	size_t	 n;

	for (;;) {
		n = ctx->in.len == 0 ? 0 :
		    packet_frame(ctx->in.data + ctx->in.off, ctx->in.len);
		if (n != 0 && n <= ctx->in.len)
			return n;
		if (n == SIZE_MAX || receive(ctx) == -1)
			return 0;
	}
}

static void
session_free(SMFICTX *ctx)
{
	macros_free(ctx);
	terms_free(&ctx->terms);
	bytes_clear(&ctx->in);
	free(ctx->reply);
	free(ctx);
}

static void *
session_main(void *arg)
{
	SMFICTX		 *ctx = arg;
	struct smfi_str	**at;
	struct packet	  p;
	size_t		  n;

	while ((n = await(ctx)) > 0) {
		packet_open(ctx->in.data + ctx->in.off, n, &p);
		if (events_serve(ctx, &p) == -1)
			break;
		bytes_drop(&ctx->in, n);
	}
	events_end(ctx);
	(void)pthread_mutex_lock(&lock);
	for (at = &sessions; *at != ctx; at = &(*at)->next)
		continue;
	*at = ctx->next;
	count--;
	(void)close(ctx->fd);
	(void)pthread_cond_signal(&ended);
	(void)pthread_mutex_unlock(&lock);
	session_free(ctx);
	return NULL;
}

/*
 * As every libmilter has it: what stops a milter is for its main thread, and
 * for what a callback starts as well.
 */
static int
thread_begin(SMFICTX *ctx)
{
	sigset_t	 stops;

	(void)sigemptyset(&stops);
	(void)sigaddset(&stops, SIGHUP);
	(void)sigaddset(&stops, SIGINT);
	(void)sigaddset(&stops, SIGTERM);
	return thread_start(session_main, ctx, 0, &stops);
}

int
session_start(int fd)
{
	SMFICTX	*ctx;
	int	 error;

	if ((ctx = calloc(1, sizeof(*ctx))) == NULL)
		return ENOMEM;
	ctx->fd = fd;
	(void)pthread_mutex_lock(&lock);
	error = closing || count == SESSIONS_MAX ? ECANCELED :
	    thread_begin(ctx);
	if (error == 0) {
		ctx->next = sessions;
		sessions = ctx;
		count++;
	}
	(void)pthread_mutex_unlock(&lock);
	if (error != 0)
		free(ctx);
	return error;
}

void
sessions_end(int ms)
{
	struct timespec	 until;
	struct smfi_str	*ctx;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += ms % 1000 * 1000000L;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	(void)pthread_mutex_lock(&lock);
	closing = 1;
	for (ctx = sessions; ctx != NULL; ctx = ctx->next)
		(void)shutdown(ctx->fd, SHUT_RDWR);
	while (sessions != NULL &&
	    pthread_cond_timedwait(&ended, &lock, &until) == 0)
		continue;
	(void)pthread_mutex_unlock(&lock);
}
