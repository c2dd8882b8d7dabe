/* SPDX-License-Identifier: ISC */
/*
 * Files that private keys are read from, each once.  A file that could not be
 * used is remembered too, without a key: when it is mended that is a change.
 * One that was forgotten and is asked for again is looked at again, and read
 * only if it is another by now: of thousands of keys most are the same after a
 * reload.
 *
 * Once there is a key, the process leaves no core.
 * Returns NULL after logging why.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "compat.h"
#include "log.h"
#include "privkey.h"
#include "safepath.h"
#include "sandbox.h"
#include "stamp.h"

#define FILE_MOST	65536	/* RSA of 16384 bits is 13 KB */
#define BUCKETS		1024

struct keyfile {
	struct keyfile	*next;
	struct privkey	*key;		/* NULL: it could not be used */
	struct stat	 st;		/* zeroed: it was not there */
	int		 forgotten;
	char		 path[];
};

static struct keyfile	*keyfiles[BUCKETS];

static struct keyfile **
keyfile_find(const char *path)
{
	struct keyfile	**kf;
	const char	 *p;
	uint32_t	  h = 2166136261U;

	for (p = path; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 16777619U;
	for (kf = &keyfiles[h % BUCKETS]; *kf != NULL; kf = &(*kf)->next)
		if (strcmp((*kf)->path, path) == 0)
			break;
	return kf;
}

/* Returns 0 if it may be read. */
static int
file_safe(const char *path, const struct stat *st)
{
	char	 why[SAFEPATH_WHY];

	if (privkey_rules.safe == PRIVKEY_SAFE_NO ||
	    safepath_check(path, st, why) == 0)
		return 0;
	if (strncmp(why, path, strlen(path)) == 0)
		log_warnx("%s", why);
	else
		log_warnx("%s: not safe: %s", path, why);
	return privkey_rules.safe == PRIVKEY_SAFE_WARN ? 0 : -1;
}

int
privkey_table(const char *path, const struct stat *st)
{
	sandbox_hide();
	return file_safe(path, st);
}

static int
file_open(const char *path, struct stat *st)
{
	int	 fd;

	stamp_take(path, st);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1 || fstat(fd, st) == -1) {
		log_warn("%s", path);
	} else if (!S_ISREG(st->st_mode)) {
		log_warnx("%s: not a regular file", path);
	} else if (st->st_size > FILE_MOST) {
		log_warnx("%s: too large for a key", path);
	} else if (file_safe(path, st) == 0) {
		return fd;
	}
	if (fd != -1)
		(void)close(fd);	/* nothing was read */
	return -1;
}

/* As a string; -1: can't be read, or is no text. */
static int
file_read(int fd, char text[FILE_MOST + 1], const char *path)
{
	size_t	 len = 0;
	ssize_t	 n;

	while ((n = read(fd, text + len, FILE_MOST - len)) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			log_warn("%s", path);
			return -1;
		}
		len += (size_t)n;
	}
	text[len] = '\0';
	if (strlen(text) == len)
		return 0;
	log_warnx("%s: no text, convert the key to PEM", path);
	return -1;
}

static struct privkey *
file_parse(int fd, const char *path)
{
	struct privkey	*key = NULL;
	char		*text;

	sandbox_hide();
	if ((text = malloc(FILE_MOST + 1)) == NULL)
		log_warn("%s", path);
	else if (file_read(fd, text, path) == 0)
		key = privkey_parse(text, path);
	if (text != NULL)
		OPENSSL_cleanse(text, FILE_MOST + 1);
	free(text);
	return key;
}

static void
keyfile_load(struct keyfile *kf)
{
	struct stat	 st;
	int		 fd;

	fd = file_open(kf->path, &st);
	if (fd == -1 || kf->key == NULL || !stamp_same(&st, &kf->st)) {
		privkey_drop(kf->key);
		kf->st = st;
		kf->key = fd == -1 ? NULL : file_parse(fd, kf->path);
	}
	if (fd != -1)
		(void)close(fd);	/* nothing was written */
	kf->forgotten = 0;
}

struct privkey *
privkey_load(const char *path)
{
	struct keyfile	**slot = keyfile_find(path), *kf = *slot;
	size_t		  len = strlen(path) + 1;

	if (kf == NULL) {
		if ((kf = calloc(1, sizeof(*kf) + len)) == NULL) {
			log_warn("%s", path);
			return NULL;
		}
		memcpy(kf->path, path, len);
		*slot = kf;
		sandbox_path(path, "r");
	}
	if (kf->key == NULL || kf->forgotten)
		keyfile_load(kf);
	return kf->key == NULL ? NULL : privkey_hold(kf->key);
}

/* Those that nobody asked for since they were forgotten last go for good. */
void
privkey_forget(void)
{
	struct keyfile	**slot, *kf;
	size_t		  i;

	for (i = 0; i < BUCKETS; i++)
		for (slot = &keyfiles[i]; (kf = *slot) != NULL; ) {
			if (!kf->forgotten) {
				kf->forgotten = 1;
				slot = &kf->next;
				continue;
			}
			*slot = kf->next;
			privkey_drop(kf->key);
			free(kf);
		}
}

int
privkey_changed(void)
{
	const struct keyfile	*kf;
	struct stat		 st;
	size_t			 i;

	for (i = 0; i < BUCKETS; i++)
		for (kf = keyfiles[i]; kf != NULL; kf = kf->next) {
			if (kf->forgotten)
				continue;
			stamp_take(kf->path, &st);
			if (!stamp_same(&st, &kf->st))
				return 1;
		}
	return 0;
}
