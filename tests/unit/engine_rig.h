/* SPDX-License-Identifier: ISC */
/* The engine on a mapping of its own, without processes: smtpd is wire.h. */

#ifndef ENGINE_RIG_H
#define ENGINE_RIG_H

#include "wire.h"

#include <event2/event.h>

#include "engine.h"

/* Once, for this filter.  Returns the mapping, or NULL. */
static inline struct shared *
engine_rig(const struct filter *filter)
{
	struct shared	*sh = guard_map();

	engine.filter = filter;
	engine.base = event_base_new();
	return engine.base == NULL || channel_init(&engine.channel, sh, -1) ==
	    -1 ? NULL : sh;
}

/* smtpd said nothing yet, and the worker is new. */
static inline void
engine_rig_fresh(struct shared *sh)
{
	memset(sh, 0, sizeof(*sh));
	sh->facts.minor = 7;
	sh->current = sh->skip = NO_LINE;
	channel_resume(&engine.channel);
}

/* What is there is read, and what it comes to is said. */
static inline void
turn(void)
{
	(void)engine_read();
	(void)transfer_pump();
	channel_publish(&engine.channel);
}

static inline void
engine_rig_say(struct shared *sh, const char *line)
{
	wire_line(sh, line);
	turn();
}

#endif /* ENGINE_RIG_H */
