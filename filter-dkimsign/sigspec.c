/* SPDX-License-Identifier: ISC */
/*
 * See sigspec.h.  Nothing is looked up, nothing is allocated.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "options.h"
#include "sigspec.h"

#define BLANKS		" \t"
#define BITS_MAX	16384
/* x= has twelve digits, RFC 6376, 3.5; so much is enough for a century. */
#define EXPIRE_MAX	(INT64_C(36500) * 86400)

const char *
sigspec_algorithm(struct sigspec *s, const char *value)
{
	const char	*hash;
	char		*end;
	long		 bits = 0;

	if ((hash = strchr(value, '-')) == NULL)
		return "not rsa-sha256 or ed25519-sha256";
	if (strncmp(value, "rsa", 3) == 0) {
		s->alg = SIGSPEC_RSA;
		if (isdigit((unsigned char)value[3]))
			bits = strtol(value + 3, &end, 10);
		if (bits < 0 || bits > BITS_MAX ||
		    hash != (bits == 0 ? value + 3 : end))
			return "not rsa-sha256 or ed25519-sha256";
	} else if (strncmp(value, "ed25519-", 8) == 0)
		s->alg = SIGSPEC_ED25519;
	else
		return "not rsa-sha256 or ed25519-sha256";
	s->bits = (int)bits;
	s->sha1 = strcmp(hash, "-sha1") == 0;
	if (strcmp(hash, "-sha256") != 0)
		return "only sha256 may be used (RFC 8301)";
	return NULL;
}

static int
canon_find(const char *word, size_t len, enum canon *c)
{
	static const struct {
		const char	*word;
		enum canon	 canon;
	} words[] = {
		{ "simple", CANON_SIMPLE }, { "relaxed", CANON_RELAXED },
		{ "nofws", CANON_NOFWS },
	};
	size_t	 i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].word) == len &&
		    strncmp(words[i].word, word, len) == 0) {
			*c = words[i].canon;
			return 0;
		}
	return -1;
}

const char *
sigspec_canon(const char *value, enum canon *header, enum canon *body)
{
	enum canon	 h, b;
	size_t		 len = strcspn(value, "/");

	if (canon_find(value, len, &h) == -1)
		return "not simple or relaxed";
	b = h == CANON_NOFWS ? CANON_NOFWS : CANON_SIMPLE;
	if (value[len] == '/' && (canon_find(value + len + 1,
	    strlen(value + len + 1), &b) == -1 ||
	    h == CANON_NOFWS || b == CANON_NOFWS))
		return "not simple or relaxed";
	*header = h;
	*body = b;
	return NULL;
}

const char *
sigspec_expire(const char *value, int64_t *seconds)
{
	const char	*why;
	int64_t		 ms;

	if ((why = options_duration(value, &ms)) != NULL)
		return why;
	if (ms == 0 || ms % 1000 != 0)
		return "not whole seconds, or none";
	if (ms / 1000 > EXPIRE_MAX)
		return "more than 36500d";
	*seconds = ms / 1000;
	return NULL;
}

/* Two digits, or four, from min to max; *s moves on. */
static int
digits(const char **s, int n, int min, int max)
{
	int	 v = 0;

	while (n-- > 0) {
		if (!isdigit((unsigned char)**s))
			return -1;
		v = v * 10 + *(*s)++ - '0';
	}
	return v < min || v > max ? -1 : v;
}

/* Days since 1970 of a date after 1600; a year begins in March here. */
static int64_t
days_since_1970(int year, int month, int day)
{
	int64_t	 y = month > 2 ? year : year - 1;
	int	 m = (month + 9) % 12;

	return y * 365 + y / 4 - y / 100 + y / 400 +
	    (m * 306 + 5) / 10 + day - 1 - 719468;
}

static int
month_days(int year, int month)
{
	static const int	 days[] =
	    { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (month == 2 && year % 4 == 0 &&
	    (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

const char *
sigspec_time(const char *s, int64_t *out)
{
	static const char	 not_one[] = "not a date like 2026-12-01";
	int			 year, month, day, hour = 0, minute = 0;

	if ((year = digits(&s, 4, 1970, 9999)) == -1 || *s++ != '-' ||
	    (month = digits(&s, 2, 1, 12)) == -1 || *s++ != '-' ||
	    (day = digits(&s, 2, 1, month_days(year, month))) == -1)
		return not_one;
	if (*s == 'T') {
		s++;
		if ((hour = digits(&s, 2, 0, 23)) == -1 || *s++ != ':' ||
		    (minute = digits(&s, 2, 0, 59)) == -1)
			return not_one;
		if (*s == 'Z')
			s++;
	}
	if (*s != '\0')
		return not_one;
	*out = days_since_1970(year, month, day) * 86400 + hour * 3600 +
	    minute * 60;
	return NULL;
}

enum param {
	PARAM_ALGORITHM, PARAM_ACTIVE, PARAM_CANON, PARAM_DOMAIN,
	PARAM_EXPIRE, PARAM_HEADERS, PARAM_IDENTITY, PARAM_KEY,
	PARAM_SELECTOR
};

static int
param_find(const char *name)
{
	static const struct {
		const char	*name;
		enum param	 param;
	} params[] = {
		{ "a", PARAM_ALGORITHM }, { "algorithm", PARAM_ALGORITHM },
		{ "active-from", PARAM_ACTIVE },
		{ "c", PARAM_CANON }, { "method", PARAM_CANON },
		{ "d", PARAM_DOMAIN }, { "domain", PARAM_DOMAIN },
		{ "x", PARAM_EXPIRE },
		{ "h", PARAM_HEADERS }, { "headers", PARAM_HEADERS },
		{ "i", PARAM_IDENTITY }, { "identity", PARAM_IDENTITY },
		{ "key", PARAM_KEY }, { "keyfile", PARAM_KEY },
		{ "s", PARAM_SELECTOR }, { "selector", PARAM_SELECTOR },
	};
	size_t	 i;

	for (i = 0; i < sizeof(params) / sizeof(params[0]); i++)
		if (strcmp(params[i].name, name) == 0)
			return (int)params[i].param;
	return -1;
}

static const char *
param_algorithm(struct sigspec *s, const char *value)
{
	const char	*why = sigspec_algorithm(s, value);

	/* dkimproxy's default: what it stands for is rsa-sha256 today. */
	if (why != NULL && s->alg == SIGSPEC_RSA && s->sha1)
		return NULL;
	return why;
}

const char *
sigspec_param(struct sigspec *s, char *param)
{
	char	*value;
	int	 which;

	if ((value = strchr(param, '=')) == NULL)
		return "not NAME=VALUE";
	*value++ = '\0';
	if (*value == '\0')
		return "without a value";
	if ((which = param_find(param)) == -1)
		return "unknown parameter";
	switch ((enum param)which) {
	case PARAM_ALGORITHM:
		return param_algorithm(s, value);
	case PARAM_ACTIVE:
		return sigspec_time(value, &s->active_from);
	case PARAM_CANON:
		s->has_canon = 1;
		return sigspec_canon(value, &s->header, &s->body);
	case PARAM_EXPIRE:
		return sigspec_expire(value, &s->expire);
	case PARAM_DOMAIN:
		s->domain = value;
		break;
	case PARAM_HEADERS:
		s->headers = value;
		break;
	case PARAM_IDENTITY:
		s->identity = value;
		break;
	case PARAM_KEY:
		s->key = value;
		break;
	case PARAM_SELECTOR:
		s->selector = value;
		break;
	}
	return NULL;
}

static const char *
params_parse(struct sigspec *s, char *params)
{
	const char	*why;
	char		*param;
	size_t		 len;

	while ((param = strsep(&params, ",")) != NULL) {
		param += strspn(param, BLANKS);
		for (len = strlen(param); len > 0; len--) {
			if (strchr(BLANKS, param[len - 1]) == NULL)
				break;
			param[len - 1] = '\0';
		}
		if (len > 0 && (why = sigspec_param(s, param)) != NULL)
			return why;
	}
	return NULL;
}

static const char *
type_parse(struct sigspec *s, const char *type)
{
	if (strcmp(type, "dkim") == 0)
		s->type = SIGNATURE_DKIM;
	else if (strcmp(type, "domainkeys") == 0)
		s->type = SIGNATURE_DOMAINKEYS;
	else
		return "not dkim(...) or domainkeys(...)";
	return NULL;
}

/* nofws is DomainKeys', relaxed is DKIM's; RFC 4870, 3.4.2. */
static const char *
spec_check(const struct sigspec *s)
{
	if (s->type == SIGNATURE_DKIM)
		return s->has_canon && s->header == CANON_NOFWS ?
		    "nofws is for domainkeys only" : NULL;
	if (s->has_canon && (s->header == CANON_RELAXED ||
	    s->body == CANON_RELAXED))
		return "domainkeys has simple and nofws only";
	return s->alg == SIGSPEC_ED25519 ? "domainkeys has RSA only" : NULL;
}

const char *
sigspec_parse(struct sigspec *s, char **list)
{
	const char	*why;
	char		*text = *list, *end, *params = NULL;
	size_t		 len;

	memset(s, 0, sizeof(*s));
	text += strspn(text, BLANKS);
	len = strcspn(text, BLANKS "(,");
	end = text + len;
	if (*end == '(') {
		*end = '\0';
		params = end + 1;
		if ((end = strchr(params, ')')) == NULL)
			return "a '(' without its ')'";
		*end++ = '\0';
	}
	end += strspn(end, BLANKS);
	if (*end != '\0' && *end != ',')
		return "not dkim(...) or domainkeys(...)";
	*list = *end == ',' ? end + 1 : NULL;
	if (end > text)
		text[len] = '\0';
	if ((why = type_parse(s, text)) != NULL ||
	    (why = params_parse(s, params)) != NULL)
		return why;
	return spec_check(s);
}
