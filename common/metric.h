/* SPDX-License-Identifier: ISC */
/*
 * Counters: a line in the log on SIGUSR1, and with the key "metrics FILE" a
 * text file for node_exporter's textfile collector (Prometheus exposition
 * format 0.0.4), written beside FILE and renamed onto it.  doc/metrics.md has
 * all of them, and how they are named.
 */

#ifndef METRIC_H
#define METRIC_H

#include <stdint.h>

struct metric {
	const char	*name;		/* "held_total" */
	const char	*help;		/* one sentence */
	int		 gauge;		/* goes down too */
	int		 time;		/* in us, shown in seconds */
	int		 common;	/* all filters have it */
	int64_t		 value;
	struct metric	*next;		/* metric_add() */
};

#define METRIC(n, h)	{ .name = (n), .help = (h) }
#define METRIC_GAUGE(n, h) { .name = (n), .help = (h), .gauge = 1 }
#define METRIC_TIME(n, h) { .name = (n), .help = (h), .time = 1 }
#define METRIC_COMMON(n, h) { .name = (n), .help = (h), .common = 1 }

/*
 * Show these too, an array of n that lives as long as the process.  filter is
 * what names get in front in the file: "filter-pause" makes
 * opensmtpd_filter_pause_held_total of held_total.  One that is common becomes
 * opensmtpd_filter_requests_total.  Of all the label filter is the name of the
 * file: {filter="pause"} in pause.prom.
 */
void	metric_init(const char *filter);
void	metric_add(struct metric *, unsigned int n);

/* All counters on one line, "name=value name=value", in the order added. */
void	metric_log(void);

/*
 * Write the file.  Returns 0, or -1 after logging why (once until it works
 * again); nothing half-written is ever seen under path.
 */
int	metric_write(const char *path);

static inline void
metric_inc(struct metric *m)
{
	m->value++;
}

static inline void
metric_add_ms(struct metric *m, int64_t ms)
{
	m->value += ms * 1000;
}

#endif /* METRIC_H */
