# All but main(): greylistctl and tests are made of it too.
noinst_LIBRARIES += %D%/libpostgrey.a
%C%_libpostgrey_a_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS) $(PCRE2_CFLAGS) \
	$(HIREDIS_CFLAGS) $(SSL_CFLAGS) $(CRYPTO_CFLAGS)
%C%_libpostgrey_a_SOURCES = \
	%D%/consult.c %D%/consult.h \
	%D%/consult_config.c %D%/consult_config.h \
	%D%/grey.c %D%/grey.h \
	%D%/inquiry.c %D%/inquiry.h \
	%D%/policyd.c %D%/policyd.h %D%/policyd_request.c \
	%D%/tuple.c %D%/tuple.h
%C%_libpostgrey_a_SOURCES += \
	%D%/db.c %D%/db.h %D%/db_rows.c %D%/db_sql.h \
	%D%/overlay.c %D%/overlay.h \
	%D%/store.c %D%/store.h %D%/store_private.h \
	%D%/store_file.c %D%/store_reader.c %D%/store_walk.c \
	%D%/store_writer.c
%C%_libpostgrey_a_SOURCES += \
	%D%/blocks.c %D%/blocks.h %D%/expand.c %D%/expand.h \
	%D%/lists.c %D%/lists.h \
	%D%/listset.c %D%/listset.h %D%/pattern.c %D%/pattern.h
%C%_libpostgrey_a_SOURCES += \
	%D%/client.h %D%/decide.c %D%/decide.h \
	%D%/delegate.c %D%/delegate.h %D%/diary.c %D%/diary.h \
	%D%/gate.c %D%/gate.h %D%/greylist.c %D%/greylist.h \
	%D%/learn.c %D%/learn.h %D%/memory.c %D%/memory.h \
	%D%/outcome.c %D%/outcome.h \
	%D%/postgrey.h %D%/postgrey_keys.c %D%/stamps.c %D%/stamps.h
%C%_libpostgrey_a_SOURCES += \
	%D%/shared.c %D%/shared.h %D%/shared_private.h \
	%D%/shared_blocking.c %D%/shared_config.c %D%/shared_config.h \
	%D%/shared_conn.c %D%/shared_conn.h \
	%D%/shared_conns.c %D%/shared_conns.h \
	%D%/shared_reply.c %D%/shared_reply.h \
	%D%/shared_script.c %D%/shared_script.h \
	%D%/shared_text.c %D%/shared_text.h \
	%D%/shared_tls.c %D%/shared_tls.h
POSTGREY_LIBS = %D%/libpostgrey.a $(LDADD) $(SQLITE_LIBS) $(PCRE2_LIBS) \
	$(HIREDIS_LIBS) $(SSL_LIBS) $(CRYPTO_LIBS) -lpthread

filter_PROGRAMS += %D%/filter-postgrey
%C%_filter_postgrey_SOURCES = %D%/filter-postgrey.c
%C%_filter_postgrey_LDADD = $(POSTGREY_LIBS)
dist_man_MANS += %D%/filter-postgrey.8

%C%_libpostgrey_a_SOURCES += \
	%D%/ctl.h %D%/ctl_change.c %D%/ctl_foreign.h \
	%D%/ctl_format.c %D%/ctl_format.h %D%/ctl_import.c %D%/ctl_import.h \
	%D%/ctl_json.c %D%/ctl_memory.c %D%/ctl_memory.h \
	%D%/ctl_postgrey.c %D%/ctl_show.c %D%/ctl_spamdb.c
bin_PROGRAMS += %D%/greylistctl
%C%_greylistctl_SOURCES = %D%/greylistctl.c
%C%_greylistctl_LDADD = $(POSTGREY_LIBS)
dist_man_MANS += %D%/greylistctl.8
