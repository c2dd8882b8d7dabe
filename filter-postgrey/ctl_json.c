/* SPDX-License-Identifier: ISC */
/*
 * A row as an object of JSON (RFC 8259) in one line, and back.  Times are
 * seconds since 1970, with a fraction.  Keys are what clients said: bytes that
 * are not UTF-8 become "\udc80" to "\udcff", as Python's surrogateescape has
 * it, so that each key comes back as it was.
 *
 * What is read has been written by this, or by a script: one level, no more.
 */

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "ctl_format.h"

#define BLANKS		" \t\r"
#define NAME_SIZE	64
#define NUMBER_MAX	INT64_C(1000000000000)	/* seconds: 30000 years */

struct field {
	const char	*name;		/* NULL ends */
	size_t		 offset;	/* of an int64_t in struct store_row */
	int		 is_time;	/* ms, but seconds in JSON */
};

static const struct field	 tuple_fields[] = {
	{ "first", offsetof(struct store_row, tuple.first), 1 },
	{ "last", offsetof(struct store_row, tuple.last), 1 },
	{ "blocked", offsetof(struct store_row, tuple.blocked), 0 },
	{ "passed", offsetof(struct store_row, tuple.passed), 0 },
	{ NULL, 0, 0 }
};
static const struct field	 client_fields[] = {
	{ "first", offsetof(struct store_row, client.first), 1 },
	{ "last", offsetof(struct store_row, client.last), 1 },
	{ "passed", offsetof(struct store_row, client.passed), 0 },
	{ "counted", offsetof(struct store_row, client.counted), 1 },
	{ "white_until", offsetof(struct store_row, client.white_until), 1 },
	{ "trap_until", offsetof(struct store_row, client.trap_until), 1 },
	{ NULL, 0, 0 }
};
static const struct field	 partner_fields[] = {
	{ "until", offsetof(struct store_row, until), 1 },
	{ NULL, 0, 0 }
};

static const char *const	 kinds[] = {
	[STORE_TUPLE] = "tuple",
	[STORE_CLIENT] = "client",
	[STORE_PARTNER] = "partner",
	NULL
};
static const struct field	*const fields[] = {
	[STORE_TUPLE] = tuple_fields,
	[STORE_CLIENT] = client_fields,
	[STORE_PARTNER] = partner_fields,
};

/* RFC 3629, 4: how many bytes the character has; 0: it is none. */
static size_t
utf8_len(const unsigned char *s)
{
	size_t	 len, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	for (i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

static void
print_string(FILE *fp, const char *text)
{
	const unsigned char	*s = (const unsigned char *)text;
	size_t			 len;

	(void)putc('"', fp);
	for (; *s != '\0'; s += len) {
		if ((len = utf8_len(s)) == 0) {
			(void)fprintf(fp, "\\udc%02x", *s);
			len = 1;
		} else if (*s < ' ' || *s == 0x7f)
			(void)fprintf(fp, "\\u%04x", *s);
		else {
			if (*s == '"' || *s == '\\')
				(void)putc('\\', fp);
			(void)fwrite(s, 1, len, fp);
		}
	}
	(void)putc('"', fp);
}

static void
print_time(FILE *fp, int64_t ms)
{
	if (ms % 1000 == 0 || ms < 0)
		(void)fprintf(fp, "%" PRId64, ms / 1000);
	else
		(void)fprintf(fp, "%" PRId64 ".%03d", ms / 1000,
		    (int)(ms % 1000));
}

static int64_t *
field_of(const struct field *f, struct store_row *row)
{
	return (int64_t *)((char *)row + f->offset);
}

void
ctl_json_row(FILE *fp, const struct grey_rules *r, int64_t now,
    const struct store_row *row)
{
	struct store_row	 copy = *row;
	const struct field	*f;
	int64_t			 until;

	(void)fprintf(fp, "{\"kind\":\"%s\",\"state\":\"%s\",\"key\":",
	    kinds[row->kind], ctl_states[ctl_state(r, now, row, &until)]);
	print_string(fp, row->key);
	for (f = fields[row->kind]; f->name != NULL; f++) {
		(void)fprintf(fp, ",\"%s\":", f->name);
		if (f->is_time)
			print_time(fp, *field_of(f, &copy));
		else
			(void)fprintf(fp, "%" PRId64, *field_of(f, &copy));
	}
	(void)fputs("}\n", fp);
}

static int
hex_digit(int c)
{
	static const char	 digits[] = "0123456789abcdef";
	const char		*p;

	if (c >= 'A' && c <= 'F')
		c += 'a' - 'A';
	if (c == '\0' || (p = strchr(digits, c)) == NULL)
		return -1;
	return (int)(p - digits);
}

/* Four digits.  -1: they are not. */
static int
hex4(const char *s)
{
	int	 i, d, n = 0;

	for (i = 0; i < 4; i++) {
		if ((d = hex_digit((unsigned char)s[i])) == -1)
			return -1;
		n = n * 16 + d;
	}
	return n;
}

static size_t
utf8_put(unsigned int c, char out[4])
{
	size_t	 len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, i;

	for (i = len - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(len == 1 ? c : (0xf00u >> len & 0xff) | c);
	return len;
}

/*
 * RFC 8259, 7: what follows a backslash, at *s.  Returns the bytes of it in
 * out, or 0: that is no escape, or a NUL.
 */
static size_t
unescape(const char **s, char out[4])
{
	static const char	 from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char		*p;
	int			 c, low;

	if (**s != 'u') {
		if (**s == '\0' || (p = strchr(from, **s)) == NULL)
			return 0;
		(*s)++;
		out[0] = to[p - from];
		return 1;
	}
	if ((c = hex4(*s + 1)) <= 0)
		return 0;
	*s += 5;
	if (c >= 0xdc80 && c <= 0xdcff) {
		out[0] = (char)(c & 0xff);
		return 1;
	}
	if (c >= 0xd800 && c <= 0xdbff && (*s)[0] == '\\' &&
	    (*s)[1] == 'u' && (low = hex4(*s + 2)) >= 0xdc00 &&
	    low <= 0xdfff) {
		*s += 6;
		c = 0x10000 + ((c & 0x3ff) << 10) + (low & 0x3ff);
	} else if (c >= 0xd800 && c <= 0xdfff)
		return 0;
	return utf8_put((unsigned int)c, out);
}

/* The string whose '"' is at *s.  -1: it is none, or longer. */
static int
parse_string(const char **s, char *out, size_t size)
{
	char	 c[4];
	size_t	 len = 0, n;

	for ((*s)++; **s != '"'; len += n) {
		n = 1;
		c[0] = **s;
		if ((unsigned char)c[0] < ' ')
			return -1;
		(*s)++;
		if (c[0] == '\\' && (n = unescape(s, c)) == 0)
			return -1;
		if (len + n >= size)
			return -1;
		memcpy(out + len, c, n);
	}
	(*s)++;
	out[len] = '\0';
	return 0;
}

/* Thousandths, whatever follows the third digit. */
static int
parse_number(const char **s, int64_t *n)
{
	int	 scale;

	if (**s < '0' || **s > '9')
		return -1;
	for (*n = 0; **s >= '0' && **s <= '9'; (*s)++)
		if ((*n = *n * 10 + (**s - '0')) > NUMBER_MAX)
			return -1;
	*n *= 1000;
	if (**s == '.')
		for ((*s)++, scale = 100; **s >= '0' && **s <= '9'; (*s)++) {
			*n += (**s - '0') * scale;
			scale /= 10;
		}
	return strchr("eE", **s) != NULL && **s != '\0' ? -1 : 0;
}

/* A value that nobody asked for. */
static int
parse_other(const char **s)
{
	static const char *const	 words[] = { "true", "false", "null" };
	char				 text[TUPLE_KEY];
	int64_t				 n;
	size_t				 i;

	if (**s == '"')
		return parse_string(s, text, sizeof(text));
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(*s, words[i], strlen(words[i])) == 0) {
			*s += strlen(words[i]);
			return 0;
		}
	return parse_number(s, &n);
}

static void
skip(const char **s)
{
	*s += strspn(*s, BLANKS);
}

struct object {
	int	 kind;			/* -1: not said yet */
	int	 keyed;
};

static const char *
parse_kind(const char **s, struct object *o)
{
	char	 word[NAME_SIZE];
	int	 i;

	if (o->kind != -1)
		return "kind is said twice";
	if (**s != '"' || parse_string(s, word, sizeof(word)) == -1)
		return "kind: not a string";
	for (i = 0; kinds[i] != NULL; i++)
		if (strcmp(kinds[i], word) == 0) {
			o->kind = i;
			return NULL;
		}
	return "kind: not tuple, client or partner";
}

static const char *
parse_value(const char **s, const char *name, struct object *o,
    struct ctl_row *r)
{
	const struct field	*f;
	int64_t			 n;

	if (strcmp(name, "kind") == 0)
		return parse_kind(s, o);
	if (strcmp(name, "key") == 0) {
		o->keyed = **s == '"' &&
		    parse_string(s, r->key, sizeof(r->key)) == 0 &&
		    r->key[0] != '\0';
		return o->keyed ? NULL : "key: no string, or too long";
	}
	if (o->kind == -1)
		return "kind is not the first field";
	for (f = fields[o->kind]; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0) {
			if (parse_number(s, &n) == -1)
				return "not a number from 0 on";
			*field_of(f, &r->row) = f->is_time ? n : n / 1000;
			return NULL;
		}
	return parse_other(s) == -1 ? "not a plain value" : NULL;
}

const char *
ctl_json_parse(const char *s, struct ctl_row *r)
{
	struct object	 o = { .kind = -1 };
	char		 name[NAME_SIZE], mark = '{';
	const char	*why;

	memset(&r->row, 0, sizeof(r->row));
	skip(&s);
	while (*s == mark) {
		s++;
		skip(&s);
		if (*s != '"' || parse_string(&s, name, sizeof(name)) == -1)
			return "no name of a field";
		skip(&s);
		if (*s++ != ':')
			return "no ':' after a name";
		skip(&s);
		if ((why = parse_value(&s, name, &o, r)) != NULL)
			return why;
		skip(&s);
		mark = ',';
	}
	if (mark == '{' || *s != '}' || s[1 + strspn(s + 1, BLANKS)] != '\0')
		return "not an object in one line";
	if (!o.keyed || o.kind == -1)
		return "no kind, or no key";
	r->row.kind = (enum store_kind)o.kind;
	r->row.key = r->key;
	return NULL;
}
