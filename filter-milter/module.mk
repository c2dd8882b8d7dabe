# All but main(): libmilter and tests are made of it too.
noinst_LIBRARIES += %D%/libmta.a
%C%_libmta_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/libmilter
%C%_libmta_a_SOURCES = \
	%D%/chain.c %D%/chain.h %D%/chain_message.c %D%/chain_private.h \
	%D%/client.c %D%/client.h \
	%D%/command.c %D%/command.h \
	%D%/connections.c %D%/connections.h \
	%D%/content.c %D%/content.h \
	%D%/inject.c %D%/inject.h \
	%D%/link.c %D%/link.h %D%/link_private.h %D%/link_wire.c \
	%D%/macro.c %D%/macro.h \
	%D%/macro_value.c %D%/macro_value.h \
	%D%/milter.c %D%/milter.h %D%/mta.c \
	%D%/mods.c %D%/mods.h %D%/mods_place.c %D%/mods_private.h \
	%D%/packet.c %D%/packet.h \
	%D%/reply.c %D%/reply.h \
	%D%/settle.c %D%/settle.h \
	%D%/slot.c \
	%D%/submit.c %D%/submit.h \
	%D%/terms.c %D%/terms.h \
	%D%/verdict.c %D%/verdict.h \
	%D%/wishes.c %D%/wishes.h
MILTER_LIBS = %D%/libmta.a $(LDADD)

filter_PROGRAMS += %D%/filter-milter
%C%_filter_milter_SOURCES = %D%/filter-milter.c
%C%_filter_milter_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/libmilter
%C%_filter_milter_LDADD = $(MILTER_LIBS)
dist_man_MANS += %D%/filter-milter.8
