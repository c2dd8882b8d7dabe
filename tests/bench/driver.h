/* SPDX-License-Identifier: ISC */
/*
 * Be smtpd to one program, for benches.  All of it exits 1, saying why, when
 * something goes wrong.
 */

#ifndef DRIVER_H
#define DRIVER_H

#include <sys/types.h>

#include <stddef.h>

#define DRIVER_ID	"3ff2c7d1%08x"	/* a session, by its number */

extern int	 driver_fd;		/* smtpd's end, does not block */

/* Seconds, by the monotonic clock. */
double	driver_now(void);
pid_t	driver_start(char *argv[]);
void	driver_handshake(void);
/* Did it register this: "filter|smtp-in|commit"? */
int	driver_asked(const char *what);
/* A report, if it asked for that; fields begin with '|' or are "". */
void	driver_report(unsigned int id, const char *event, const char *fields);
void	driver_write(const char *, size_t);
/* One answer that comes alone, without its newline. */
void	driver_answer(char *buf, size_t size);
/* poll(2) for one of these; returns what there is. */
int	driver_wait(int events);
/* End of input.  Returns the seconds of CPU of the program and its children. */
double	driver_stop(pid_t);

#endif /* DRIVER_H */
