/* SPDX-License-Identifier: ISC */
/*
 * What spamd gets to see: the message, and above it what smtpd knows but the
 * message does not say, so that rules on relay and envelope work.  None of it
 * is delivered.
 */

#ifndef SCAN_H
#define SCAN_H

#include "ask.h"
#include "smtpd.h"

struct message;

/* Key: received auto|always|keep. */
extern const struct key	 scan_keys[];

/*
 * Return-Path and X-Envelope lines, and a true Received in the place of
 * smtpd's where that is masked, says <unknown> or a name that nobody checked,
 * or is missing.  With comes_back, what is sent may be delivered: then it is a
 * Return-Path only, which is added to mail anyway.
 * Returns 0, or -1: out of memory.
 */
int	scan_text(const struct session *, struct message *, int comes_back,
	    struct ask_text *);

#endif /* SCAN_H */
