/* SPDX-License-Identifier: ISC */
/*
 * zlib into a spool, in steps: 20 MB at once would keep all other clients
 * waiting.  Fails if memory or the spool's disk is out, or the message can't
 * be read.
 */

#include <sys/types.h>

#include <stdint.h>
#include <stdlib.h>

#include <zlib.h>

#include "pack.h"
#include "source.h"
#include "spool.h"

#define STEP	262144		/* bytes of text, about 5 ms */

struct pack {
	struct source	 source;
	struct spool	*spool;
	z_stream	 z;
	unsigned char	 out[16384];
};

struct pack *
pack_new(const struct ask_text *t, struct message *m)
{
	struct pack	*p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	if ((p->spool = spool_new()) == NULL) {
		free(p);
		return NULL;
	}
	if (deflateInit(&p->z, Z_BEST_SPEED) != Z_OK) {
		spool_free(p->spool);
		free(p);
		return NULL;
	}
	source_message(&p->source, t, m);
	return p;
}

void
pack_free(struct pack *p)
{
	if (p == NULL)
		return;
	(void)deflateEnd(&p->z);
	spool_free(p->spool);
	free(p);
}

struct spool *
pack_spool(struct pack *p)
{
	return p->spool;
}

/* All input is taken, or with Z_FINISH all is out. */
static int
pack_deflate(struct pack *p, int flush)
{
	int	 r;

	do {
		p->z.next_out = p->out;
		p->z.avail_out = sizeof(p->out);
		r = deflate(&p->z, flush);
		if (r == Z_STREAM_ERROR || spool_append(p->spool, p->out,
		    sizeof(p->out) - p->z.avail_out) == -1)
			return -1;
	} while (p->z.avail_out == 0 || (flush == Z_FINISH &&
	    r != Z_STREAM_END));
	return 0;
}

int
pack_step(struct pack *p)
{
	const char	*text;
	size_t		 len, n = 0;

	while (n < STEP && (text = source_next(&p->source, &len)) != NULL) {
		p->z.next_in = (unsigned char *)(uintptr_t)text;
		p->z.avail_in = (unsigned int)len;
		if (pack_deflate(p, Z_NO_FLUSH) == -1)
			return -1;
		n += len;
	}
	if (p->source.left == 0)
		return pack_deflate(p, Z_FINISH) == -1 ? -1 : 1;
	return n >= STEP ? 0 : -1;
}
