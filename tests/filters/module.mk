noinst_PROGRAMS += %D%/filter-echo %D%/filter-rogue %D%/filter-tag \
	%D%/filter-yes
TESTS += tests/manual-example.sh
EXTRA_DIST += tests/manual-example.sh doc/writing-a-filter.md
EXTRA_DIST += doc/how-it-works.md doc/examples/mx.conf \
	doc/examples/chain.conf doc/examples/rules.conf \
	doc/examples/submission.conf
# What smtpd does to addresses, for tests/smtpd.
noinst_PROGRAMS += %D%/complete-values
%C%_complete_values_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-dkimsign
%C%_complete_values_LDADD = $(DKIMSIGN_LIBS)
