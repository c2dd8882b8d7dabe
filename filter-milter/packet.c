/* SPDX-License-Identifier: ISC */
/*
 * Packets, see packet.h.  Trusts no length that a peer sent, and reads nothing
 * behind the end; what is not as the protocol has it comes back as -1.
 */

#include <arpa/inet.h>

#include <string.h>

#include "bytes.h"
#include "packet.h"

size_t
packet_frame(const void *data, size_t len)
{
	uint32_t	 n;

	if (len < MILTER_LEN_BYTES)
		return 0;
	memcpy(&n, data, sizeof(n));
	n = ntohl(n);
	if (n == 0 || n > PACKET_MAX - MILTER_LEN_BYTES)
		return SIZE_MAX;
	return MILTER_LEN_BYTES + n;
}

void
packet_open(const void *frame, size_t len, struct packet *p)
{
	const char	*data = frame;

	p->command = data[MILTER_LEN_BYTES];
	p->data = data + MILTER_LEN_BYTES + 1;
	p->len = len - MILTER_LEN_BYTES - 1;
}

ssize_t
packet_begin(struct bytes *b, char command)
{
	char	 head[MILTER_LEN_BYTES + 1] = { 0 };
	size_t	 begin = b->len;

	head[MILTER_LEN_BYTES] = command;
	return bytes_add(b, head, sizeof(head)) == -1 ? -1 : (ssize_t)begin;
}

int
packet_add_string(struct bytes *b, const char *s, size_t len)
{
	if (bytes_add(b, s, len) == -1)
		return -1;
	if (bytes_add(b, "", 1) == 0)
		return 0;
	b->len -= len;
	return -1;
}

int
packet_add_uint32(struct bytes *b, uint32_t n)
{
	n = htonl(n);
	return bytes_add(b, &n, sizeof(n));
}

void
packet_end(struct bytes *b, ssize_t begin)
{
	uint32_t	 n;

	n = htonl((uint32_t)(b->len - (size_t)begin - MILTER_LEN_BYTES));
	memcpy(b->data + b->off + begin, &n, sizeof(n));
}

void
packet_undo(struct bytes *b, ssize_t begin)
{
	if ((b->len = (size_t)begin) == 0)
		bytes_clear(b);
}

int
packet_put(struct bytes *b, char command, const void *data, size_t len)
{
	ssize_t	 begin;

	if ((begin = packet_begin(b, command)) == -1)
		return -1;
	if (bytes_add(b, data, len) == -1) {
		packet_undo(b, begin);
		return -1;
	}
	packet_end(b, begin);
	return 0;
}

/* The next n bytes, or NULL. */
static const void *
packet_take(struct packet *p, size_t n)
{
	const char	*data = p->data;

	if (p->len < n)
		return NULL;
	p->data += n;
	p->len -= n;
	return data;
}

int
packet_take_string(struct packet *p, const char **s)
{
	const char	*nul;

	if (p->len == 0 || (nul = memchr(p->data, '\0', p->len)) == NULL)
		return -1;
	*s = packet_take(p, (size_t)(nul - p->data) + 1);
	return 0;
}

int
packet_take_uint16(struct packet *p, uint16_t *n)
{
	const void	*data;

	if ((data = packet_take(p, sizeof(*n))) == NULL)
		return -1;
	memcpy(n, data, sizeof(*n));
	*n = ntohs(*n);
	return 0;
}

int
packet_take_uint32(struct packet *p, uint32_t *n)
{
	const void	*data;

	if ((data = packet_take(p, sizeof(*n))) == NULL)
		return -1;
	memcpy(n, data, sizeof(*n));
	*n = ntohl(*n);
	return 0;
}

/* [index] name [value], and nothing behind it. */
static int
change_take(struct packet *p, struct change *c)
{
	int	 indexed, valued, optional;

	indexed = c->command == SMFIR_INSHEADER ||
	    c->command == SMFIR_CHGHEADER;
	valued = indexed || c->command == SMFIR_ADDHEADER;
	optional = c->command == SMFIR_ADDRCPT_PAR ||
	    c->command == SMFIR_CHGFROM;
	if (indexed && packet_take_uint32(p, &c->index) == -1)
		return -1;
	if (packet_take_string(p, &c->name) == -1)
		return -1;
	if ((valued || (optional && p->len > 0)) &&
	    packet_take_string(p, &c->value) == -1)
		return -1;
	return p->len == 0 ? 1 : -1;
}

int
packet_change(const struct packet *packet, struct change *c)
{
	struct packet	 p = *packet;

	*c = (struct change){ .command = p.command, .name = "", .value = "" };
	switch (p.command) {
	case SMFIR_REPLBODY:
		c->body = p.data;
		c->len = p.len;
		return 1;
	case SMFIR_ADDHEADER:
	case SMFIR_INSHEADER:
	case SMFIR_CHGHEADER:
	case SMFIR_ADDRCPT:
	case SMFIR_ADDRCPT_PAR:
	case SMFIR_DELRCPT:
	case SMFIR_CHGFROM:
	case SMFIR_QUARANTINE:
		return change_take(&p, c);
	default:
		return 0;
	}
}
