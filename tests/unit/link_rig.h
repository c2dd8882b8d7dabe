/* SPDX-License-Identifier: ISC */
/*
 * A milter for the tests of link.c, in the same process and event loop, and a
 * client whose session is asked about.  The milter does what its turns say, and
 * keeps a record of what it was told.
 */

#ifndef LINK_RIG_H
#define LINK_RIG_H

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "link.h"
#include "logged.h"
#include "mail.h"
#include "terms.h"

/*
 * What it says to the nth (0: each) packet of a letter, one line after the
 * other, NUL written as \1:
 *	c, y550 5.7.1 No\1	a packet
 *	#000000		bytes, as they are
 *	*		what follows goes out byte by byte, one a ms
 *	@50		wait for 50 ms
 *	!		hang up
 * Otherwise it says continue, if an answer is due.  Letter '(': connected.
 */
struct turn {
	char		 on;
	int		 nth;
	const char	*say;
};

struct peer {
	const struct turn *turns;	/* up to one with on == 0 */
	uint32_t	 version, actions, protocol;	/* what it wants */
	const char	*macros;	/* bytes after these, macros_len */
	size_t		 macros_len;
	size_t		 step;		/* bytes it reads each ms; 0: all */

	/*
	 * The packets it got, a letter each; of macros the small letter of
	 * the command; "(" a connection, ")" the end of one.
	 */
	char		 seen[8192];
	int		 count[256];	/* of each letter */
	char		*last[256];	/* data of the last one, \1 for NUL */
	size_t		 longest;	/* data of a packet */
	size_t		 body_len;
	uint32_t	 body_sum;
	int		 open, conns;
};

/* What was heard of it. */
struct heard {
	int		 n;		/* answers */
	struct answer	 a;
	char		 why[256];
	char		 changes[512];	/* "h X-A=b; " */
	int		 unwanted;
	void		(*then)(struct link *, int i);
};

#define LINKS	600

extern struct peer	 peer;
extern struct milter	 milter;
extern struct client	 client;
extern struct session	 session;
extern struct link	*links[LINKS];
extern struct heard	 heard[LINKS];

int	 rig_setup(void **);
int	 rig_teardown(void **);
/* The milter's door is shut; open again; its connections are cut. */
void	 peer_shut(void);
void	 peer_reopen(void);
void	 peer_cut(void);

/* The answer to it: enum answer_kind, or NOT_ASKED. */
#define NOT_ASKED	(-1)
int	 ask(int i, enum link_event);
int	 ask_message(int i, struct message *, size_t hidden);
/* It is asked; the answer comes later. */
void	 put(int i, enum link_event, struct message *, size_t hidden);
int	 await(int i);
/* CONNECT, HELO, MAIL, RCPT, DATA: all continue. */
void	 talk(int i);
void	 run_ms(int64_t);
/* Until it is n: a busy machine may need long for that. */
void	 run_until(const int *what, int n);
/* Exactly this was seen since the last call. */
void	 seen_is(const char *);
void	 why_is(int i, const char *);
uint32_t sum(uint32_t, const char *, size_t);
struct message *message_big(size_t);

#define TEST(f)	cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

#endif /* LINK_RIG_H */
