/* SPDX-License-Identifier: ISC */
/*
 * Packets of the milter protocol, both ways: uint32 length (big-endian, of the
 * command and its data), one command letter (SMFIC_*, SMFIR_*), data.  A codec:
 * no I/O, no state.  filter-milter is the MTA's side of it, libmilter/ the
 * milter's.
 */

#ifndef PACKET_H
#define PACKET_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "mfdef.h"

struct bytes;

/* libmilter hangs up on more data than this in one packet. */
#define PACKET_DATA_MAX	65535
/* The longest frame that is taken. */
#define PACKET_MAX	(1024 * 1024)

struct packet {
	char		 command;
	const char	*data;
	size_t		 len;
};

/* For stream_ops.frame: its length; 0: more is needed; SIZE_MAX: no packet. */
size_t	packet_frame(const void *, size_t);
/* A whole frame. */
void	packet_open(const void *frame, size_t len, struct packet *);

/*
 * Add to a buffer; 0, or -1: out of memory, then nothing was added.  A packet
 * of several parts: packet_begin() says where it begins, its parts are added
 * by bytes_add() or packet_add_*(), packet_end() writes its length or
 * packet_undo() takes all of it away.
 */
int	packet_put(struct bytes *, char command, const void *, size_t);
ssize_t	packet_begin(struct bytes *, char command);
int	packet_add_string(struct bytes *, const char *, size_t);	/* + NUL */
int	packet_add_uint32(struct bytes *, uint32_t);
void	packet_end(struct bytes *, ssize_t begin);
void	packet_undo(struct bytes *, ssize_t begin);

/* Take from the front of the data; 0, or -1: it isn't there. */
int	packet_take_string(struct packet *, const char **);
int	packet_take_uint16(struct packet *, uint16_t *);
int	packet_take_uint32(struct packet *, uint32_t *);

/* A milter's change to the message, sent before its answer at its end. */
struct change {
	char		 command;	/* SMFIR_ADDHEADER ... */
	uint32_t	 index;		/* INSHEADER, CHGHEADER */
	const char	*name;		/* field name, address, reason */
	const char	*value;		/* field value, ESMTP args; "" */
	const void	*body;		/* REPLBODY: len bytes */
	size_t		 len;
};

/* 1: it is one; 0: another letter; -1: it is one, but malformed. */
int	packet_change(const struct packet *, struct change *);

#endif /* PACKET_H */
