# One line a test: the rest is the same for all.
DKIMSIGN_TESTS =
check_PROGRAMS += $(DKIMSIGN_TESTS)
TESTS += $(DKIMSIGN_TESTS)
DKIMSIGN_UNIT_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS) $(IDN_CFLAGS) \
	-I$(srcdir)/filter-dkimsign
DKIMSIGN_UNIT_LIBS = $(DKIMSIGN_LIBS) $(CMOCKA_LIBS)
DKIMSIGN_TESTS += %D%/test-privkey
%C%_test_privkey_SOURCES = %D%/test-privkey.c %D%/keymaker.h
%C%_test_privkey_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_privkey_LDADD = $(DKIMSIGN_UNIT_LIBS)
DKIMSIGN_TESTS += %D%/test-privkey-files
%C%_test_privkey_files_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_privkey_files_LDADD = $(DKIMSIGN_UNIT_LIBS)
DKIMSIGN_TESTS += %D%/test-signer
%C%_test_signer_SOURCES = %D%/test-signer.c %D%/keymaker.h
%C%_test_signer_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_signer_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pthread_create \
	-Wl,--wrap=privkey_sign
%C%_test_signer_LDADD = $(DKIMSIGN_UNIT_LIBS)
DKIMSIGN_TESTS += %D%/test-canon %D%/test-fields
%C%_test_canon_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_canon_LDADD = $(DKIMSIGN_UNIT_LIBS)
%C%_test_fields_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_fields_LDADD = $(DKIMSIGN_UNIT_LIBS)
DKIMSIGN_TESTS += %D%/test-view
%C%_test_view_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_view_LDADD = $(DKIMSIGN_UNIT_LIBS)
DKIMSIGN_TESTS += %D%/test-author %D%/test-author-domain
%C%_test_author_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_author_LDADD = $(DKIMSIGN_UNIT_LIBS)
%C%_test_author_domain_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_author_domain_LDADD = $(DKIMSIGN_UNIT_LIBS)
if SANDBOX_LINUX
DKIMSIGN_TESTS += %D%/test-signer-sandbox
%C%_test_signer_sandbox_SOURCES = %D%/test-signer-sandbox.c %D%/keymaker.h
%C%_test_signer_sandbox_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_signer_sandbox_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=privkey_sign
%C%_test_signer_sandbox_LDADD = $(DKIMSIGN_UNIT_LIBS)
endif
DKIMSIGN_TESTS += %D%/test-sign
%C%_test_sign_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_sign_LDADD = $(DKIMSIGN_UNIT_LIBS)
DKIMSIGN_TESTS += %D%/test-signature %D%/test-signature-tags
SIGNING = %D%/rfc_vectors.h %D%/siglint.c %D%/siglint.h %D%/signing.c \
	%D%/signing.h
%C%_test_signature_SOURCES = %D%/test-signature.c $(SIGNING)
%C%_test_signature_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_signature_LDADD = $(DKIMSIGN_UNIT_LIBS)
DKIMSIGN_TESTS += %D%/test-domainkeys
%C%_test_domainkeys_SOURCES = %D%/test-domainkeys.c $(SIGNING)
%C%_test_domainkeys_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_domainkeys_LDADD = $(DKIMSIGN_UNIT_LIBS)
%C%_test_signature_tags_SOURCES = %D%/test-signature-tags.c $(SIGNING)
%C%_test_signature_tags_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_signature_tags_LDADD = $(DKIMSIGN_UNIT_LIBS)
DKIMSIGN_TESTS += %D%/test-complete
%C%_test_complete_SOURCES = %D%/test-complete.c %D%/appends.c %D%/appends.h
%C%_test_complete_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_complete_LDADD = $(DKIMSIGN_UNIT_LIBS)
DKIMSIGN_TESTS += %D%/test-policy %D%/test-policy-letters \
	%D%/test-policy-maps %D%/test-policy-mistakes
POLICYRIG = %D%/policyrig.c %D%/policyrig.h %D%/keymaker.h %D%/stderr.h
%C%_test_policy_SOURCES = %D%/test-policy.c $(POLICYRIG)
%C%_test_policy_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_policy_LDADD = $(DKIMSIGN_UNIT_LIBS)
%C%_test_policy_letters_SOURCES = %D%/test-policy-letters.c $(POLICYRIG)
%C%_test_policy_letters_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_policy_letters_LDADD = $(DKIMSIGN_UNIT_LIBS)
%C%_test_policy_maps_SOURCES = %D%/test-policy-maps.c $(POLICYRIG)
%C%_test_policy_maps_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_policy_maps_LDADD = $(DKIMSIGN_UNIT_LIBS)
%C%_test_policy_mistakes_SOURCES = %D%/test-policy-mistakes.c $(POLICYRIG)
%C%_test_policy_mistakes_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_policy_mistakes_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=privkey_sign
%C%_test_policy_mistakes_LDADD = $(DKIMSIGN_UNIT_LIBS)
DKIMSIGN_TESTS += %D%/test-record
%C%_test_record_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_record_LDADD = $(DKIMSIGN_UNIT_LIBS)
DKIMSIGN_TESTS += %D%/test-standalone
%C%_test_standalone_SOURCES = %D%/test-standalone.c \
	filter-dkimsign/standalone.c
%C%_test_standalone_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_standalone_LDADD = $(DKIMSIGN_UNIT_LIBS)
DKIMSIGN_TESTS += %D%/test-dkimsign-keys
%C%_test_dkimsign_keys_CPPFLAGS = $(DKIMSIGN_UNIT_CPPFLAGS)
%C%_test_dkimsign_keys_LDADD = $(DKIMSIGN_UNIT_LIBS)
