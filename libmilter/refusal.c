/* SPDX-License-Identifier: ISC */
/*
 * The milter's own words for the next REJECT (5xx) or TEMPFAIL (4xx).  Kept as
 * it goes over the wire until it is used or another one takes its place.  What
 * is no reply code, or has line ends in it, is refused and changes nothing.
 */

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"

#define TEXT_MAX	980
#define LINES_MAX	32

static int
is_code(const char *code)
{
	return code != NULL && strlen(code) == 3 &&
	    (code[0] == '4' || code[0] == '5') &&
	    isdigit((unsigned char)code[1]) && isdigit((unsigned char)code[2]);
}

/* "5.7.1": RFC 3463, 2 */
static int
is_enhanced(const char *code)
{
	size_t	 n;
	int	 part;

	if (*code == '\0' || strchr("245", *code) == NULL)
		return 0;
	code++;
	for (part = 0; part < 2; part++) {
		if (*code++ != '.')
			return 0;
		n = strspn(code, "0123456789");
		if (n < 1 || n > 3)
			return 0;
		code += n;
	}
	return *code == '\0';
}

static int
is_text(const char *text)
{
	return strlen(text) <= TEXT_MAX && strpbrk(text, "\r\n") == NULL;
}

static int
add(struct bytes *b, const char *s)
{
	return bytes_add(b, s, strlen(s));
}

/* "550", "-" or " ", "5.7.1 " if there is one, and the text. */
static int
add_line(struct bytes *b, const char *code, const char *separator,
    const char *enhanced, const char *text)
{
	if (add(b, code) == -1 || add(b, separator) == -1)
		return -1;
	if (enhanced != NULL && (add(b, enhanced) == -1 ||
	    (text != NULL && add(b, " ") == -1)))
		return -1;
	return text == NULL ? 0 : add(b, text);
}

/* NUL terminated, and off its buffer. */
static int
keep(SMFICTX *ctx, struct bytes *b)
{
	if (bytes_add(b, "", 1) == -1)
		return MI_FAILURE;
	free(ctx->reply);
	ctx->reply = b->data;		/* off is 0: nothing was dropped */
	memset(b, 0, sizeof(*b));
	return MI_SUCCESS;
}

int
smfi_setreply(SMFICTX *ctx, char *code, char *enhanced, char *text)
{
	struct bytes	 b = { 0 };
	int		 status = MI_FAILURE;

	if (ctx == NULL || !is_code(code) ||
	    (enhanced != NULL && !is_enhanced(enhanced)) ||
	    (text != NULL && !is_text(text)))
		return MI_FAILURE;
	if (add_line(&b, code, " ", enhanced, text) == 0)
		status = keep(ctx, &b);
	bytes_clear(&b);
	return status;
}

/* How many lines; -1: one is not fit, or there are too many or none. */
static int
count_lines(va_list ap)
{
	const char	*text;
	int		 n = 0;

	while ((text = va_arg(ap, const char *)) != NULL)
		if (++n > LINES_MAX || !is_text(text))
			return -1;
	return n > 0 ? n : -1;
}

int
smfi_setmlreply(SMFICTX *ctx, const char *code, const char *enhanced, ...)
{
	struct bytes	 b = { 0 };
	va_list		 ap;
	int		 i, n, error, status = MI_FAILURE;

	if (ctx == NULL || !is_code(code) ||
	    (enhanced != NULL && !is_enhanced(enhanced)))
		return MI_FAILURE;
	if (enhanced == NULL)
		enhanced = code[0] == '4' ? "4.0.0" : "5.0.0";
	va_start(ap, enhanced);
	n = count_lines(ap);
	va_end(ap);
	if (n == -1)
		return MI_FAILURE;
	va_start(ap, enhanced);
	for (i = 1, error = 0; i <= n && error == 0; i++) {
		if (i > 1)
			error = add(&b, "\r\n");
		if (error == 0)
			error = add_line(&b, code, i < n ? "-" : " ", enhanced,
			    va_arg(ap, const char *));
	}
	va_end(ap);
	if (error == 0)
		status = keep(ctx, &b);
	bytes_clear(&b);
	return status;
}
