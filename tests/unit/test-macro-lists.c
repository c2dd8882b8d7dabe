/* SPDX-License-Identifier: ISC */
/*
 * Which macros are sent: ours, those that a milter asked for, the operator's.
 */

#include "macro_rig.h"

static void
a_packet_byte_for_byte(void **state)
{
	struct bytes	 b = { 0 };

	rich_mail(&rich);
	rich_rcpt(&rich);
	assert_int_equal(macro_packet(&b, &rich.c, SMFIM_ENVRCPT, SMFIC_RCPT,
	    "i {rcpt_host}"), 0);
	assert_int_equal(b.len, 4 + 2 + 2 + 9 + 12 + 12);
	assert_memory_equal(b.data + b.off, "\0\0\0\x25" "DRi\0" "0badc0de\0"
	    "{rcpt_host}\0" "example.org", b.len);
	bytes_clear(&b);
}

static void
exactly_what_a_milter_asks_for(void **state)
{
	const char	*wanted = "DT\ni a09900fcd597c84e\n{auth_authen} joe\n";

	assert_string_equal(macros(&rich.c, SMFIM_DATA, 'T',
	    "i {auth_authen}"), wanted);
	assert_string_equal(macros(&rich.c, SMFIM_DATA, 'T',
	    " {i}, auth_authen {unknown} x {} "), wanted);
	assert_string_equal(macros(&rich.c, SMFIM_DATA, 'T', ""), "");
	assert_string_equal(macros(&rich.c, SMFIM_DATA, 'T', " "), "");
	assert_string_equal(macros(&rich.c, SMFIM_CONNECT, 'C', "verify"), "");
}

static void
what_is_too_long_is_left_out(void **state)
{
	static char	 id[65600], list[20000];
	size_t		 i;
	struct bytes	 b = { 0 };

	/* The letter, "{msg_id}" and two NULs leave 65524. */
	memset(id, 'x', sizeof(id) - 1);
	id[65524] = '\0';
	rich.c.message_id = id;
	assert_int_equal(macro_packet(&b, &rich.c, SMFIM_EOM, 'E', "msg_id i"),
	    0);
	assert_int_equal(b.len, 4 + 1 + 65535);
	bytes_clear(&b);
	id[65524] = 'x';
	id[65525] = '\0';
	assert_string_equal(macros(&rich.c, SMFIM_EOM, 'E', "msg_id i"),
	    "DE\ni a09900fcd597c84e\n");
	rich.c.message_id = NULL;
	/* 10000 times "i", its value and two NULs. */
	for (i = 0; i < sizeof(list) - 1; i++)
		list[i] = i % 2 == 0 ? 'i' : ' ';
	assert_int_equal(macro_packet(&b, &rich.c, SMFIM_EOM, 'E', list), 0);
	assert_in_range(b.len, 65535 - 19, 4 + 1 + 65535);
	assert_int_equal(packet_frame(b.data + b.off, b.len), b.len);
	bytes_clear(&b);
}

static const struct {
	const char	*assignment;
	int		 taken;
} settings[] = {
	{ "greylist=yes", 1 },
	{ "{verify}=OK=1", 1 },
	{ "Z=", 1 },
	{ "{r}=ESMTPX", 1 },
	{ "greylist=no", 0 },
	{ "greylist", 0 },
	{ "=x", 0 },
	{ "{}=x", 0 },
	{ "a b=x", 0 },
	{ "a,b=x", 0 },
	{ "{a=x", 0 },
	{ "", 0 },
};

/* The last: what is set stays. */
static void
the_operator_s_own(void **state)
{
	size_t	 i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		assert_int_equal(macro_set(settings[i].assignment) == NULL,
		    settings[i].taken);
	rich_mail(&rich);
	assert_non_null(strstr(ours(SMFIM_CONNECT, SMFIC_CONNECT), "\nZ \n_ "));
	assert_non_null(strstr(ours(SMFIM_CONNECT, SMFIC_CONNECT),
	    "{client_connections} 1\n{greylist} yes\n{verify} OK=1\n"
	    "r ESMTPX\n"));
	assert_non_null(strstr(ours(SMFIM_ENVFROM, SMFIC_MAIL),
	    "\nr ESMTPX\ns gate"));
	assert_null(strstr(ours(SMFIM_ENVFROM, SMFIC_MAIL), "greylist"));
	assert_string_equal(macros(&rich.c, SMFIM_EOM, 'E', "{greylist}"),
	    "DE\n{greylist} yes\n");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(a_packet_byte_for_byte),
		TEST(exactly_what_a_milter_asks_for),
		TEST(what_is_too_long_is_left_out),
		TEST(the_operator_s_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
