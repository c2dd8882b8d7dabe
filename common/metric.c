/* SPDX-License-Identifier: ISC */
/*
 * Counters, shown on one line of the log or as a file for Prometheus.  The
 * file is made under another name and renamed, so that a reader never sees
 * half of it.  Exits: never.  Returns -1: the file could not be written.
 */

#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "metric.h"

#define METRIC_LINE	(LOG_LINE_MAX - 100)
#define METRIC_ENTRY	128
#define METRIC_VALUE	32
#define METRIC_COMMON_PREFIX	"opensmtpd_filter"

static char		  metric_prefix[64];
static struct metric	 *metric_first;
static struct metric	**metric_last = &metric_first;

void
metric_init(const char *filter)
{
	char	*p;

	(void)snprintf(metric_prefix, sizeof(metric_prefix), "opensmtpd_%s",
	    filter);
	for (p = metric_prefix; *p != '\0'; p++)
		if (*p == '-')
			*p = '_';
}

void
metric_add(struct metric *m, unsigned int n)
{
	for (; n > 0; n--, m++) {
		m->next = NULL;
		*metric_last = m;
		metric_last = &m->next;
	}
}

static const char *
value_print(const struct metric *m, char buf[METRIC_VALUE])
{
	if (m->time)
		(void)snprintf(buf, METRIC_VALUE, "%" PRId64 ".%06d",
		    m->value / 1000000, (int)(m->value % 1000000));
	else
		(void)snprintf(buf, METRIC_VALUE, "%" PRId64, m->value);
	return buf;
}

void
metric_log(void)
{
	char		 line[METRIC_LINE], entry[METRIC_ENTRY];
	char		 value[METRIC_VALUE];
	struct metric	*m;
	size_t		 len = 0;
	int		 n;

	for (m = metric_first; m != NULL; m = m->next) {
		n = snprintf(entry, sizeof(entry), " %s=%s", m->name,
		    value_print(m, value));
		if (n < 0 || (size_t)n >= sizeof(entry))
			continue;
		/* Better a second line than half a number. */
		if (len + (size_t)n > sizeof(line)) {
			log_info("%.*s", (int)len - 1, line + 1);
			len = 0;
		}
		memcpy(line + len, entry, (size_t)n);
		len += (size_t)n;
	}
	if (len > 0)
		log_info("%.*s", (int)len - 1, line + 1);
}

/* The file's name without directory and ".prom", as the label wants it. */
static void
label_make(const char *path, char *buf, size_t size)
{
	const char	*slash = strrchr(path, '/');
	size_t		 i = 0, len;

	if (slash != NULL)
		path = slash + 1;
	len = strlen(path);
	if (len > 5 && strcmp(path + len - 5, ".prom") == 0)
		len -= 5;
	for (; len > 0 && i + 3 < size; path++, len--) {
		if (*path == '"' || *path == '\\')
			buf[i++] = '\\';
		buf[i++] = *path == '\n' ? ' ' : *path;
	}
	buf[i] = '\0';
}

static int
metric_print(FILE *fp, const char *label)
{
	const char	*prefix;
	struct metric	*m;
	char		 value[METRIC_VALUE];

	for (m = metric_first; m != NULL; m = m->next) {
		prefix = m->common ? METRIC_COMMON_PREFIX : metric_prefix;
		if (fprintf(fp, "# HELP %s_%s %s\n# TYPE %s_%s %s\n"
		    "%s_%s{filter=\"%s\"} %s\n", prefix, m->name, m->help,
		    prefix, m->name, m->gauge ? "gauge" : "counter",
		    prefix, m->name, label, value_print(m, value)) < 0)
			return -1;
	}
	return 0;
}

/* All of it under the name tmp, which did not exist before.  errno is kept. */
static int
metric_create(const char *tmp, const char *label)
{
	FILE	*fp;
	int	 fd, error;

	if ((fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0644)) == -1)
		return -1;
	if ((fp = fdopen(fd, "w")) == NULL) {
		error = errno;
		(void)close(fd);
	} else {
		error = metric_print(fp, label) == -1 ? errno : 0;
		if (fclose(fp) == EOF && error == 0)
			error = errno;
	}
	if (error == 0)
		return 0;
	(void)unlink(tmp);
	errno = error;
	return -1;
}

int
metric_write(const char *path)
{
	static int	 broken;
	char		 tmp[PATH_MAX], label[NAME_MAX];
	int		 n, error;

	n = snprintf(tmp, sizeof(tmp), "%s.new", path);
	if (n < 0 || (size_t)n >= sizeof(tmp)) {
		errno = ENAMETOOLONG;
		goto fail;
	}
	/* One that was left behind by a crash, or laid there by a stranger. */
	(void)unlink(tmp);
	label_make(path, label, sizeof(label));
	if (metric_create(tmp, label) == -1)
		goto fail;
	if (rename(tmp, path) == -1) {
		error = errno;
		(void)unlink(tmp);
		errno = error;
		goto fail;
	}
	broken = 0;
	return 0;
fail:
	if (!broken)
		log_warn("%s", path);
	broken = 1;
	return -1;
}
