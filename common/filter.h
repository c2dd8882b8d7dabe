/* SPDX-License-Identifier: ISC */
/*
 * Write an smtpd(8) filter: fill in a struct filter, call filter_main().
 * doc/writing-a-filter.md is the manual, with an example that a test compiles.
 *
 * smtpd sends a filter two streams, see smtpd-filters(7).  A report tells a
 * fact; the engine keeps the facts in struct session before any hook sees
 * them.  A request asks a question, and the client waits for the answer.
 *
 * Whoever misbehaves takes smtpd down, so the rules of the protocol are kept
 * here and not by each filter:
 *  - what to register with smtpd follows from which hooks are set;
 *  - every request is answered exactly once: a second or a late answer is
 *    dropped and counted, a missing one is given by the fail policy;
 *  - a session owns all that hangs on it, and takes it along when it ends;
 *  - a filter that crashes is started again, see guard.h.
 */

#ifndef FILTER_H
#define FILTER_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "smtpd.h"

/* What to answer when it can't be found out: key "on-failure". */
enum failure { FAILURE_ACCEPT, FAILURE_TEMPFAIL, FAILURE_REJECT };

/* A question put to the filter: copy it anywhere, answer it once, any time. */
struct request {
	uint64_t	session;
	uint64_t	serial;
};

struct message;			/* see message.h */
struct metric;			/* see metric.h */
struct event_base;

/* When to read. */
enum load {
	LOAD_START,	/* before anything runs, in the first process */
	LOAD_HUP,	/* in the worker: SIGHUP */
	LOAD_POLL	/* every 30 s, and in a new worker: what changed */
};

#define FILTER_TABLES	8

struct filter {
	const char	 *name;		/* as in ps(1): "filter-pause" */
	const char	 *usage;	/* after the name, as in SYNOPSIS */
	const struct key *keys[FILTER_TABLES];	/* the filter's options */
	const char	 *promises;	/* pledge(2) words, see sandbox.h; NULL:
					   no sandbox */
	struct metric	 *metrics;	/* nmetrics counters, see metric.h */
	unsigned int	  nmetrics;
	enum failure	  on_failure;	/* when the operator does not say */
	int64_t		  deadline;	/* the same: ms; 0 is 60000 */
	/* Said if it fails, behind "451 4." or "550 5."; NULL: our own words. */
	const char	 *fail_text;	/* "7.1 Spam filter failed" */
	size_t		  session_size;
	size_t		  tx_size;
	int		  outgoing;	/* wants reports of smtp-out too */
	/* Keys exempt-auth and exempt-local, when the operator does not say. */
	int		  exempt_auth, exempt_local;

	/*
	 * Read what the options name: lists, tables, keys.  Returns 0, or -1
	 * after logging why: at start the filter then does not start, later
	 * the old state stays.
	 */
	int	(*load)(enum load);
	/* For -n: are the backends there?  0, or -1 after saying why. */
	int	(*check)(void);
	/*
	 * Run by hand for something else, as what argv has after the options
	 * says?  Called after load; returns the exit status, or -1: no, be a
	 * filter.  Without it arguments are a mistake.
	 */
	int	(*command)(int argc, char *argv[]);
	/* In the worker, before the sandbox: event loop and threads exist. */
	int	(*start)(void);
	/* smtpd hung up: there is a second to put things away. */
	void	(*stop)(void);
	/*
	 * What smtpd says of itself, config|KEY|VALUE; "ready" is the last, and
	 * has "".  Each new worker is told anew.
	 */
	void	(*config)(const char *key, const char *value);
	/* The event loop to run in, where it is not the engine's own. */
	struct event_base *(*events)(void);

	void	(*session_end)(struct session *);
	void	(*tx_end)(struct session *);

	void	(*report[REPORT_MAX])(struct session *, const char *arg);
	void	(*request[PHASE_MAX])(struct session *, struct request,
		    const char *arg);
	/*
	 * One hook for all, for who is told late what is wanted: sets of
	 * 1 << PHASE_RSET.  any_report hears what the engine wants, too.
	 */
	unsigned int	 any_phases, any_reports;
	void	(*any_report)(struct session *, enum report, const char *arg);
	void	(*any_request)(struct session *, struct request, enum phase,
		    const char *arg);
	/*
	 * Messages, in one of two ways, or none.
	 *
	 * Line by line: the line is without its dot-stuffing and its newline,
	 * and not NUL terminated; what is to go on is sent by filter_line().
	 * A NULL line is the end: answer the request, which counts at commit.
	 */
	void	(*line)(struct session *, struct request, const char *, size_t);
	/* The whole message, after its last line; answers hold for commit. */
	void	(*message)(struct session *, struct request, struct message *);
	/*
	 * With either of the two: is the message that begins now of interest?
	 * 0: its lines go on as they come, and no hook is called for it.
	 */
	int	(*wants)(struct session *);
	/*
	 * filter_fail() drops a message's edits.  If it goes on all the same
	 * (on-failure accept), these are made instead.  A filter with this hook
	 * sees each message: one of a session that is older than a crash, or
	 * that comes while no worker lives, is refused with 451 whatever
	 * on-failure says.
	 */
	void	(*unknown)(struct session *, struct message *);
};

/* Does all: options, -n, guard, sandbox, events.  Returns the exit status. */
int	filter_main(const struct filter *, int argc, char *argv[]);
/*
 * The same without options, for a program that has its own.  It comes back in
 * the worker, when smtpd hung up; all else ends the process.
 */
void	filter_run(const struct filter *);
/*
 * The first half of it, in a program that has a main() of its own: see
 * worker.h.  w->in and w->out are smtpd.  Returns -1 in the worker, which goes
 * on to worker_run(); else the exit status.
 */
struct worker;
int	filter_guard(const struct filter *, int argc, char *argv[],
	    struct worker *);

/*
 * Answers.  Each takes nothing but the request, so that any of them is also
 * what a timer or a backend can call.  None of them fails: an answer to a
 * request that is gone or answered is dropped and counted.
 */
void	filter_proceed(struct request);
/* X-Spam: Yes.  For a message: by the header, as smtpd can't after DATA. */
void	filter_junk(struct request);
/* HELO, EHLO: the name; MAIL_FROM, RCPT_TO: "<address> [parameters]". */
void	filter_rewrite(struct request, const char *);
/*
 * The client's command is refused: code 400 to 599, then "5.7.1 Go away".
 * Text that is not fit for a reply is made so; 505 bytes of it at most.
 */
void	filter_reject(struct request, int code, const char *, ...)
	    __attribute__((__format__ (__printf__, 3, 4)));
/* The same, and the client is cut off. */
void	filter_disconnect(struct request, int code, const char *, ...)
	    __attribute__((__format__ (__printf__, 3, 4)));
/*
 * Could not find out: log why and answer as on-failure says.  A message of a
 * line hook is refused with 451 even then, as some of it may be missing.
 */
void	filter_fail(struct request, const char *, ...)
	    __attribute__((__format__ (__printf__, 2, 3)));

/*
 * Call back with the request after ms milliseconds, unless it is gone by
 * then.  A later call takes the place of the earlier one.
 */
void	filter_delay(struct request, int64_t ms, void (*)(struct request));

/*
 * In a line hook: the next line of the message as it goes on, without newline
 * and dot-stuffing.  One that is longer than smtpd takes (65485 bytes) is cut,
 * and the message refused at commit.
 */
void	filter_line(struct request, const char *, size_t);

/* Whose request, or NULL if it was answered or its session is gone. */
struct session	*filter_session(struct request);

/*
 * Longest line that survives smtpd, dot-stuffing included: 65485, or 1997
 * where smtpd (before 7.4) cuts all lines after that many bytes, silently.
 */
size_t	filter_line_max(void);

/* smtpd's version, as a number: 60800 for 6.8.0p2; 0 if it did not say. */
int	filter_smtpd_version(void);
/* The protocol's version: 7 for 0.7. */
int	filter_protocol(void);
/* The name that smtpd calls itself (config|admd), "" if it did not say. */
const char	*filter_admd(void);

/*
 * Why the filter has to leave this session alone by the keys exempt-auth,
 * exempt-local, exempt and exempt-file ("auth", "local", "list"), or NULL.
 */
const char	*filter_exempt(const struct session *);

/*
 * The log line of a decision: session id first, "src=" the client, then what
 * the format says ("action=pause seconds=5").
 */
void	filter_log(const struct session *, const char *, ...)
	    __attribute__((__format__ (__printf__, 2, 3)));

/* Key "deadline", in ms: the engine answers what is open for so long. */
int64_t	filter_deadline(void);
/* Key "on-failure". */
enum failure	filter_on_failure(void);

/* -n: nothing is to be made or changed. */
int	filter_check_only(void);

/* Key "dry-run": answers and edits are logged, but proceed is what is sent. */
int	filter_dry_run(void);

/* The worker's event loop: from start() on. */
struct event_base	*filter_events(void);

#endif /* FILTER_H */
