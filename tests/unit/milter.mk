MILTER_TESTS = %D%/test-packet
check_PROGRAMS += $(MILTER_TESTS)
TESTS += $(MILTER_TESTS)
MILTER_UNIT_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-milter \
	-I$(srcdir)/libmilter
MILTER_UNIT_LIBS = $(MILTER_LIBS) $(CMOCKA_LIBS)
%C%_test_packet_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_packet_LDADD = $(MILTER_UNIT_LIBS)
# The chain by itself, all around it is a stand-in.
MILTER_TESTS += %D%/test-chain %D%/test-chain-edits %D%/test-chain-missed
CHAIN_RIG = %D%/chain_rig.c %D%/chain_rig.h $(LOGGED) \
	filter-milter/chain.c filter-milter/chain_message.c \
	filter-milter/client.c filter-milter/connections.c \
	filter-milter/verdict.c
%C%_test_chain_SOURCES = %D%/test-chain.c $(CHAIN_RIG)
%C%_test_chain_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_chain_LDADD = $(UNIT_LDADD)
%C%_test_chain_edits_SOURCES = %D%/test-chain-edits.c $(CHAIN_RIG)
%C%_test_chain_edits_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_chain_edits_LDADD = $(UNIT_LDADD)
%C%_test_chain_missed_SOURCES = %D%/test-chain-missed.c $(CHAIN_RIG)
%C%_test_chain_missed_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_chain_missed_LDADD = $(UNIT_LDADD)
MILTER_TESTS += %D%/test-reply %D%/test-terms
%C%_test_reply_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_reply_LDADD = $(MILTER_UNIT_LIBS)
%C%_test_terms_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_terms_LDADD = $(MILTER_UNIT_LIBS)
MILTER_TESTS += %D%/test-link %D%/test-link-any %D%/test-link-bad \
	%D%/test-link-flow
LINK_RIG = %D%/link_rig.c %D%/link_rig.h %D%/link_peer.c %D%/link_peer.h \
	$(LOGGED)
%C%_test_link_SOURCES = %D%/test-link.c $(LINK_RIG)
%C%_test_link_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_link_LDADD = $(MILTER_UNIT_LIBS)
%C%_test_link_any_SOURCES = %D%/test-link-any.c $(LINK_RIG)
%C%_test_link_any_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_link_any_LDADD = $(MILTER_UNIT_LIBS)
%C%_test_link_bad_SOURCES = %D%/test-link-bad.c $(LINK_RIG)
%C%_test_link_bad_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_link_bad_LDADD = $(MILTER_UNIT_LIBS)
%C%_test_link_flow_SOURCES = %D%/test-link-flow.c $(LINK_RIG)
%C%_test_link_flow_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_link_flow_LDADD = $(MILTER_UNIT_LIBS)
MILTER_TESTS += %D%/test-command %D%/test-macro %D%/test-milter-client
%C%_test_command_SOURCES = %D%/test-command.c %D%/milter_client.h
%C%_test_command_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_command_LDADD = $(MILTER_UNIT_LIBS)
MACRO_RIG = %D%/macro_rig.h %D%/milter_client.h
%C%_test_macro_SOURCES = %D%/test-macro.c $(MACRO_RIG)
%C%_test_macro_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_macro_LDADD = $(MILTER_UNIT_LIBS)
MILTER_TESTS += %D%/test-macro-lists
%C%_test_macro_lists_SOURCES = %D%/test-macro-lists.c $(MACRO_RIG)
%C%_test_macro_lists_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_macro_lists_LDADD = $(MILTER_UNIT_LIBS)
%C%_test_milter_client_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_milter_client_LDADD = $(MILTER_UNIT_LIBS)
# The milter's side.
MILTER_TESTS += %D%/test-guest %D%/test-guest-calls %D%/test-guest-reply
GUEST_RIG = %D%/guest_rig.c %D%/guest_rig.h $(LOGGED)
GUEST_LIBS = libmilter/libguest.a $(MILTER_UNIT_LIBS) -lpthread
%C%_test_guest_SOURCES = %D%/test-guest.c $(GUEST_RIG)
%C%_test_guest_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_guest_LDADD = $(GUEST_LIBS)
%C%_test_guest_calls_SOURCES = %D%/test-guest-calls.c $(GUEST_RIG)
%C%_test_guest_calls_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_guest_calls_LDADD = $(GUEST_LIBS)
%C%_test_guest_reply_SOURCES = %D%/test-guest-reply.c $(GUEST_RIG)
%C%_test_guest_reply_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_guest_reply_LDADD = $(GUEST_LIBS)
MILTER_TESTS += %D%/test-mods
%C%_test_mods_SOURCES = %D%/test-mods.c $(LOGGED)
%C%_test_mods_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_mods_LDADD = $(MILTER_UNIT_LIBS)
MILTER_TESTS += %D%/test-settle %D%/test-wishes
%C%_test_settle_SOURCES = %D%/test-settle.c filter-milter/settle.c \
	filter-milter/wishes.c
%C%_test_settle_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_settle_LDADD = $(UNIT_LDADD)
%C%_test_wishes_SOURCES = %D%/test-wishes.c $(LOGGED)
%C%_test_wishes_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_wishes_LDADD = $(MILTER_UNIT_LIBS)
MILTER_TESTS += %D%/test-inject
%C%_test_inject_SOURCES = %D%/test-inject.c $(PEER)
%C%_test_inject_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_inject_LDADD = $(MILTER_UNIT_LIBS)
MILTER_TESTS += %D%/test-milter-sides
%C%_test_milter_sides_SOURCES = %D%/test-milter-sides.c %D%/milter_client.h \
	$(GUEST_RIG)
%C%_test_milter_sides_CPPFLAGS = $(MILTER_UNIT_CPPFLAGS)
%C%_test_milter_sides_LDADD = $(GUEST_LIBS)
