/* SPDX-License-Identifier: ISC */
/*
 * What becomes of that which smtpd's filter protocol can't do: never a lie to
 * the client, never a silent loss.
 *
 *	discard		at MAIL, RCPT: the recipients become discard-to, if set;
 *			else, and later: as key "discard" says
 *	quarantine	as key "quarantine" says
 *	added		sent by us once the message is accepted, if key "inject"
 *	recipients	is set; else logged
 *	removed		all of them: as discard; some: logged
 *	another sender	of injected copies; else logged
 */

#ifndef SETTLE_H
#define SETTLE_H

#include "filter.h"
#include "wishes.h"

struct inject;
struct message;

enum settled {
	SETTLED_ACCEPT,
	SETTLED_JUNK,
	SETTLED_REJECT,		/* with text, a whole reply: "550 5.7.1 ..." */
	SETTLED_TEMPFAIL
};

/* A milter said discard and it can't be done by discard-to. */
enum settled	 settle_discard(const struct session *, const char *milter);
/*
 * All milters are done and none refused: quarantine and removed recipients, and
 * junk if a discard was settled so.  Edits m for junk (X-Spam: Yes,
 * X-Milter-Quarantine: reason).  What is so already is taken out of the wishes.
 */
enum settled	 settle_message(const struct session *, struct message *,
		    struct wishes *, int junk);
/* The code and text for a refusal: filter_reject(rq, code, "%s", text). */
int		 settle_code(enum settled, const char **text);
/* discard-to: the address that throws away, or NULL. */
const char	*settle_sink(void);

/*
 * The final message for the recipients that were added, NULL if none were or
 * inject is not set.  After the edits are made; the copy is ours.  -1: out of
 * memory or disk.
 */
int		 settle_copy(const struct session *, struct message *,
		    const struct wishes *, struct inject **);

extern const struct key	settle_keys[];

#endif /* SETTLE_H */
