/* SPDX-License-Identifier: ISC */
/*
 * A file of options with a key of each type: what was taken is what a slow and
 * simple model takes, nothing else changes, each mistake is told once.  Values
 * live for ever, so memory grows: a long run needs -rss_limit_mb=0.
 */

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "log.h"
#include "options.h"

#define NUMBER_MIN	-5
#define NUMBER_MAX	INT64_C(5000000000)
#define DURATION_MIN	500
#define DURATION_MAX	INT64_C(2592000000)	/* 30d */
#define SIZE_MIN	1
#define SIZE_MAX_	(INT64_C(4) << 30)

struct values {
	int		 flag, choice;
	int64_t		 number, duration, size;
	const char	*string;
	unsigned int	 bare;
	size_t		 calls;
};

static struct values	 got, want;
static unsigned int	 told, mistakes;

void
log_warnx(const char *fmt, ...)
{
	told++;
}

void
log_warn(const char *fmt, ...)
{
	abort();	/* no file? */
}

const char *
log_quote(const char *s)
{
	return "\"\"";
}

const char *
log_safe_n(const char *s, unsigned long len)
{
	return "-";
}

void
fatal(const char *fmt, ...)
{
	abort();
}

static const char *
call(const char *value)
{
	FUZZ_CHECK(value != NULL && *value != '\0');
	if (*value == '!')
		return "not this one";
	got.calls += strlen(value);
	return NULL;
}

static const char *
call_bare(const char *value)
{
	FUZZ_CHECK(value == NULL);
	got.bare++;
	return NULL;
}

static const char *const	 choices[] = { "one", "two", "three", NULL };
static const struct key		 first[] = {
	{ .name = "flag", .type = KEY_BOOL, .dest = &got.flag },
	{ .name = "number", .type = KEY_NUMBER, .dest = &got.number,
	    .min = NUMBER_MIN, .max = NUMBER_MAX },
	{ .name = "duration", .type = KEY_DURATION, .dest = &got.duration,
	    .min = DURATION_MIN, .max = DURATION_MAX },
	{ .name = NULL }
};
static const struct key		 second[] = {
	{ .name = "size", .type = KEY_SIZE, .dest = &got.size,
	    .min = SIZE_MIN, .max = SIZE_MAX_ },
	{ .name = "string", .type = KEY_STRING, .dest = &got.string },
	{ .name = "choice", .type = KEY_CHOICE, .dest = &got.choice,
	    .choices = choices },
	{ .name = "call", .type = KEY_CALL, .call = call },
	{ .name = "bare", .type = KEY_CALL, .max = -1, .call = call_bare },
	{ .name = NULL }
};
static const struct key *const	 tables[] = { first, second, NULL };

/* Digits, a fraction, a letter; exact as far as the limits of the keys go. */
static int
model_unit(const char *s, const char *units, const long double *factors,
    int frac, int64_t min, int64_t max, int64_t *out)
{
	char		 digits[32];
	const char	*u;
	size_t		 n = strspn(s, "0123456789"), all = n;
	long double	 v;

	if (n == 0)
		return 0;
	if (frac && s[n] == '.' && isdigit((unsigned char)s[n + 1]))
		all += 1 + strspn(s + n + 1, "0123456789");
	u = units + strlen(units);
	if (s[all] != '\0' && (s[all + 1] != '\0' || (u = strchr(units,
	    tolower((unsigned char)s[all]))) == NULL))
		return 0;
	for (; n > 1 && *s == '0'; n--, all--)
		s++;
	if (n > 12)
		return 0;
	if (all > n + 10)	/* the point and nine more digits count */
		all = n + 10;
	memcpy(digits, s, all);
	digits[all] = '\0';
	v = strtold(digits, NULL) * factors[u - units];
	if (v < (long double)min || v >= (long double)max + 1)
		return 0;
	*out = (int64_t)(v + 1e-7L);
	return 1;
}

static int
model_number(const char *s, int64_t *out)
{
	const char	*p = *s == '-' ? s + 1 : s;
	long double	 v;

	if (*p == '\0' || strspn(p, "0123456789") != strlen(p))
		return 0;
	v = strtold(s, NULL);
	if (v < NUMBER_MIN || v > NUMBER_MAX)
		return 0;
	*out = (int64_t)v;
	return 1;
}

static int
model_choice(const char *s)
{
	int	 i;

	for (i = 0; choices[i] != NULL; i++)
		if (strcmp(s, choices[i]) == 0) {
			want.choice = i;
			return 1;
		}
	return 0;
}

/* Was it taken?  value is not empty. */
static int
model_value(const char *key, const char *value)
{
	static const long double	 ms[] = { 86400e3L, 3600e3L, 60e3L,
					    1e3L, 1e3L };
	static const long double	 bytes[] = { 1 << 30, 1 << 20,
					    1 << 10, 1 };

	if (strcmp(key, "flag") == 0) {
		if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
			return 0;
		want.flag = strcmp(value, "yes") == 0;
		return 1;
	}
	if (strcmp(key, "number") == 0)
		return model_number(value, &want.number);
	if (strcmp(key, "duration") == 0)
		return model_unit(value, "dhms", ms, 1, DURATION_MIN,
		    DURATION_MAX, &want.duration);
	if (strcmp(key, "size") == 0)
		return model_unit(value, "gmk", bytes, 0, SIZE_MIN, SIZE_MAX_,
		    &want.size);
	if (strcmp(key, "choice") == 0)
		return model_choice(value);
	if (strcmp(key, "call") == 0 && *value != '!')
		want.calls += strlen(value);
	if (strcmp(key, "string") == 0) {
		free((char *)(uintptr_t)want.string);
		FUZZ_CHECK((want.string = strdup(value)) != NULL);
	}
	return strcmp(key, "string") == 0 ||
	    (strcmp(key, "call") == 0 && *value != '!');
}

/* One line without its newline, as its own copy. */
static void
model_line(char *line, size_t len)
{
	char	*value;
	size_t	 i, n;

	if (memchr(line, '\0', len) != NULL || len > 65535) {
		mistakes++;
		return;
	}
	for (i = 0; i < len; i++)
		if (line[i] == '#' && (i == 0 || strchr(" \t", line[i - 1])))
			len = i;
	while (len > 0 && strchr(" \t\r\n", line[len - 1]) != NULL)
		len--;
	line[len] = '\0';
	line += strspn(line, " \t");
	if (*line == '\0')
		return;
	n = strcspn(line, " \t=:");
	value = line + n + strspn(line + n, " \t");
	if (*value == '=' || line[n] == ':' || (*value == ':' &&
	    (value[1] == '\0' || strchr(" \t", value[1]) != NULL)))
		value += 1 + strspn(value + 1, " \t");
	line[n] = '\0';
	if (strcmp(line, "bare") == 0 && *value == '\0')
		want.bare++;
	else if (*value == '\0' || !model_value(line, value))
		mistakes++;
}

static void
model_run(const char *p, size_t size)
{
	const char	*nl;
	size_t		 len;
	char		*line;

	if (size >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
		p += 3;
		size -= 3;
	}
	for (; size > 0; p += len, size -= len) {
		nl = memchr(p, '\n', size);
		len = nl == NULL ? size : (size_t)(nl - p) + 1;
		FUZZ_CHECK((line = malloc(len + 1)) != NULL);
		memcpy(line, p, len);
		line[len] = '\0';
		model_line(line, nl == NULL ? len : len - 1);
		free(line);
	}
}

/* A file that is there as long as this process. */
static const char *
file_write(const uint8_t *data, size_t size)
{
	static char	 path[64];
	static FILE	*fp;

	if (fp == NULL) {
		FUZZ_CHECK((fp = tmpfile()) != NULL);
		(void)snprintf(path, sizeof(path), "/dev/fd/%d", fileno(fp));
	}
	FUZZ_CHECK(ftruncate(fileno(fp), 0) == 0);
	FUZZ_CHECK(pwrite(fileno(fp), data, size, 0) == (ssize_t)size);
	FUZZ_CHECK(lseek(fileno(fp), 0, SEEK_SET) == 0);
	return path;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int	 ret;

	memset(&got, 0, sizeof(got));
	memset(&want, 0, sizeof(want));
	told = mistakes = 0;
	ret = options_file(tables, file_write(data, size));
	model_run((const char *)data, size);
	FUZZ_CHECK(told == mistakes);
	FUZZ_CHECK(ret == (mistakes == 0 ? 0 : -1));
	FUZZ_CHECK(got.flag == want.flag && got.choice == want.choice);
	FUZZ_CHECK(got.number == want.number && got.size == want.size);
	FUZZ_CHECK(got.duration == want.duration);
	FUZZ_CHECK(got.bare == want.bare && got.calls == want.calls);
	FUZZ_CHECK((got.string == NULL) == (want.string == NULL));
	FUZZ_CHECK(want.string == NULL ||
	    strcmp(got.string, want.string) == 0);
	free((char *)(uintptr_t)want.string);
	return 0;
}
