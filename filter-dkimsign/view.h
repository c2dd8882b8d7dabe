/* SPDX-License-Identifier: ISC */
/*
 * The header as the receiver will see it: as the client wrote it, with what
 * smtpd and we will make of it.  Nothing is done to the message before all is
 * known: view_apply() declares it in one go.
 */

#ifndef VIEW_H
#define VIEW_H

#include <sys/types.h>

#include <stddef.h>

struct complete_smtpd;
struct hfield;
struct message;
struct view_text;

struct view {
	struct hfield		 *fields;
	size_t			  n;
	struct view_text	 *texts;	/* ours, in their order */
	struct view_text	**last;
};

/* Why it can't be signed. */
enum view_fit {
	VIEW_FIT,
	VIEW_LARGE,		/* more bytes than max-header */
	VIEW_MANY,		/* more fields than max-fields */
	VIEW_CONTINUATION,	/* the first line is none */
	VIEW_MALFORMED,		/* a line that is no field */
	VIEW_CR,		/* a CR inside of a line */
	VIEW_NO_FROM,
	VIEW_FROMS,		/* more than one From */
	VIEW_ADDRESS,		/* smtpd will change it, and not as we can */
	VIEW_FAILED,		/* out of memory or disk */
	VIEW_MAX
};

/* One word for the log, and a sentence for a reply; VIEW_FIT has none. */
const char	*view_word(enum view_fit);
const char	*view_sentence(enum view_fit);

/*
 * line_max: what smtpd leaves of a line, dot-stuffing counted.  The view is
 * valid as long as the message is; view_free() is due whatever came of it.
 */
enum view_fit	 view_read(struct view *, struct message *, size_t line_max);
void		 view_free(struct view *);

/*
 * Is there one that smtpd takes for such a field?  To it "Date :" is none.
 */
int		 view_has(const struct view *, const char *name);
/*
 * Fields of that name are not to be signed: smtpd may add one below them.
 */
void		 view_hide(struct view *, const char *name);

/* The value of the first field of that name, or NULL. */
const char	*view_value(const struct view *, const char *name,
		    size_t *len);

/* Addresses without a domain get smtpd's name, as it would do next. */
enum view_fit	 view_complete(struct view *, const struct complete_smtpd *);
/* A field at the end of the header. */
enum view_fit	 view_add(struct view *, const char *name,
		    const char *value);

/* The view is what goes on.  fields are not needed for it any more. */
void		 view_apply(const struct view *, struct message *);
/*
 * Only what view_add() added, to stdout: "Name: value".  Returns whether
 * view_complete() changed anything besides.
 */
int		 view_print(const struct view *);
/* The fields are signed: all but what view_apply() needs. */
void		 view_forget_fields(struct view *);

#endif /* VIEW_H */
