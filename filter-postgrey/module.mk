# All but main(): greylistctl and tests are made of it too.
noinst_LIBRARIES += %D%/libpostgrey.a
%C%_libpostgrey_a_SOURCES = \
	%D%/consult.c %D%/consult.h \
	%D%/consult_config.c %D%/consult_config.h \
	%D%/grey.c %D%/grey.h \
	%D%/inquiry.c %D%/inquiry.h \
	%D%/policyd.c %D%/policyd.h %D%/policyd_request.c \
	%D%/tuple.c %D%/tuple.h
POSTGREY_LIBS = %D%/libpostgrey.a $(LDADD)
