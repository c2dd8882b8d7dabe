# All but main(): tests are made of it too.
noinst_LIBRARIES += %D%/libspamassassin.a
%C%_libspamassassin_a_CPPFLAGS = $(AM_CPPFLAGS) $(ZLIB_CFLAGS)
%C%_libspamassassin_a_SOURCES = %D%/spamd.h
SPAMASSASSIN_LIBS = %D%/libspamassassin.a $(LDADD) $(ZLIB_LIBS)
