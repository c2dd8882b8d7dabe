/* SPDX-License-Identifier: ISC */
/*
 * Lines that greylistctl imports, in each of its formats: what is made of them
 * lies within bounds, and is the same after an export.
 */

#include <string.h>

#include "ctl_foreign.h"
#include "ctl_format.h"
#include "fuzz.h"

static const struct grey_rules		 grey = { .delay = 300000,
    .retry_window = 172800000, .max_age = 3024000000, .awl_count = 5 };
static const struct tuple_rules		 by_net = { .mask4 = 24, .mask6 = 64 };
static const struct tuple_rules		 by_helo = { .mask4 = 32, .mask6 = 64,
					    .helo = 1 };
static const struct foreign_rules	 rules[] = { { &grey, &by_net },
					    { &grey, &by_helo } };

static void
check_row(const struct ctl_row *r)
{
	struct ctl_row	 back;
	char		*text;
	size_t		 len;
	FILE		*fp;

	FUZZ_CHECK(memchr(r->key, '\0', sizeof(r->key)) != NULL);
	FUZZ_CHECK(r->row.key == r->key);
	if (r->key[0] == '\0')
		return;
	FUZZ_CHECK((fp = open_memstream(&text, &len)) != NULL);
	ctl_json_row(fp, &grey, 1700000000000, &r->row);
	FUZZ_CHECK(fclose(fp) == 0);
	FUZZ_CHECK(len > 0 && strchr(text, '\n') == text + len - 1);
	text[len - 1] = '\0';
	FUZZ_CHECK(ctl_json_parse(text, &back) == NULL);
	FUZZ_CHECK(strcmp(back.key, r->key) == 0);
	back.row.key = r->row.key;
	FUZZ_CHECK(memcmp(&back.row.tuple, &r->row.tuple,
	    sizeof(back.row.tuple)) == 0);
	FUZZ_CHECK(memcmp(&back.row.client, &r->row.client,
	    sizeof(back.row.client)) == 0);
	FUZZ_CHECK(back.row.until == r->row.until);
	free(text);
	FUZZ_CHECK((fp = open_memstream(&text, &len)) != NULL);
	ctl_table_row(fp, &grey, 1700000000000, 1, &r->row);
	FUZZ_CHECK(fclose(fp) == 0);
	FUZZ_CHECK(strchr(text, '\n') == text + len - 1);
	free(text);
}

static void
check_line(const char *line, struct dump dumps[2])
{
	static struct ctl_row	 r;
	const char		*why;
	enum foreign		 what;
	int			 i;

	if (ctl_json_parse(line, &r) == NULL)
		check_row(&r);
	for (i = 0; i < 2; i++) {
		if (spamdb_line(&rules[i], line, &r, &why) == FOREIGN_ROW)
			check_row(&r);
		what = postgrey_line(&dumps[i], &rules[i], line, &r, &why);
		if (what == FOREIGN_ROW)
			check_row(&r);
		else if (what == FOREIGN_BAD || what == FOREIGN_SKIPPED)
			FUZZ_CHECK(why != NULL && *why != '\0');
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dump	 dumps[2];
	char			*text, *line, *next;

	memset(dumps, 0, sizeof(dumps));
	FUZZ_CHECK((text = strndup((const char *)data, size)) != NULL);
	for (line = text; line != NULL; line = next) {
		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		check_line(line, dumps);
	}
	free(text);
	return 0;
}
