noinst_LIBRARIES += %D%/libcommon.a
%C%_libcommon_a_SOURCES = \
	%D%/addr.c %D%/addrs.c %D%/addrs.h %D%/addrset.c %D%/addrset.h \
	%D%/answer.c %D%/engine.c %D%/engine.h \
	%D%/backend.c %D%/backend.h \
	%D%/bytes.c %D%/bytes.h \
	%D%/channel.c %D%/channel.h \
	%D%/clock.h \
	%D%/dial.c %D%/dial.h \
	%D%/fallback.c %D%/fallback.h \
	%D%/filter.c %D%/filter.h \
	%D%/guard.c %D%/guard.h \
	%D%/handshake.c \
	%D%/header.c %D%/header.h \
	%D%/health.c %D%/health.h \
	%D%/ledger.c %D%/ledger.h \
	%D%/listfiles.c %D%/listfiles.h \
	%D%/log.c %D%/log.h %D%/log_safe.c \
	%D%/lookup.c %D%/lookup.h \
	%D%/message.c %D%/message.h %D%/message_apply.c \
	%D%/message_edit.c %D%/message_engine.h %D%/message_private.h \
	%D%/metric.c %D%/metric.h \
	%D%/options.c %D%/options.h %D%/options_value.c \
	%D%/proto.c %D%/proto.h \
	%D%/ring.c %D%/ring.h \
	%D%/sandbox.c %D%/sandbox.h \
	%D%/server.c %D%/server.h \
	%D%/session.c %D%/session.h \
	%D%/settings.c %D%/settings.h \
	%D%/signals.c %D%/signals.h \
	%D%/standin.c %D%/standin.h \
	%D%/smtpd.h %D%/spool.c %D%/spool.h \
	%D%/stamp.c %D%/stamp.h \
	%D%/stream.c %D%/stream.h %D%/stream_io.c \
	%D%/stream_pool.c %D%/stream_private.h \
	%D%/textfile.c %D%/textfile.h \
	%D%/thread.c %D%/thread.h \
	%D%/ticket.c \
	%D%/transfer.c \
	%D%/worker.c %D%/worker.h
EXTRA_%C%_libcommon_a_SOURCES = %D%/sandbox_none.c %D%/sandbox_linux.c \
	%D%/sandbox_openbsd.c %D%/sandbox_freebsd.c
%C%_libcommon_a_LIBADD = $(LIBOBJS) %D%/sandbox_$(sandbox).$(OBJEXT)
%C%_libcommon_a_DEPENDENCIES = $(%C%_libcommon_a_LIBADD)
EXTRA_DIST += compat/compat.h
