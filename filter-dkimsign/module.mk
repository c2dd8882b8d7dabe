# All but the programs' main files: tests and tools are made of it too.
noinst_LIBRARIES += %D%/libdkimsign.a
%C%_libdkimsign_a_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS) $(IDN_CFLAGS)
%C%_libdkimsign_a_SOURCES = %D%/hfield.h
%C%_libdkimsign_a_SOURCES += %D%/privkey.c %D%/privkey_file.c %D%/privkey.h \
	%D%/safepath.c %D%/safepath.h %D%/signer.c %D%/signer.h
%C%_libdkimsign_a_SOURCES += %D%/complete.c %D%/complete.h
%C%_libdkimsign_a_SOURCES += %D%/canon.c %D%/canon.h \
	%D%/fields.c %D%/fields.h %D%/signature.c %D%/signature.h \
	%D%/sigtext.c %D%/sigtext.h
%C%_libdkimsign_a_SOURCES += %D%/author.c %D%/author.h %D%/author_domain.c \
	%D%/lexer.c %D%/lexer.h
%C%_libdkimsign_a_SOURCES += %D%/body.c %D%/body.h %D%/show.c %D%/show.h \
	%D%/sign.c %D%/sign.h %D%/view.c %D%/view.h
%C%_libdkimsign_a_SOURCES += %D%/choice.c %D%/choice.h %D%/dkimsign.h \
	%D%/dkimsign_keys.c \
	%D%/domains.c %D%/domains.h %D%/keyfiles.c %D%/keyfiles.h \
	%D%/keytable.c %D%/keytable.h %D%/signingtable.c \
	%D%/sendermap.c %D%/sendermap.h \
	%D%/names.c %D%/names.h %D%/policy.c %D%/policy.h \
	%D%/policy_options.c %D%/policy_options.h \
	%D%/recipe.c %D%/recipe.h %D%/rows.c %D%/rows.h \
	%D%/sigspec.c %D%/sigspec.h %D%/words.c %D%/words.h
DKIMSIGN_LIBS = %D%/libdkimsign.a $(LDADD) $(CRYPTO_LIBS) $(IDN_LIBS) -lpthread
filter_PROGRAMS += %D%/filter-dkimsign
%C%_filter_dkimsign_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS) $(IDN_CFLAGS)
%C%_filter_dkimsign_LDADD = $(DKIMSIGN_LIBS)
%C%_filter_dkimsign_SOURCES = %D%/filter-dkimsign.c \
	%D%/outgoing.c %D%/outgoing.h %D%/standalone.c %D%/standalone.h
dist_man_MANS += %D%/filter-dkimsign.8

%C%_libdkimsign_a_SOURCES += %D%/record.c %D%/record_print.c %D%/record.h
dist_man_MANS += %D%/dkim-genkey.1 %D%/dkim-check.1
bin_PROGRAMS += %D%/dkim-genkey
%C%_dkim_genkey_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS)
%C%_dkim_genkey_LDADD = $(DKIMSIGN_LIBS)
bin_PROGRAMS += %D%/dkim-check
%C%_dkim_check_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS) $(CARES_CFLAGS)
%C%_dkim_check_SOURCES = %D%/dkim-check.c %D%/check.c %D%/check.h \
	%D%/check_conf.c %D%/dns.c %D%/dns.h %D%/pubkey.c %D%/pubkey.h \
	%D%/zonefile.c %D%/zonefile.h
%C%_dkim_check_LDADD = $(DKIMSIGN_LIBS) $(CARES_LIBS)
