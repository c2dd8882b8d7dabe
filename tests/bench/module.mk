# Benches: tests/bench/run measures with these; make check does not run them.
noinst_PROGRAMS += %D%/asks %D%/lines %D%/mails %D%/signature %D%/trips
%C%_asks_SOURCES = %D%/asks.c
noinst_PROGRAMS += %D%/decisions %D%/instant
%C%_decisions_SOURCES = %D%/decisions.c %D%/driver.c %D%/driver.h
%C%_instant_SOURCES = %D%/instant.c
%C%_lines_SOURCES = %D%/lines.c %D%/driver.c %D%/driver.h
%C%_mails_SOURCES = %D%/mails.c %D%/driver.c %D%/driver.h %D%/text.c \
	%D%/text.h
%C%_signature_SOURCES = %D%/signature.c
%C%_signature_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS)
%C%_signature_LDADD = $(LDADD) $(CRYPTO_LIBS)
%C%_trips_SOURCES = %D%/trips.c %D%/driver.c %D%/driver.h
if HAVE_PEER
noinst_PROGRAMS += %D%/peer-echo %D%/peer-yes
%C%_peer_echo_SOURCES = %D%/peer-echo.c
%C%_peer_echo_LDADD = $(OPENSMTPD_LIBS)
%C%_peer_yes_SOURCES = %D%/peer-yes.c
%C%_peer_yes_LDADD = $(OPENSMTPD_LIBS)
endif
EXTRA_DIST += %D%/run %D%/grey.py %D%/milter.py %D%/spam.py %D%/whole \
	%D%/ways.py %D%/draw.py %D%/signproxy %D%/whole.json
