# Built and installed as libopensmtpd/ is, and for the same reasons.
milterlibdir = $(libdir)/opensmtpd-filters/libmilter/lib
milterincludedir = $(libdir)/opensmtpd-filters/libmilter/include/libmilter
milterinclude_HEADERS = %D%/mfapi.h %D%/mfdef.h
noinst_LIBRARIES += %D%/libguest.a
%C%_libguest_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/filter-milter \
	-I$(srcdir)/%D%
%C%_libguest_a_SOURCES = %D%/calls.c %D%/context.h %D%/events.c %D%/macros.c \
	%D%/main.c %D%/negotiate.c %D%/process.c \
	%D%/refusal.c %D%/register.c %D%/session.c
dist_man_MANS += %D%/libmilter.8
milterlib_DATA = %D%/libmilter.a %D%/libmilter.so.1.0.1
CLEANFILES += %D%/libmilter.o $(milterlib_DATA)

# No sandbox: nobody knows what a milter has to do.
%D%/libmilter.o: %D%/libguest.a filter-milter/libmta.a common/libcommon.a \
    common/sandbox_none.$(OBJEXT)
	$(AM_V_GEN)$(LD) -r -o $@.tmp --whole-archive %D%/libguest.a \
	    --no-whole-archive common/sandbox_none.$(OBJEXT) \
	    filter-milter/libmta.a common/libcommon.a && \
	    $(OBJCOPY) --localize-hidden $@.tmp $@ && rm -f $@.tmp
%D%/libmilter.a: %D%/libmilter.o
	$(AM_V_AR)rm -f $@ && $(AR) cr $@ %D%/libmilter.o && $(RANLIB) $@
%D%/libmilter.so.1.0.1: %D%/libmilter.o
	$(AM_V_CCLD)$(CC) $(HARDEN_CFLAGS) $(CFLAGS) -shared \
	    -Wl,-soname,libmilter.so.1.0.1 -Wl,-z,relro -Wl,-z,now $(LDFLAGS) \
	    -o $@ %D%/libmilter.o $(LIBEVENT_LIBS) -lpthread
# Other systems know it by other names.
install-data-hook:
	cd $(DESTDIR)$(milterlibdir) && for n in .1.0.2 .1.0 ""; do \
		ln -sf libmilter.so.1.0.1 libmilter.so$$n || exit 1; \
	done
uninstall-hook:
	cd $(DESTDIR)$(milterlibdir) && rm -f libmilter.so.1.0.2 \
	    libmilter.so.1.0 libmilter.so
