/* SPDX-License-Identifier: ISC */
/*
 * Header fields that a message is to get, from before it is there: "Name:
 * value", each once, in the order of their coming.
 */

#ifndef STAMPS_H
#define STAMPS_H

#include <stddef.h>

struct message;
struct stamp;

/* Empty if zeroed. */
struct stamps {
	struct stamp	*first, *last;
	unsigned int	 n;
};

/* 0, or -1: out of memory, or more than one message needs. */
int	stamps_add(struct stamps *, const char *field);
void	stamps_write(const struct stamps *, struct message *);
void	stamps_free(struct stamps *);

#endif /* STAMPS_H */
