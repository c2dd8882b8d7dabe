# A target is fuzz-NAME.c, its seeds are corpus/NAME.  `make check` replays them
# with replay-NAME; ./configure CC=clang --enable-fuzz --enable-sanitize builds
# fuzz-NAME, which looks for more: fuzz-NAME -dict=header.dict FOUND corpus/NAME.
REPLAY_TESTS = %D%/replay-header %D%/replay-message
check_PROGRAMS += $(REPLAY_TESTS)
TESTS += $(REPLAY_TESTS)
REPLAY = %D%/replay.c %D%/fuzz.h
%C%_replay_header_SOURCES = %D%/fuzz-header.c $(REPLAY)
%C%_replay_message_SOURCES = %D%/fuzz-message.c $(REPLAY)
if FUZZ
noinst_PROGRAMS += %D%/fuzz-header %D%/fuzz-message
FUZZER = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_header_LDFLAGS = $(FUZZER)
%C%_fuzz_message_LDFLAGS = $(FUZZER)
endif
EXTRA_DIST += %D%/corpus %D%/header.dict
