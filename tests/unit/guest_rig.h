/* SPDX-License-Identifier: ISC */
/*
 * A milter on libmilter, and the MTA's end of its socketpair: what it was told
 * and what it answers, packet by packet.
 */

#ifndef GUEST_RIG_H
#define GUEST_RIG_H

#include <stddef.h>

#include "context.h"

/* What its callbacks do; by the command that they are for. */
extern sfsistat	 (*guest_does)(SMFICTX *, char command);
/* What xxfi_negotiate chooses. */
extern unsigned long guest_protocol, guest_actions;
extern sfsistat	 guest_agrees;

/* cmocka's set-up and tear-down: a session; all that was said was heard. */
int		 guest_begin(void **state);
int		 guest_end(void **state);
void		 guest_register(void);

void		 guest_say(char command, const void *, size_t);
/* With data as it usually is. */
void		 guest_command(char command);
/* The next packet's letter, 0: it hung up; its data is in guest_heard. */
char		 guest_hear(void);
extern char	 guest_heard[1 << 20];
extern size_t	 guest_len;
void		 guest_hang_up(void);
/* "connect helo envfrom(<a>) ...": what was called until the session's end. */
const char	*guest_calls(void);
/* What of that came since this was called last; the session may go on. */
const char	*guest_called(void);
/* For callbacks, which are in a thread where nothing can be asserted. */
void		 guest_note(const char *, ...)
		    __attribute__((__format__ (__printf__, 1, 2)));

#endif /* GUEST_RIG_H */
