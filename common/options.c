/* SPDX-License-Identifier: ISC */
/*
 * Options out of tables: letters, "-o key=value" and the lines of a file end
 * up at the same entry.  Runs before register|ready.
 * Exits: usage, out of memory.  Returns -1: mistakes, all of them logged.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "options.h"
#include "textfile.h"

#define LETTERS_MAX	160
#define BLANKS		" \t"

/* Where a value stands, as it is told: "file:12: key", "-o key", "-s". */
struct place {
	const char	*file;
	unsigned int	 line;
	int		 letter;
};

/* Values that came from a file live for ever. */
struct kept {
	struct kept	*next;
	char		 value[];
};

static struct kept	*kept_first;

static char *
value_keep(const char *value)
{
	struct kept	*k;
	size_t		 len = strlen(value) + 1;

	if ((k = malloc(sizeof(*k) + len)) == NULL)
		fatal("options");
	memcpy(k->value, value, len);
	k->next = kept_first;
	kept_first = k;
	return k->value;
}

static void
place_warn(const struct place *at, const char *key, size_t len,
    const char *why, const char *value)
{
	const char	*sep = "";

	if (value == NULL || *value == '\0')
		value = "";
	else {
		sep = ": ";
		value = log_quote(value);
	}
	if (at->file != NULL)
		log_warnx("%s:%u: %s: %s%s%s", at->file, at->line,
		    log_safe_n(key, len), why, sep, value);
	else if (at->letter != 0)
		log_warnx("-%c: %s%s%s", at->letter, why, sep, value);
	else
		log_warnx("-o %s: %s%s%s", log_safe_n(key, len), why, sep,
		    value);
}

static const struct key *
key_find(const struct key *const *tables, const char *name, size_t len,
    int letter)
{
	const struct key	*key;

	/* Keys of a letter only have the name "". */
	if (name != NULL && len == 0)
		return NULL;
	for (; *tables != NULL; tables++)
		for (key = *tables; key->name != NULL; key++)
			if (name == NULL ? key->letter == letter :
			    strlen(key->name) == len &&
			    memcmp(key->name, name, len) == 0)
				return key;
	return NULL;
}

static int
key_takes_value(const struct key *key)
{
	return key->type != KEY_BOOL &&
	    (key->type != KEY_CALL || key->max != -1);
}

/* A limit as the operator would write it. */
static void
limit_print(char *buf, size_t size, enum key_type type, int64_t n)
{
	const char	*unit = "";
	int64_t		 frac = 0;

	if (type == KEY_DURATION) {
		unit = "s";
		frac = n % 1000;
		n /= 1000;
		if (frac == 0 && n != 0 && n % 86400 == 0) {
			unit = "d";
			n /= 86400;
		}
	} else if (type == KEY_SIZE && n != 0 && n % (1 << 20) == 0) {
		unit = "m";
		n /= 1 << 20;
	}
	/* Cut is impossible: no caller has less than 32 bytes. */
	if (frac != 0)
		(void)snprintf(buf, size, "%" PRId64 ".%03" PRId64 "%s", n,
		    frac, unit);
	else
		(void)snprintf(buf, size, "%" PRId64 "%s", n, unit);
}

static const char *
key_limits(const struct key *key, int64_t n)
{
	static char	 why[96];
	char		 min[32], max[32];

	if (n >= key->min && (n <= key->max || key->max == 0))
		return NULL;
	if (n < 0 && key->min >= 0)
		return "negative";
	limit_print(min, sizeof(min), key->type, key->min);
	limit_print(max, sizeof(max), key->type, key->max);
	if (key->max == 0)
		(void)snprintf(why, sizeof(why), "less than %s", min);
	else
		(void)snprintf(why, sizeof(why), "not from %s to %s", min,
		    max);
	return why;
}

static const char *
number_parse(const char *value, int64_t *n)
{
	char	*end;

	/* strtonum(3) has other words, and takes blanks before the number. */
	errno = 0;
	*n = strtoll(value, &end, 10);
	if (strchr("-0123456789", *value) == NULL || end == value ||
	    *end != '\0')
		return "not a number";
	return errno == ERANGE ? "too large" : NULL;
}

static const char *
key_number(const struct key *key, const char *value)
{
	const char	*why;
	int64_t		 n;

	if (key->type == KEY_DURATION)
		why = options_duration(value, &n);
	else if (key->type == KEY_SIZE)
		why = options_size(value, &n);
	else
		why = number_parse(value, &n);
	if (why == NULL && (why = key_limits(key, n)) == NULL)
		*(int64_t *)key->dest = n;
	return why;
}

static const char *
key_choice(const struct key *key, const char *value)
{
	static char	 why[256];
	size_t		 len;
	int		 i;

	for (i = 0; key->choices[i] != NULL; i++)
		if (strcmp(key->choices[i], value) == 0) {
			*(int *)key->dest = i;
			return NULL;
		}
	(void)snprintf(why, sizeof(why), "not one of");
	for (i = 0; key->choices[i] != NULL; i++) {
		len = strlen(why);
		(void)snprintf(why + len, sizeof(why) - len, "%s %s",
		    i == 0 ? "" : ",", key->choices[i]);
	}
	return why;
}

static const char *
key_bool(const struct key *key, const char *value)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return "not yes or no";
	*(int *)key->dest = *value == 'y';
	return NULL;
}

/* value is NULL if there was none. */
static const char *
key_set(const struct key *key, const char *value)
{
	if (key->type == KEY_CALL && key->max == -1)
		return value == NULL ? key->call(NULL) : "takes no value";
	if (value == NULL)
		return "needs a value";
	switch (key->type) {
	case KEY_CALL:
		return key->call(value);
	case KEY_BOOL:
		return key_bool(key, value);
	case KEY_NUMBER:
	case KEY_DURATION:
	case KEY_SIZE:
		return key_number(key, value);
	case KEY_STRING:
		*(const char **)key->dest = value;
		return NULL;
	case KEY_CHOICE:
		return key_choice(key, value);
	}
	return "unknown type";
}

static int
name_set(const struct key *const *tables, const struct place *at,
    const char *name, size_t len, const char *value)
{
	const struct key	*key;
	const char		*why;

	if ((key = key_find(tables, name, len, 0)) == NULL) {
		place_warn(at, name, len, "unknown key", NULL);
		return -1;
	}
	if ((why = key_set(key, value)) == NULL)
		return 0;
	place_warn(at, name, len, why, value);
	return -1;
}

/* Ends a line where its comment begins, or else its last blanks. */
static void
line_trim(char *line)
{
	char	*p;

	for (p = line; *p != '\0'; p++)
		if (*p == '#' && (p == line || p[-1] == ' ' || p[-1] == '\t'))
			break;
	while (p > line && strchr(BLANKS "\r", p[-1]) != NULL)
		p--;
	*p = '\0';
}

/* As other programs have it.  "::1" is a value. */
static int
is_separator(const char *p, int at_key)
{
	return *p == '=' || (*p == ':' && (at_key || p[1] == ' ' ||
	    p[1] == '\t' || p[1] == '\0'));
}

size_t
options_split(char *line, char **value)
{
	size_t	 len = strcspn(line, BLANKS "=:");

	*value = line + len + strspn(line + len, BLANKS);
	if (is_separator(*value, *value == line + len))
		*value += 1 + strspn(*value + 1, BLANKS);
	return len;
}

static int
line_set(const struct key *const *tables, const struct place *at, char *line)
{
	char	*value;
	size_t	 len;

	line_trim(line);
	line += strspn(line, BLANKS);
	if (*line == '\0')
		return 0;
	len = options_split(line, &value);
	return name_set(tables, at, line, len,
	    *value == '\0' ? NULL : value_keep(value));
}

int
options_file(const struct key *const *tables, const char *path)
{
	struct place	 at = { .file = path };
	struct stat	 st;
	FILE		*fp;
	char		 line[TEXTFILE_LINE];
	const char	*why;
	int		 ret = 0;

	if ((fp = textfile_open(path, &st)) == NULL)
		return -1;
	while (textfile_line(fp, line, &why)) {
		at.line++;
		if (why != NULL) {
			log_warnx("%s:%u: %s", path, at.line, why);
			ret = -1;
		} else if (line_set(tables, &at, line) == -1)
			ret = -1;
	}
	if (ferror(fp)) {
		log_warn("%s", path);
		ret = -1;
	}
	(void)fclose(fp);	/* only read */
	return ret;
}

/* What getopt(3) wants; the first table with a letter has it. */
static void
letters_make(const struct key *const *tables, char out[LETTERS_MAX])
{
	const struct key	*key;
	size_t			 n;

	(void)snprintf(out, LETTERS_MAX, ":f:o:");
	n = strlen(out);
	for (; *tables != NULL; tables++)
		for (key = *tables; key->name != NULL; key++) {
			if (key->letter == 0 || n + 3 > LETTERS_MAX ||
			    strchr(out, key->letter) != NULL)
				continue;
			out[n++] = (char)key->letter;
			if (key_takes_value(key))
				out[n++] = ':';
			out[n] = '\0';
		}
}

static int
letter_set(const struct key *const *tables, int letter, const char *value)
{
	const struct key	*key = key_find(tables, NULL, 0, letter);
	struct place		 at = { .letter = letter };
	const char		*why;

	if (!key_takes_value(key))
		value = key->type == KEY_BOOL ? "yes" : NULL;
	if ((why = key_set(key, value)) == NULL)
		return 0;
	place_warn(&at, NULL, 0, why, value);
	return -1;
}

static int
pair_set(const struct key *const *tables, const char *pair)
{
	struct place	 at = { .letter = 0 };
	size_t		 len = strcspn(pair, "=");

	if (len == 0 || (pair[len] == '\0' &&
	    key_find(tables, pair, len, 0) == NULL)) {
		at.letter = 'o';
		place_warn(&at, NULL, 0, "not KEY=VALUE", pair);
		return -1;
	}
	return name_set(tables, &at, pair, len,
	    pair[len] == '=' ? pair + len + 1 : NULL);
}

static void
usage_exit(const char *usage)
{
	(void)fprintf(stderr, "usage: %s\n", usage);
	exit(1);
}

int
options_parse(const struct key *const *tables, const char *usage, int argc,
    char *argv[], int *rest)
{
	char	 letters[LETTERS_MAX];
	int	 c, r, ret = 0;

	letters_make(tables, letters);
	optind = 1;
	while ((c = getopt(argc, argv, letters)) != -1) {
		if (c == '?' || c == ':') {
			log_warnx("-%c: %s", optopt, c == '?' ?
			    "unknown option" : "needs a value");
			usage_exit(usage);
		}
		if (c == 'f')
			r = options_file(tables, optarg);
		else if (c == 'o')
			r = pair_set(tables, optarg);
		else
			r = letter_set(tables, c, optarg);
		if (r == -1)
			ret = -1;
	}
	if (rest != NULL)
		*rest = optind;
	else if (optind < argc) {
		log_warnx("left over: %s", argv[optind]);
		usage_exit(usage);
	}
	return ret;
}
