# All but main(): tests are made of it too.
noinst_LIBRARIES += %D%/libfiltertest.a
%C%_libfiltertest_a_SOURCES = \
	%D%/child.c %D%/child.h %D%/content.c %D%/content.h \
	%D%/diff.c %D%/diff.h %D%/judge.c %D%/judge.h %D%/judge_rules.c \
	%D%/lines.c %D%/lines.h %D%/play.c %D%/play.h \
	%D%/report.h %D%/report_json.c %D%/report_words.c \
	%D%/step.c %D%/talk.c %D%/talk.h %D%/trouble.c %D%/trouble.h
bin_PROGRAMS += %D%/filter-test
%C%_filter_test_SOURCES = %D%/filter-test.c
%C%_filter_test_CPPFLAGS = $(AM_CPPFLAGS) -DFILTERDIR='"$(filterdir)"'
%C%_filter_test_LDADD = %D%/libfiltertest.a $(LDADD)
dist_man_MANS += %D%/filter-test.1
