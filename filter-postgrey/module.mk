# All but main(): greylistctl and tests are made of it too.
noinst_LIBRARIES += %D%/libpostgrey.a
%C%_libpostgrey_a_SOURCES = \
	%D%/grey.c %D%/grey.h \
	%D%/tuple.c %D%/tuple.h
POSTGREY_LIBS = %D%/libpostgrey.a $(LDADD)
