noinst_PROGRAMS += %D%/filter-echo %D%/filter-rogue %D%/filter-tag \
	%D%/filter-yes
TESTS += tests/manual-example.sh
EXTRA_DIST += tests/manual-example.sh
# What smtpd does to addresses, for tests/smtpd.
noinst_PROGRAMS += %D%/complete-values
%C%_complete_values_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-dkimsign
%C%_complete_values_LDADD = $(DKIMSIGN_LIBS)
# The same sources on libopensmtpd: ours, and the system's.
noinst_PROGRAMS += %D%/osmtpd-echo %D%/osmtpd-more %D%/osmtpd-state
%C%_osmtpd_echo_SOURCES = tests/bench/peer-echo.c
%C%_osmtpd_echo_CPPFLAGS = -I$(srcdir)/libopensmtpd $(EVENT_CFLAGS)
%C%_osmtpd_echo_LDADD = libopensmtpd/libopensmtpd.a $(EVENT_LIBS)
%C%_osmtpd_more_SOURCES = %D%/osmtpd-more.c
%C%_osmtpd_more_CPPFLAGS = -I$(srcdir)/libopensmtpd $(EVENT_CFLAGS)
%C%_osmtpd_more_LDADD = libopensmtpd/libopensmtpd.a $(EVENT_LIBS)
%C%_osmtpd_state_SOURCES = %D%/osmtpd-state.c
%C%_osmtpd_state_CPPFLAGS = -I$(srcdir)/libopensmtpd $(EVENT_CFLAGS)
%C%_osmtpd_state_LDADD = libopensmtpd/libopensmtpd.a $(EVENT_LIBS)
if HAVE_PEER
noinst_PROGRAMS += %D%/peer-state
%C%_peer_state_SOURCES = %D%/osmtpd-state.c
%C%_peer_state_CPPFLAGS = $(EVENT_CFLAGS)
%C%_peer_state_LDADD = $(OPENSMTPD_LIBS) $(EVENT_LIBS)
endif
# Milters in a program, on our libmilter; and on the system's.
noinst_PROGRAMS += %D%/milter-all %D%/milter-quick
%C%_milter_all_SOURCES = %D%/milter-all.c
%C%_milter_all_CPPFLAGS = -I$(srcdir)
%C%_milter_all_LDADD = libmilter/libmilter.a $(LIBEVENT_LIBS) -lpthread
%C%_milter_quick_SOURCES = %D%/milter-quick.c
%C%_milter_quick_CPPFLAGS = -I$(srcdir)
%C%_milter_quick_LDADD = libmilter/libmilter.a $(LIBEVENT_LIBS) -lpthread
noinst_PROGRAMS += %D%/milter-wire
%C%_milter_wire_SOURCES = %D%/milter-all.c %D%/milter-serve.c
%C%_milter_wire_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir) -I$(srcdir)/libmilter \
	-I$(srcdir)/filter-milter
%C%_milter_wire_LDADD = libmilter/libguest.a filter-milter/libmta.a $(LDADD) \
	-lpthread
if HAVE_MILTER
noinst_PROGRAMS += %D%/milter-peer %D%/milter-peer-quick
%C%_milter_peer_SOURCES = %D%/milter-all.c
%C%_milter_peer_CPPFLAGS =
%C%_milter_peer_LDADD = $(MILTER_PEER_LIBS)
%C%_milter_peer_quick_SOURCES = %D%/milter-quick.c
%C%_milter_peer_quick_CPPFLAGS =
%C%_milter_peer_quick_LDADD = $(MILTER_PEER_LIBS)
endif
