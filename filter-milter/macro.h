/* SPDX-License-Identifier: ISC */
/*
 * Macros: what a milter may ask of the MTA by name ("i", "{client_addr}"), sent
 * before the command of their stage.  A codec: from a client's facts to a
 * packet.
 */

#ifndef MACRO_H
#define MACRO_H

#include "client.h"
#include "mfdef.h"		/* SMFIM_CONNECT ... SMFIM_EOH */

struct bytes;

/*
 * The operator's own: "-m name=value", a fixed value that goes before ours and
 * is sent at connect too; -d {daemon_name}; -j j.  Each returns NULL, or what
 * is wrong with it.
 */
const char	*macro_set(const char *assignment);
const char	*macro_daemon_name(const char *);
const char	*macro_hostname(const char *);

/*
 * Add the packet 'D' for the command letter (SMFIC_*) of this stage: the macros
 * of list (the milter's choice by setsymlist; "" is none), or ours for that
 * stage if list is NULL.  One that has no value is left out; nothing is added
 * if none has one.  No packet exceeds PACKET_DATA_MAX.  Returns 0, or -1: out
 * of memory, nothing was added.
 */
int	 macro_packet(struct bytes *, const struct client *, int stage,
	    char command, const char *list);

#endif /* MACRO_H */
