# One line a test: the rest is the same for all.
DKIMSIGN_TESTS =
check_PROGRAMS += $(DKIMSIGN_TESTS)
TESTS += $(DKIMSIGN_TESTS)
DKIMSIGN_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS) $(IDN_CFLAGS) \
	-I$(srcdir)/filter-dkimsign
DKIMSIGN_LDADD = $(DKIMSIGN_LIBS) $(CMOCKA_LIBS)
