noinst_PROGRAMS += %D%/filter-echo %D%/filter-tag
