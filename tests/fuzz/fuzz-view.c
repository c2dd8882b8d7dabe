/* SPDX-License-Identifier: ISC */
/*
 * The header as filter-dkimsign will sign it, against the header as the engine
 * sends it on and smtpd cuts it: they have to be the same, byte by byte.  The
 * first byte of the input chooses where lines are cut, the rest is a message.
 */

#include <string.h>

#include "complete.h"
#include "dkimsign.h"
#include "fuzz.h"
#include "hfield.h"
#include "log.h"
#include "message_engine.h"
#include "view.h"

#define HOST	"mx.example.org"

struct dkimsign	 dkimsign = {
	.complete = 1, .max_header = 1 << 20, .max_fields = 5000,
};

/* An edit that is dropped with a warning would show below. */
void
log_warnx(const char *fmt, ...)
{
}

const char *
log_safe(const char *s)
{
	return s;
}

/* smtpd's lines have no NUL. */
static struct message *
message_of(const uint8_t *data, size_t size)
{
	struct message	*m;
	const uint8_t	*nl, *nul;
	size_t		 len;

	FUZZ_CHECK((m = message_new()) != NULL);
	for (; size > 0; data += len, size -= len) {
		nl = memchr(data, '\n', size);
		len = nl != NULL ? (size_t)(nl - data) : size;
		nul = memchr(data, '\0', len);
		message_append(m, (const char *)data,
		    nul != NULL ? (size_t)(nul - data) : len);
		len += nl != NULL;
	}
	return m;
}

/* The next line of the view's fields; NULL after the last. */
static const char *
view_line(const struct view *v, size_t *field, size_t *off, size_t *len)
{
	const struct hfield	*f;
	const char		*nl, *p;

	if (*field == v->n)
		return NULL;
	f = &v->fields[*field];
	p = f->raw + *off;
	nl = memchr(p, '\n', f->len - *off);
	*len = nl != NULL ? (size_t)(nl - p) : f->len - *off;
	*off += *len + 1;
	if (nl == NULL) {
		(*field)++;
		*off = 0;
	}
	return p;
}

static void
compare(const struct view *v, struct message *m, size_t line_max)
{
	const char	*got, *want;
	size_t		 field = 0, got_len, off = 0, want_len;

	while ((want = view_line(v, &field, &off, &want_len)) != NULL) {
		got = message_next(m, line_max, &got_len);
		FUZZ_CHECK(got != NULL && got_len == want_len);
		FUZZ_CHECK(memcmp(got, want, got_len) == 0);
	}
	got = message_next(m, line_max, &got_len);
	FUZZ_CHECK(got == NULL || got_len == 0);
	FUZZ_CHECK(message_error(m) == NULL);
}

static void
check_fields(const struct view *v)
{
	const struct hfield	*f;
	size_t			 i;

	for (i = 0; i < v->n; i++) {
		f = &v->fields[i];
		FUZZ_CHECK(f->name_len > 0 && f->value_off > f->name_len);
		FUZZ_CHECK(f->value_off <= f->len);
		FUZZ_CHECK(f->raw[f->value_off - 1] == ':');
		FUZZ_CHECK(memchr(f->raw, '\r', f->len) == NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct complete_smtpd	 smtpd = { HOST, 70900, 65485 };
	struct message		*m;
	struct view		 v;

	if (size == 0)
		return 0;
	if (*data % 2 != 0)
		smtpd.version = 60800;
	if (*data % 4 != 0)
		smtpd.line_max = *data % 4 == 1 ? 1997 : 40;
	m = message_of(data + 1, size - 1);
	if (view_read(&v, m, smtpd.line_max) == VIEW_FIT) {
		check_fields(&v);
		if (view_complete(&v, &smtpd) == VIEW_FIT) {
			FUZZ_CHECK(view_add(&v, "Date", "now") == VIEW_FIT);
			check_fields(&v);
			view_apply(&v, m);
			compare(&v, m, smtpd.line_max);
		}
	}
	view_free(&v);
	message_free(m);
	return 0;
}
