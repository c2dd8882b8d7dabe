# All but main(): greylistctl and tests are made of it too.
noinst_LIBRARIES += %D%/libpostgrey.a
%C%_libpostgrey_a_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
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
POSTGREY_LIBS = %D%/libpostgrey.a $(LDADD) $(SQLITE_LIBS) -lpthread
