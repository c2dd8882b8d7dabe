/* SPDX-License-Identifier: ISC */
/*
 * The sandbox on OpenBSD: pledge(2) and unveil(2).  The word "error" makes
 * pledge fail calls with ENOSYS where it would kill.  Ours that are no words of
 * pledge: threads need none, and temporary files are files of TMPDIR, which
 * pledge's own "tmppath" does not know.
 * Returns -1: a path or a word was refused.
 */

#include <sys/stat.h>

#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "log.h"
#include "sandbox.h"

static int	 unveiled;	/* and locked */

void
sandbox_path(const char *path, const char *perm)
{
	struct stat	 st;
	char		 dir[PATH_MAX], *real;

	if (unveiled)
		return;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		if (unveil(path, perm) == -1)
			log_warn("sandbox: %s", path);
		return;
	}
	if (strlcpy(dir, path, sizeof(dir)) >= sizeof(dir))
		return;
	if (unveil(dirname(dir), perm) == -1)
		log_warn("sandbox: %s", path);
	/* Where a symbolic link leads to is another place. */
	if ((real = realpath(path, NULL)) == NULL)
		return;
	if (unveil(dirname(real), perm) == -1)
		log_warn("sandbox: %s", path);
	free(real);
}

/* unveil(2) counts it as a file that is written to. */
void
sandbox_socket(const char *path)
{
	sandbox_path(path, "rw");
}

static int
files_enter(const char *words)
{
	const char	*tmp;

	if (unveiled)
		return 0;
	if (sandbox_promised(words, "tmppath")) {
		if ((tmp = getenv("TMPDIR")) == NULL || *tmp == '\0')
			tmp = "/tmp";
		sandbox_path(tmp, "rwc");
	}
	/* The root by itself: without any path all would be left visible. */
	if (unveil("/", "") == -1 || unveil(NULL, NULL) == -1) {
		log_warn("sandbox: files are not restricted");
		return -1;
	}
	unveiled = 1;
	return 0;
}

/* Returns -1: out is too small. */
static int
words_make(char *out, size_t size, const char *words)
{
	const char	*word;
	char		 one[32];
	size_t		 n, len;

	len = strlcpy(out, "error", size);
	for (; *(words += strspn(words, " ")) != '\0'; words += n) {
		n = strcspn(words, " ");
		if (n + 1 > sizeof(one))
			return -1;
		memcpy(one, words, n);
		one[n] = '\0';
		if (strcmp(one, "thread") == 0)
			continue;
		word = one;
		if (strcmp(one, "tmppath") == 0)
			word = "rpath wpath cpath";
		else if (strcmp(one, "wpath") == 0)
			word = "wpath flock";	/* SQLite locks its files */
		if (len + 1 + strlen(word) + 1 > size)
			return -1;
		out[len++] = ' ';
		len += strlcpy(out + len, word, size - len);
	}
	return 0;
}

/* Only a parent traces here (kern.global_ptrace), and memory is no file. */
int
sandbox_untraceable(void)
{
	return 0;
}

int
sandbox_enter(const char *words)
{
	char	 all[256];
	int	 ret = files_enter(words);

	if (words_make(all, sizeof(all), words) == -1 ||
	    pledge(all, NULL) == -1) {
		log_warn("sandbox: system calls are not restricted: %s", words);
		return -1;
	}
	return ret;
}
