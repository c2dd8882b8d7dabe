# All but main(): tests are made of it too.
noinst_LIBRARIES += %D%/libspamassassin.a
%C%_libspamassassin_a_CPPFLAGS = $(AM_CPPFLAGS) $(ZLIB_CFLAGS)
%C%_libspamassassin_a_SOURCES = \
	%D%/ask.c %D%/ask.h %D%/ask_config.c %D%/ask_config.h \
	%D%/decide.c %D%/decide.h \
	%D%/exchange.c %D%/exchange.h %D%/judge.c %D%/judge.h \
	%D%/learn.c %D%/learn.h \
	%D%/mark.c %D%/mark.h %D%/markup.c %D%/markup.h \
	%D%/outage.c %D%/outage.h %D%/pack.c %D%/pack.h \
	%D%/question.c %D%/question.h \
	%D%/process.c %D%/process.h %D%/scan.c %D%/scan.h \
	%D%/source.c %D%/source.h %D%/spamd.c %D%/spamd.h \
	%D%/user.c %D%/user.h %D%/verdict.c %D%/verdict.h
SPAMASSASSIN_LIBS = %D%/libspamassassin.a $(LDADD) $(ZLIB_LIBS)

filter_PROGRAMS += %D%/filter-spamassassin
%C%_filter_spamassassin_SOURCES = %D%/filter-spamassassin.c
%C%_filter_spamassassin_LDADD = $(SPAMASSASSIN_LIBS)
dist_man_MANS += %D%/filter-spamassassin.8
