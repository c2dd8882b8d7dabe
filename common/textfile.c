/* SPDX-License-Identifier: ISC */
/*
 * Files that an operator writes.  Whatever a path turns out to be, nothing
 * here waits for it, and no line takes more memory than it may.
 * Returns NULL, 0 or why not: it can't be opened, is no file, ends, has a line
 * that is none.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "textfile.h"

/* Some editors begin a file with U+FEFF. */
static void
mark_skip(FILE *fp)
{
	char	 mark[3];

	if (fread(mark, 1, sizeof(mark), fp) != sizeof(mark) ||
	    memcmp(mark, "\xef\xbb\xbf", sizeof(mark)) != 0)
		rewind(fp);
}

FILE *
textfile_open(const char *path, struct stat *st)
{
	FILE	*fp = NULL;
	int	 fd;

	memset(st, 0, sizeof(*st));
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1 || fstat(fd, st) == -1) {
		log_warn("%s", path);
	} else if (!S_ISREG(st->st_mode)) {
		log_warnx("%s: not a regular file", path);
	} else if ((fp = fdopen(fd, "r")) == NULL) {
		log_warn("%s", path);
	} else {
		mark_skip(fp);
		return fp;
	}
	if (fd != -1)
		(void)close(fd);	/* nothing was read */
	return NULL;
}

int
textfile_line(FILE *fp, char line[TEXTFILE_LINE], const char **why)
{
	size_t	 len = 0;
	int	 c;

	*why = NULL;
	while ((c = getc_unlocked(fp)) != EOF && c != '\n') {
		if (c == '\0')
			*why = "a NUL byte in the line";
		if (len < TEXTFILE_LINE - 1)
			line[len++] = (char)c;
		else
			*why = "longer than 64 KB";
	}
	line[len] = '\0';
	return c == '\n' || (len > 0 && !ferror(fp));
}
