# A target is fuzz-NAME.c, its seeds are corpus/NAME.  `make check` replays them
# with replay-NAME; ./configure CC=clang --enable-fuzz --enable-sanitize builds
# fuzz-NAME, which looks for more: fuzz-NAME -dict=header.dict FOUND corpus/NAME.
REPLAY_TESTS = %D%/replay-addrs %D%/replay-conversation %D%/replay-header \
	%D%/replay-message %D%/replay-options %D%/replay-proto \
	%D%/replay-rules
check_PROGRAMS += $(REPLAY_TESTS)
TESTS += $(REPLAY_TESTS)
REPLAY = %D%/replay.c %D%/fuzz.h
%C%_replay_addrs_SOURCES = %D%/fuzz-addrs.c $(REPLAY)
%C%_replay_conversation_SOURCES = %D%/fuzz-conversation.c $(REPLAY)
%C%_replay_header_SOURCES = %D%/fuzz-header.c $(REPLAY)
%C%_replay_message_SOURCES = %D%/fuzz-message.c $(REPLAY)
%C%_replay_options_SOURCES = %D%/fuzz-options.c $(REPLAY)
%C%_replay_proto_SOURCES = %D%/fuzz-proto.c $(REPLAY)
%C%_replay_rules_SOURCES = %D%/fuzz-rules.c filter-pause/rules.c $(REPLAY)
%C%_replay_rules_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-pause
SPAMD_FUZZ_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-spamassassin
REPLAY_TESTS += %D%/replay-spamd
%C%_replay_spamd_SOURCES = %D%/fuzz-spamd.c $(REPLAY)
%C%_replay_spamd_CPPFLAGS = $(SPAMD_FUZZ_CPPFLAGS)
%C%_replay_spamd_LDADD = $(SPAMASSASSIN_LIBS)
REPLAY_TESTS += %D%/replay-record
%C%_replay_record_SOURCES = %D%/fuzz-record.c $(REPLAY)
%C%_replay_record_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-dkimsign
%C%_replay_record_LDADD = $(DKIMSIGN_LIBS)
if FUZZ
noinst_PROGRAMS += %D%/fuzz-record
%C%_fuzz_record_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-dkimsign
%C%_fuzz_record_LDADD = $(DKIMSIGN_LIBS)
%C%_fuzz_record_LDFLAGS = $(FUZZER)
noinst_PROGRAMS += %D%/fuzz-spamd
%C%_fuzz_spamd_CPPFLAGS = $(SPAMD_FUZZ_CPPFLAGS)
%C%_fuzz_spamd_LDADD = $(SPAMASSASSIN_LIBS)
%C%_fuzz_spamd_LDFLAGS = $(FUZZER)
noinst_PROGRAMS += %D%/fuzz-addrs %D%/fuzz-conversation %D%/fuzz-header \
	%D%/fuzz-message %D%/fuzz-options %D%/fuzz-proto %D%/fuzz-rules
FUZZER = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_addrs_LDFLAGS = $(FUZZER)
%C%_fuzz_conversation_LDFLAGS = $(FUZZER)
%C%_fuzz_header_LDFLAGS = $(FUZZER)
%C%_fuzz_message_LDFLAGS = $(FUZZER)
%C%_fuzz_options_LDFLAGS = $(FUZZER)
%C%_fuzz_proto_LDFLAGS = $(FUZZER)
%C%_fuzz_rules_SOURCES = %D%/fuzz-rules.c filter-pause/rules.c
%C%_fuzz_rules_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-pause
%C%_fuzz_rules_LDFLAGS = $(FUZZER)
endif
EXTRA_DIST += %D%/corpus %D%/header.dict %D%/options.dict %D%/proto.dict
# Of filter-dkimsign.
REPLAY_TESTS += %D%/replay-author %D%/replay-complete
%C%_replay_author_SOURCES = %D%/fuzz-author.c $(REPLAY)
%C%_replay_author_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-dkimsign
%C%_replay_author_LDADD = $(DKIMSIGN_LIBS)
%C%_replay_complete_SOURCES = %D%/fuzz-complete.c tests/unit/appends.c $(REPLAY)
%C%_replay_complete_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-dkimsign
%C%_replay_complete_LDADD = $(DKIMSIGN_LIBS)
if FUZZ
noinst_PROGRAMS += %D%/fuzz-author %D%/fuzz-complete
%C%_fuzz_author_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-dkimsign
%C%_fuzz_author_LDADD = $(DKIMSIGN_LIBS)
%C%_fuzz_author_LDFLAGS = $(FUZZER)
%C%_fuzz_complete_SOURCES = %D%/fuzz-complete.c tests/unit/appends.c
%C%_fuzz_complete_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-dkimsign
%C%_fuzz_complete_LDADD = $(DKIMSIGN_LIBS)
%C%_fuzz_complete_LDFLAGS = $(FUZZER)
endif
EXTRA_DIST += %D%/author.dict
REPLAY_TESTS += %D%/replay-canon %D%/replay-signature
%C%_replay_canon_SOURCES = %D%/fuzz-canon.c $(REPLAY)
%C%_replay_canon_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-dkimsign
%C%_replay_canon_LDADD = $(DKIMSIGN_LIBS)
SIGLINT = tests/unit/rfc_vectors.h tests/unit/siglint.c tests/unit/siglint.h
%C%_replay_signature_SOURCES = %D%/fuzz-signature.c $(SIGLINT) $(REPLAY)
%C%_replay_signature_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS) \
	-I$(srcdir)/filter-dkimsign
%C%_replay_signature_LDADD = $(DKIMSIGN_LIBS)
if FUZZ
noinst_PROGRAMS += %D%/fuzz-canon %D%/fuzz-signature
%C%_fuzz_canon_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-dkimsign
%C%_fuzz_canon_LDADD = $(DKIMSIGN_LIBS)
%C%_fuzz_canon_LDFLAGS = $(FUZZER)
%C%_fuzz_signature_SOURCES = %D%/fuzz-signature.c $(SIGLINT)
%C%_fuzz_signature_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS) \
	-I$(srcdir)/filter-dkimsign
%C%_fuzz_signature_LDADD = $(DKIMSIGN_LIBS)
%C%_fuzz_signature_LDFLAGS = $(FUZZER)
endif
REPLAY_TESTS += %D%/replay-tables
%C%_replay_tables_SOURCES = %D%/fuzz-tables.c $(REPLAY)
%C%_replay_tables_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-dkimsign
%C%_replay_tables_LDADD = $(DKIMSIGN_LIBS)
if FUZZ
noinst_PROGRAMS += %D%/fuzz-tables
%C%_fuzz_tables_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-dkimsign
%C%_fuzz_tables_LDADD = $(DKIMSIGN_LIBS)
%C%_fuzz_tables_LDFLAGS = $(FUZZER)
endif
REPLAY_TESTS += %D%/replay-mark
%C%_replay_mark_SOURCES = %D%/fuzz-mark.c $(REPLAY)
%C%_replay_mark_CPPFLAGS = $(SPAMD_FUZZ_CPPFLAGS)
%C%_replay_mark_LDADD = $(SPAMASSASSIN_LIBS)
if FUZZ
noinst_PROGRAMS += %D%/fuzz-mark
%C%_fuzz_mark_CPPFLAGS = $(SPAMD_FUZZ_CPPFLAGS)
%C%_fuzz_mark_LDADD = $(SPAMASSASSIN_LIBS)
%C%_fuzz_mark_LDFLAGS = $(FUZZER)
endif
REPLAY_TESTS += %D%/replay-view
%C%_replay_view_SOURCES = %D%/fuzz-view.c $(REPLAY)
%C%_replay_view_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-dkimsign
%C%_replay_view_LDADD = $(DKIMSIGN_LIBS)
if FUZZ
noinst_PROGRAMS += %D%/fuzz-view
%C%_fuzz_view_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-dkimsign
%C%_fuzz_view_LDADD = $(DKIMSIGN_LIBS)
%C%_fuzz_view_LDFLAGS = $(FUZZER)
endif
# Of filter-postgrey.
REPLAY_TESTS += %D%/replay-policyd
%C%_replay_policyd_SOURCES = %D%/fuzz-policyd.c $(REPLAY)
%C%_replay_policyd_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-postgrey
%C%_replay_policyd_LDADD = $(POSTGREY_LIBS)
if FUZZ
noinst_PROGRAMS += %D%/fuzz-policyd
%C%_fuzz_policyd_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-postgrey
%C%_fuzz_policyd_LDADD = $(POSTGREY_LIBS)
%C%_fuzz_policyd_LDFLAGS = $(FUZZER)
endif
REPLAY_TESTS += %D%/replay-lists
%C%_replay_lists_SOURCES = %D%/fuzz-lists.c $(REPLAY)
%C%_replay_lists_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-postgrey
%C%_replay_lists_LDADD = $(POSTGREY_LIBS)
if FUZZ
noinst_PROGRAMS += %D%/fuzz-lists
%C%_fuzz_lists_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-postgrey
%C%_fuzz_lists_LDADD = $(POSTGREY_LIBS)
%C%_fuzz_lists_LDFLAGS = $(FUZZER)
endif
REPLAY_TESTS += %D%/replay-greylistctl
%C%_replay_greylistctl_SOURCES = %D%/fuzz-greylistctl.c $(REPLAY)
%C%_replay_greylistctl_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-postgrey
%C%_replay_greylistctl_LDADD = $(POSTGREY_LIBS)
if FUZZ
noinst_PROGRAMS += %D%/fuzz-greylistctl
%C%_fuzz_greylistctl_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-postgrey
%C%_fuzz_greylistctl_LDADD = $(POSTGREY_LIBS)
%C%_fuzz_greylistctl_LDFLAGS = $(FUZZER)
endif
# Of filter-milter.
MILTER_FUZZ_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-milter \
	-I$(srcdir)/libmilter
REPLAY_TESTS += %D%/replay-milter
%C%_replay_milter_SOURCES = %D%/fuzz-milter.c $(REPLAY)
%C%_replay_milter_CPPFLAGS = $(MILTER_FUZZ_CPPFLAGS)
%C%_replay_milter_LDADD = $(MILTER_LIBS)
if FUZZ
noinst_PROGRAMS += %D%/fuzz-milter
%C%_fuzz_milter_CPPFLAGS = $(MILTER_FUZZ_CPPFLAGS)
%C%_fuzz_milter_LDADD = $(MILTER_LIBS)
%C%_fuzz_milter_LDFLAGS = $(FUZZER)
endif
REPLAY_TESTS += %D%/replay-mods
%C%_replay_mods_SOURCES = %D%/fuzz-mods.c $(REPLAY)
%C%_replay_mods_CPPFLAGS = $(MILTER_FUZZ_CPPFLAGS)
%C%_replay_mods_LDADD = $(MILTER_LIBS)
if FUZZ
noinst_PROGRAMS += %D%/fuzz-mods
%C%_fuzz_mods_CPPFLAGS = $(MILTER_FUZZ_CPPFLAGS)
%C%_fuzz_mods_LDADD = $(MILTER_LIBS)
%C%_fuzz_mods_LDFLAGS = $(FUZZER)
endif
# Of filter-test.
REPLAY_TESTS += %D%/replay-judge
%C%_replay_judge_SOURCES = %D%/fuzz-judge.c $(REPLAY)
%C%_replay_judge_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-test
%C%_replay_judge_LDADD = filter-test/libfiltertest.a $(LDADD)
if FUZZ
noinst_PROGRAMS += %D%/fuzz-judge
%C%_fuzz_judge_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-test
%C%_fuzz_judge_LDADD = filter-test/libfiltertest.a $(LDADD)
%C%_fuzz_judge_LDFLAGS = $(FUZZER)
endif
EXTRA_DIST += %D%/run
