# Asks postgrey the same: see lists.py, which runtests runs.
check_PROGRAMS += %D%/listed
%C%_listed_SOURCES = %D%/listed.c
%C%_listed_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-postgrey
%C%_listed_LDADD = $(POSTGREY_LIBS)
EXTRA_DIST += %D%/lists.py
