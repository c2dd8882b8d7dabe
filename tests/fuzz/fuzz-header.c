/* SPDX-License-Identifier: ISC */
/*
 * The header codec over any bytes: fields follow each other without a gap, end
 * at line ends, and a value is what a slow and simple unfolding says.
 */

#include <string.h>

#include "fuzz.h"
#include "header.h"

static int
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Fold by fold into a copy, then off with the blanks on both sides. */
static char *
unfold(const char *p, size_t len, size_t *out_len)
{
	char *buf, *out;
	size_t i, n = 0;

	FUZZ_CHECK((buf = out = malloc(len + 1)) != NULL);
	for (i = 0; i < len; i++) {
		if (p[i] == '\n')
			continue;
		if (p[i] == '\r' && i + 1 < len && p[i + 1] == '\n')
			continue;
		buf[n++] = p[i];
	}
	while (n > 0 && is_blank(buf[n - 1]))
		n--;
	for (i = 0; i < n && is_blank(buf[i]); i++)
		;
	memmove(out, buf + i, n - i);
	out[n - i] = '\0';
	*out_len = n - i;
	return out;
}

static void
check_value(const char *buf, const struct header_field *f)
{
	char cut[8], *got, *want;
	size_t len;

	want = unfold(buf + f->off + f->value_off, f->len - f->value_off, &len);
	FUZZ_CHECK((got = malloc(len + 1)) != NULL);
	FUZZ_CHECK(header_value(buf, f, got, len + 1) == len);
	FUZZ_CHECK(memcmp(got, want, len + 1) == 0);
	FUZZ_CHECK(header_value(buf, f, cut, sizeof(cut)) == len);
	if (len > sizeof(cut) - 1)
		len = sizeof(cut) - 1;
	FUZZ_CHECK(memcmp(cut, want, len) == 0 && cut[len] == '\0');
	FUZZ_CHECK(header_value(buf, f, NULL, 0) == strlen(want) ||
	    memchr(buf + f->off, '\0', f->len) != NULL);
	free(got);
	free(want);
}

static void
check_name(const char *buf, const struct header_field *f)
{
	char *name;

	FUZZ_CHECK((name = malloc(f->name_len + 1)) != NULL);
	memcpy(name, buf + f->off, f->name_len);
	name[f->name_len] = '\0';
	FUZZ_CHECK(header_name_ok(name, f->name_len) == (f->name_len > 0));
	FUZZ_CHECK(header_is(buf, f, name) == (f->name_len > 0));
	if (f->name_len > 0)
		FUZZ_CHECK(buf[f->off + f->value_off - 1] == ':');
	else
		FUZZ_CHECK(f->value_off == 0);
	free(name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *buf = (const char *)data;
	struct header_field f;
	size_t next, off;

	for (off = 0; (next = header_next(buf, size, off, &f)) != off;
	    off = next) {
		FUZZ_CHECK(next > off && next <= size);
		FUZZ_CHECK(f.off == off && f.len == next - off);
		FUZZ_CHECK(f.value_off <= f.len && f.name_len <= f.len);
		FUZZ_CHECK(next == size || buf[next - 1] == '\n');
		FUZZ_CHECK(next == size || !is_blank(buf[next]));
		check_name(buf, &f);
		check_value(buf, &f);
	}
	FUZZ_CHECK(off == size || buf[off] == '\n');
	return 0;
}
