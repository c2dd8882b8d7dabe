/* SPDX-License-Identifier: ISC */
/*
 * Options of a filter: letters on the command line, "-o key=value", and
 * "key value" lines in the file of -f, all out of one table.  The later one
 * wins; keys of the type KEY_CALL may be repeated.
 *
 * Every mistake is logged, "file:line: key: why: value" or "-s: why: value",
 * and all are looked for before giving up: nothing is half-applied, because a
 * filter with a mistake in its options does not start.
 *
 * In a file, '#' at the beginning or after a blank begins a comment; the value
 * is the rest of the line, with the blanks inside of it, and does not begin
 * with '='.
 */

#ifndef OPTIONS_H
#define OPTIONS_H

#include <stddef.h>
#include <stdint.h>

enum key_type {
	KEY_CALL,	/* call(value) judges it; max -1: call(NULL) */
	KEY_BOOL,	/* int: "yes", "no"; a bare letter is "yes" */
	KEY_NUMBER,	/* int64_t, from min to max */
	KEY_DURATION,	/* int64_t, ms: "5", "0.5", "90s", "5m", "2h", "30d" */
	KEY_SIZE,	/* int64_t, bytes: "512k", "2m", "1g", "100" */
	KEY_STRING,	/* const char *, valid for ever */
	KEY_CHOICE	/* int: index into choices, which NULL ends */
};

struct key {
	const char		*name;		/* NULL ends the table; "":
						   a letter only */
	enum key_type		 type;
	int			 letter;	/* 0: no letter of its own */
	void			*dest;
	int64_t			 min, max;	/* durations: ms; max 0: any */
	const char *const	*choices;
	/*
	 * NULL if fine, else why not (static text, or valid until the next
	 * call).  The value is valid for ever.
	 */
	const char		*(*call)(const char *value);
};

/*
 * argv by the tables, which NULL ends (a filter's own and the engine's).
 * Returns 0, or -1 after logging all mistakes.  *rest is the first argument
 * after the options; where it is NULL there may be none.  A letter that no
 * table has, or an argument that may not be there, prints "usage: " and usage
 * to stderr and exits 1.
 */
int	options_parse(const struct key *const *tables, const char *usage,
	    int argc, char *argv[], int *rest);

/* The file of -f; also for further files of the same form. */
int	options_file(const struct key *const *tables, const char *path);

/*
 * A line of an option file, without blanks around it and comment: the length of
 * the key, and where the value is, "" for none.
 */
size_t	options_split(char *line, char **value);

/* One value by itself: NULL and *out, or why not (static text). */
const char	*options_duration(const char *, int64_t *out_ms);
const char	*options_size(const char *, int64_t *out_bytes);

#endif /* OPTIONS_H */
