# A target is fuzz-NAME.c, its seeds are corpus/NAME.  `make check` replays them
# with replay-NAME; ./configure CC=clang --enable-fuzz --enable-sanitize builds
# fuzz-NAME, which looks for more: fuzz-NAME -dict=header.dict FOUND corpus/NAME.
REPLAY_TESTS = %D%/replay-conversation %D%/replay-header \
	%D%/replay-message %D%/replay-proto
check_PROGRAMS += $(REPLAY_TESTS)
TESTS += $(REPLAY_TESTS)
REPLAY = %D%/replay.c %D%/fuzz.h
%C%_replay_conversation_SOURCES = %D%/fuzz-conversation.c $(REPLAY)
%C%_replay_header_SOURCES = %D%/fuzz-header.c $(REPLAY)
%C%_replay_message_SOURCES = %D%/fuzz-message.c $(REPLAY)
%C%_replay_proto_SOURCES = %D%/fuzz-proto.c $(REPLAY)
if FUZZ
noinst_PROGRAMS += %D%/fuzz-conversation %D%/fuzz-header \
	%D%/fuzz-message %D%/fuzz-proto
FUZZER = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_conversation_LDFLAGS = $(FUZZ_LDFLAGS)
%C%_fuzz_header_LDFLAGS = $(FUZZER)
%C%_fuzz_message_LDFLAGS = $(FUZZER)
endif
EXTRA_DIST += %D%/corpus %D%/header.dict %D%/proto.dict
