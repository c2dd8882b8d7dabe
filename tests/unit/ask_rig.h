/* SPDX-License-Identifier: ISC */
/*
 * A spamd for the tests of ask.c, in the same process and event loop: each
 * connection plays the next of the given parts.  With it an engine that has
 * sessions and a deadline, messages, and a log that can be looked at.
 */

#ifndef ASK_RIG_H
#define ASK_RIG_H

#include <stddef.h>
#include <stdint.h>

#include "ask.h"
#include "logged.h"

enum act {
	ACT_END,		/* ends the parts: the last one is repeated */
	ACT_ANSWER,		/* say, when all of the request is there */
	ACT_EARLY,		/* say at once, then read on */
	ACT_DEAF,		/* never reads, nor says anything */
	ACT_MUTE		/* reads, says nothing */
};

struct part {
	enum act	 act;
	const char	*say;		/* NULL: nothing */
	size_t		 step;		/* bytes each ms; 0: all at once */
	int		 stay;		/* does not hang up */
	int		 endless;	/* says it again and again */
	int		 slow_ms;	/* until it answers */
};

#define SPAMDS	3

struct spamd {
	const struct part *parts;
	int		 fd;
	int		 conns, pings, open, open_max;
	int		 ping_mute;
	char		 head[1024];	/* of the last request */
	size_t		 got;		/* bytes after it */
	uint32_t	 sum;		/* of these */
	int		 bad;		/* not as long as it said */
	char		 order[512];	/* of the last words of requests */
};

#define ASKS	256

/* What became of question n. */
struct outcome {
	int		 done;		/* how often */
	int		 answered;
	struct spamd_reply reply;
	char		 body[256];
	size_t		 body_len;
	unsigned int	 tries;
	int64_t		 queued_ms;
	char		 why[400];
	int		 place;		/* in the order of answers */
};

extern struct event_base *loop;
extern struct spamd	 spamds[SPAMDS];
extern struct outcome	 outcomes[ASKS];
extern struct message	*messages[ASKS];
extern int		 session_gone[ASKS];
extern int64_t		 deadline_ms;
extern int		 ndone;

#define OK_REPLY	"SPAMD/1.1 0 EX_OK\r\nContent-length: 18\r\n" \
			"Spam: False ; 1.5 / 5.0\r\n\r\nX-Spam-Level: *\r\n\n"

int	 spamd_setup(void **);
int	 spamd_teardown(void **);
/* Listen, with these parts. */
void	 spamd_start(int i, const struct part *);
/* Nobody listens any more; connections stay. */
void	 spamd_stop(int i);
void	 spamd_hang_up(void);
/* The socket of server i. */
const char *rig_path(int i);
/* ask.c, with these servers: how many. */
void	 servers_are(int n);
/* Ask about a small message, as session n. */
void	 put(int n);
/* The same about one of that many bytes in the body. */
void	 put_size(int n, size_t);
void	 put_verb(int n, enum spamd_verb);
void	 run_ms(int64_t);
/* Until so many are done; fails after 10 s. */
void	 run_done(int n);
/* Questions first to first + n - 1 were; n was not, and this is in the why. */
void	 all_answered(int first, int n);
void	 why_is(int n, const char *why);
int64_t	 now_ms(void);
uint32_t sum_bytes(uint32_t, const char *, size_t);

#endif /* ASK_RIG_H */
