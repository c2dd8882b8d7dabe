filter_PROGRAMS += %D%/filter-pause
%C%_filter_pause_SOURCES = %D%/filter-pause.c %D%/client.c %D%/client.h \
	%D%/early.h %D%/good.c %D%/good.h %D%/hold.c %D%/hold.h \
	%D%/rules.c %D%/rules.h %D%/timing.c %D%/timing.h
if EARLY_LINUX
%C%_filter_pause_SOURCES += %D%/early_linux.c
else
%C%_filter_pause_SOURCES += %D%/early_none.c
endif
EXTRA_DIST += %D%/early_linux.c %D%/early_none.c
dist_man_MANS += %D%/filter-pause.8
