EXTRA_DIST += %D%/README.md %D%/run %D%/suite %D%/selftest.py \
	%D%/selftest.talk %D%/talk.py %D%/verbs.py %D%/dialogue.py \
	%D%/script.py %D%/model.py %D%/peer.py %D%/record.py %D%/wrong \
	%D%/protocol %D%/echo %D%/tag %D%/pause %D%/recorded \
	%D%/spamassassin %D%/postgrey %D%/milter \
	%D%/libmilter %D%/libopensmtpd %D%/dkimsign

# Not in TESTS: some minutes, and Linux.  BUILD is where the programs are.
check-talk: $(filter_PROGRAMS) $(noinst_PROGRAMS)
	BUILD=$(abs_builddir) $(srcdir)/%D%/run
.PHONY: check-talk
