if HAVE_CMOCKA
UNIT_TESTS = \
	%D%/test-addr %D%/test-addrs %D%/test-addrs-files \
	%D%/test-channel %D%/test-engine %D%/test-fallback %D%/test-guard \
	%D%/test-handshake %D%/test-header %D%/test-ledger \
	%D%/test-log %D%/test-message %D%/test-message-apply \
	%D%/test-message-edit \
	%D%/test-metric %D%/test-options %D%/test-proto %D%/test-ring \
	%D%/test-session %D%/test-spool %D%/test-textfile \
	%D%/test-worker $(STREAM_TESTS)
STREAM_TESTS = \
	%D%/test-backend %D%/test-connect %D%/test-lookup \
	%D%/test-stream %D%/test-stream-write
check_PROGRAMS += $(UNIT_TESTS)
LOGGED = %D%/logged.c %D%/logged.h
PEER = %D%/peer.c %D%/peer.h $(LOGGED)
TESTS += $(UNIT_TESTS)
AM_CPPFLAGS += $(CMOCKA_CFLAGS)
UNIT_LDADD = $(LDADD) $(CMOCKA_LIBS)
%C%_test_addr_LDADD = $(UNIT_LDADD)
%C%_test_addrs_LDADD = $(UNIT_LDADD)
%C%_test_addrs_files_LDADD = $(UNIT_LDADD)
%C%_test_channel_LDADD = $(UNIT_LDADD)
%C%_test_engine_LDADD = $(UNIT_LDADD)
%C%_test_fallback_LDADD = $(UNIT_LDADD)
%C%_test_guard_SOURCES = %D%/test-guard.c %D%/rig.c %D%/rig.h
%C%_test_guard_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=fork,--wrap=write,--wrap=writev,--wrap=realloc
%C%_test_guard_LDADD = $(UNIT_LDADD)
%C%_test_handshake_LDADD = $(UNIT_LDADD)
%C%_test_header_LDADD = $(UNIT_LDADD)
%C%_test_ledger_LDADD = $(UNIT_LDADD)
%C%_test_log_LDADD = $(UNIT_LDADD)
%C%_test_message_LDADD = $(UNIT_LDADD)
%C%_test_message_apply_LDADD = $(UNIT_LDADD)
%C%_test_message_edit_LDADD = $(UNIT_LDADD)
%C%_test_metric_LDADD = $(UNIT_LDADD)
%C%_test_options_LDADD = $(UNIT_LDADD)
%C%_test_proto_LDADD = $(UNIT_LDADD)
%C%_test_ring_LDADD = $(UNIT_LDADD)
%C%_test_session_LDADD = $(UNIT_LDADD)
%C%_test_spool_LDADD = $(UNIT_LDADD)
%C%_test_textfile_LDADD = $(UNIT_LDADD)
%C%_test_worker_LDADD = $(UNIT_LDADD)
%C%_test_backend_SOURCES = %D%/test-backend.c $(PEER)
%C%_test_backend_LDADD = $(UNIT_LDADD)
%C%_test_connect_SOURCES = %D%/test-connect.c $(PEER)
%C%_test_connect_LDADD = $(UNIT_LDADD)
%C%_test_lookup_SOURCES = %D%/test-lookup.c $(PEER)
%C%_test_lookup_LDADD = $(UNIT_LDADD)
%C%_test_stream_SOURCES = %D%/test-stream.c $(PEER)
%C%_test_stream_LDADD = $(UNIT_LDADD)
%C%_test_stream_write_SOURCES = %D%/test-stream-write.c $(PEER)
%C%_test_stream_write_LDADD = $(UNIT_LDADD)

PAUSE_TESTS = %D%/test-good %D%/test-hold %D%/test-rules
if EARLY_LINUX
PAUSE_TESTS += %D%/test-early
endif
check_PROGRAMS += $(PAUSE_TESTS)
TESTS += $(PAUSE_TESTS)
PAUSE_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-pause
%C%_test_early_SOURCES = %D%/test-early.c filter-pause/early_linux.c
%C%_test_early_CPPFLAGS = $(PAUSE_CPPFLAGS)
%C%_test_early_LDADD = $(UNIT_LDADD)
%C%_test_good_SOURCES = %D%/test-good.c filter-pause/good.c
%C%_test_good_CPPFLAGS = $(PAUSE_CPPFLAGS)
%C%_test_good_LDADD = $(UNIT_LDADD)
%C%_test_hold_SOURCES = %D%/test-hold.c filter-pause/client.c \
	filter-pause/hold.c filter-pause/timing.c
%C%_test_hold_CPPFLAGS = $(PAUSE_CPPFLAGS)
%C%_test_hold_LDADD = $(UNIT_LDADD)
%C%_test_rules_SOURCES = %D%/test-rules.c filter-pause/rules.c
%C%_test_rules_CPPFLAGS = $(PAUSE_CPPFLAGS)
%C%_test_rules_LDADD = $(UNIT_LDADD)

if SANDBOX_LINUX
SANDBOX_TESTS = %D%/test-sandbox %D%/test-sandbox-files
check_PROGRAMS += $(SANDBOX_TESTS)
TESTS += $(SANDBOX_TESTS)
%C%_test_sandbox_files_LDADD = $(UNIT_LDADD)
%C%_test_sandbox_LDADD = $(UNIT_LDADD) -lpthread
endif

include %D%/dkimsign.mk
include %D%/filtertest.mk
include %D%/spamassassin.mk
include %D%/postgrey.mk
include %D%/milter.mk
endif
EXTRA_DIST += %D%/grey-cases.h %D%/mail.h %D%/sandbox_child.h %D%/stderr.h %D%/wire.h \
	%D%/engine_rig.h
