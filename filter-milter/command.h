/* SPDX-License-Identifier: ISC */
/*
 * What the MTA tells a milter, as packets: from a client's facts, and fields of
 * a message.  A codec.  Commands without data (SMFIC_DATA, SMFIC_EOH ...) are
 * packet_put()'s.
 *
 * Each returns 0, or -1: out of memory, nothing was added.
 */

#ifndef COMMAND_H
#define COMMAND_H

#include <stddef.h>

struct bytes;
struct client;

int	command_connect(struct bytes *, const struct client *);
int	command_helo(struct bytes *, const char *name);
int	command_mail(struct bytes *, const struct client *);
int	command_rcpt(struct bytes *, const struct client *);
int	command_unknown(struct bytes *, const char *line);

/*
 * A field: name and value as message_name() and message_value() give them.
 * Without leadspc one blank in front of the value is taken away.  A value that
 * is too long for a packet is cut; a line that is no field is left out.
 */
int	command_header(struct bytes *, const char *name, size_t name_len,
	    const char *value, size_t len, int leadspc);

#endif /* COMMAND_H */
