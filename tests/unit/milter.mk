MILTER_TESTS = %D%/test-packet
check_PROGRAMS += $(MILTER_TESTS)
TESTS += $(MILTER_TESTS)
MILTER_UNIT_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-milter \
	-I$(srcdir)/libmilter
MILTER_UNIT_LIBS = $(MILTER_LIBS) $(CMOCKA_LIBS)
%C%_test_packet_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_packet_LDADD = $(MILTER_UNIT_LIBS)
