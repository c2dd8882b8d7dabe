/* SPDX-License-Identifier: ISC */
/*
 * See keyfiles.h.  Files are looked for when a policy is built, never for a
 * message: what a client writes names no file.
 */

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "author.h"
#include "compat.h"
#include "keyfiles.h"
#include "log.h"
#include "rows.h"
#include "sandbox.h"

/* What "%d" or "%s" stands for, as far as it is known. */
struct known {
	char	domain[AUTHOR_DOMAIN];
	char	selector[AUTHOR_DOMAIN];
};

int
keyfiles_template(const char *s)
{
	return strstr(s, "%d") != NULL || strstr(s, "%s") != NULL;
}

char *
keyfiles_name(const char *name, const char *domain, const char *selector)
{
	const char	*value;
	size_t		 size, used = 0, len;
	char		*out;

	/* Two bytes of the name become a value at most. */
	size = strlen(name) * (strlen(domain) + strlen(selector) + 1) + 1;
	if ((out = malloc(size)) == NULL)
		return NULL;
	for (; *name != '\0'; name++) {
		if (*name != '%' || (name[1] != 'd' && name[1] != 's')) {
			out[used++] = *name;
			continue;
		}
		value = *++name == 'd' ? domain : selector;
		len = strlen(value);
		memcpy(out + used, value, len);
		used += len;
	}
	out[used] = '\0';
	return out;
}

/*
 * The file's name and the template, from both ends of what is known.  A value
 * is as long as it can be; it is looked for once for each of %d and %s.
 */
static int
path_match(const char *name, const char *path, struct known *k)
{
	char	*value;
	size_t	 len;

	for (; *name != '\0'; name++) {
		if (*name != '%' || (name[1] != 'd' && name[1] != 's')) {
			if (*name != *path++)
				return 0;
			continue;
		}
		value = *++name == 'd' ? k->domain : k->selector;
		if ((len = strlen(value)) > 0) {
			if (strncmp(path, value, len) != 0)
				return 0;
			path += len;
			continue;
		}
		len = strcspn(path, "/");
		if (len >= AUTHOR_DOMAIN)
			len = AUTHOR_DOMAIN - 1;
		for (; len > 0; len--) {
			memcpy(value, path, len);
			value[len] = '\0';
			if (path_match(name + 1, path + len, k))
				return 1;
		}
		*value = '\0';
		return 0;
	}
	return *path == '\0';
}

static int
file_add(struct keyfiles *kf, const char *name, const char *path,
    const char *selector)
{
	struct keyfiles_one	*list, *f;
	struct known	 k;
	char		 domain[AUTHOR_DOMAIN];

	memset(&k, 0, sizeof(k));
	if (selector != NULL)
		(void)strlcpy(k.selector, selector, sizeof(k.selector));
	if (!path_match(name, path, &k) || author_domain(k.domain,
	    strlen(k.domain), domain) == -1)
		return 0;
	list = reallocarray(kf->list, kf->n + 1, sizeof(*list));
	if (list == NULL)
		return -1;
	kf->list = list;
	f = &list[kf->n++];
	f->domain = strdup(domain);
	f->path = strdup(path);
	f->selector = strdup(k.selector);
	if (f->domain == NULL || f->path == NULL || f->selector == NULL)
		return -1;
	return 0;
}

/* A directory that can't be read is not one without keys. */
static int
glob_error(const char *path, int error)
{
	if (error == ENOENT || error == ENOTDIR)
		return 0;
	log_warnx("%s: %s", path, strerror(error));
	return 1;
}

/* Where %d and %s may be anything. */
static int
glob_all(const char *name, const char *selector, glob_t *g)
{
	char	*pattern;
	int	 ret;

	pattern = keyfiles_name(name, "*", selector == NULL ? "*" : selector);
	if (pattern == NULL)
		return -1;
	ret = glob(pattern, 0, glob_error, g);
	free(pattern);
	return ret == 0 || ret == GLOB_NOMATCH ? 0 : -1;
}

static int
directories_stamp(const char *name, const char *selector, struct stamps *s)
{
	glob_t	 g;
	size_t	 i;
	int	 ret = 0;

	memset(&g, 0, sizeof(g));
	if (glob_all(name, selector, &g) == -1)
		return -1;
	for (i = 0; i < g.gl_pathc && ret == 0; i++)
		ret = stamps_add(s, g.gl_pathv[i]);
	globfree(&g);
	return ret;
}

/* Every directory that a new file, or a new directory, would change. */
static int
directories_watch(const char *name, const char *selector, struct stamps *s)
{
	char	*dir, *p;
	int	 ret = 0;

	if ((dir = strdup(name)) == NULL)
		return -1;
	for (p = dir + strcspn(dir, "%"); p > dir && *p != '/'; p--)
		continue;
	if (p == dir) {
		sandbox_path(*p == '/' ? "/" : ".", "r");
		ret = stamps_add(s, *p == '/' ? "/" : ".");
		p = strchr(dir + 1, '/');
	} else {
		*p = '\0';
		sandbox_path(dir, "r");
		*p = '/';
	}
	for (; p != NULL && ret == 0; p = strchr(p + 1, '/')) {
		*p = '\0';
		ret = directories_stamp(dir, selector, s);
		*p = '/';
	}
	free(dir);
	return ret;
}

int
keyfiles_find(struct keyfiles *kf, const char *name, const char *selector,
    struct stamps *s)
{
	glob_t	 g;
	size_t	 i;
	int	 ret = 0;

	memset(kf, 0, sizeof(*kf));
	memset(&g, 0, sizeof(g));
	if (directories_watch(name, selector, s) == -1 ||
	    glob_all(name, selector, &g) == -1) {
		log_warn("%s", name);
		return -1;
	}
	for (i = 0; i < g.gl_pathc && ret == 0; i++)
		ret = file_add(kf, name, g.gl_pathv[i], selector);
	globfree(&g);
	if (ret == 0)
		return 0;
	log_warn("%s", name);
	keyfiles_free(kf);
	return -1;
}

void
keyfiles_free(struct keyfiles *kf)
{
	while (kf->n > 0) {
		kf->n--;
		free(kf->list[kf->n].domain);
		free(kf->list[kf->n].selector);
		free(kf->list[kf->n].path);
	}
	free(kf->list);
	kf->list = NULL;
}
