/* SPDX-License-Identifier: ISC */
/*
 * Run a fuzz target over the files given, or over those in directories given:
 * what libFuzzer does with a corpus, with any compiler.  Without arguments, as
 * `make check` runs it, replay-NAME takes tests/fuzz/corpus/NAME.
 * Exits 1 if a file cannot be read or if there was none; aborts if an input
 * shows a bug.
 */

#include <sys/stat.h>

#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static unsigned int	count;

static void	fail(const char *) __attribute__((__noreturn__));

static void
fail(const char *path)
{
	perror(path);
	exit(1);
}

static void
replay_file(const char *path, size_t size)
{
	FILE *f;
	uint8_t *buf;

	if ((buf = malloc(size + 1)) == NULL || (f = fopen(path, "rb")) == NULL)
		fail(path);
	if (fread(buf, 1, size, f) != size)
		fail(path);
	(void)fclose(f);
	(void)LLVMFuzzerTestOneInput(buf, size);
	free(buf);
	count++;
}

static void
replay(const char *path)
{
	char sub[PATH_MAX];
	struct dirent *d;
	struct stat st;
	DIR *dir;

	if (stat(path, &st) == -1)
		fail(path);
	if (!S_ISDIR(st.st_mode)) {
		replay_file(path, (size_t)st.st_size);
		return;
	}
	if ((dir = opendir(path)) == NULL)
		fail(path);
	while ((d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		(void)snprintf(sub, sizeof(sub), "%s/%s", path, d->d_name);
		replay(sub);
	}
	(void)closedir(dir);
}

static void
replay_corpus(const char *self)
{
	const char *name, *src;
	char dir[PATH_MAX];

	if ((name = strrchr(self, '-')) == NULL)
		fail(self);
	if ((src = getenv("srcdir")) == NULL)
		src = ".";
	(void)snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s", src,
	    name + 1);
	replay(dir);
}

int
main(int argc, char *argv[])
{
	int i;

	if (argc == 1)
		replay_corpus(argv[0]);
	for (i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%u inputs\n", count);
	return count > 0 ? 0 : 1;
}
