/* SPDX-License-Identifier: ISC */
/*
 * A milter that says anything to whatever is asked in whatever order: there is
 * one answer each time.
 */

#include "link_rig.h"

#include "backend.h"
#include "message_engine.h"

#define MAIL	"From: joe\nSubject: hello\n\nHello\n.\nworld"

static unsigned int	 seed;

static unsigned int
any(unsigned int n)
{
	seed = seed * 1103515245 + 12345;
	return seed / 65536 % n;
}

static void
put_and_abort(struct message *m)
{
	if (links[0] == NULL || ask(0, EVENT_MAIL) != ANSWER_CONTINUE)
		return;
	put(0, EVENT_MESSAGE, m, SIZE_MAX);
	run_ms(any(5));
	link_abort(links[0]);
}

/* Often the one that comes next, sometimes another, or none. */
static void
go_on(struct message *m)
{
	static int	 event;
	struct link	*l = links[0];

	event = any(5) == 0 ? (int)any(EVENT_MAX) : (event + 1) % EVENT_MAX;
	switch (any(25)) {
	case 0:
		if (l != NULL)
			link_close(l);
		links[0] = NULL;
		break;
	case 1:
		if (l != NULL)
			link_abort(l);
		break;
	case 2:
		put_and_abort(m);
		break;
	default:
		if (event == EVENT_MESSAGE)
			(void)ask_message(0, m, any(3));
		else
			(void)ask(0, (enum link_event)event);
	}
}

/* An answer of any kind, once, to whatever is asked in whatever order. */
static void
whatever_it_says_there_is_an_answer(void **state)
{
	static const char *const says[] = {
		"c", "c", "c", "a", "r", "t", "d", "s", "4", "y450 4.7.1 x\1",
		"p", "p\nc", "hA\1b\1\nc", "", "!", "c\n!", "c\nc", "*\nc",
		"#0000", "#00000000", "x", "@2\nc", "@9\nc", "*\n@1\np\nt" };
	struct turn	 turns[3];
	struct message	*m = mail_new(MAIL);
	size_t		 i, k;
	int		 on, heards[ANSWER_FAILED + 1] = { 0 };

	peer.turns = turns;
	turns[2].on = 0;
	backend_rest(milter.backend, 4);
	milter.connect = milter.command = milter.content = 5;
	for (i = 0; i < 3000; i++) {
		for (k = 0; k < 2; k++) {
			on = "CHMRTLNBEECHMRTLNBEEUO("[any(23)];
			turns[k].on = (char)on;
			turns[k].nth = peer.count[on] + (int)any(3);
			turns[k].say = says[any(sizeof(says) /
			    sizeof(says[0]))];
		}
		peer.protocol = any(4) == 0 ? any(0x10000) << 4 &
		    SMFI_CURR_PROT : 0;
		heard[0].n = 0;
		go_on(m);
		if (heard[0].n > 0)
			heards[heard[0].a.kind]++;
		/* It may rest. */
		if (heard[0].a.kind == ANSWER_FAILED)
			run_ms(1);
	}
	/* On a busy machine more of them are late. */
	assert_true(heards[ANSWER_CONTINUE] > 0);
	assert_true(heards[ANSWER_FAILED] > 0);
	message_free(m);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(whatever_it_says_there_is_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
