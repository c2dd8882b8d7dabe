# Under a prefix of its own: never in the place of the system's.  Both libraries
# are made of one object, in which the engine's names are local: a filter may
# have functions of the same names.
osmtpdlibdir = $(libdir)/opensmtpd-filters/libopensmtpd/lib
osmtpdincludedir = $(libdir)/opensmtpd-filters/libopensmtpd/include
dist_man_MANS += %D%/libopensmtpd.3
osmtpdinclude_HEADERS = %D%/opensmtpd.h %D%/opensmtpd_more.h
noinst_LIBRARIES += %D%/libosmtpd.a
%C%_libosmtpd_a_SOURCES = %D%/library.h %D%/answers.c %D%/context.c \
	%D%/hooks.c %D%/register.c %D%/run.c
osmtpdlib_DATA = %D%/libopensmtpd.a %D%/libopensmtpd.so.0 %D%/libopensmtpd.so
CLEANFILES += %D%/libopensmtpd.o $(osmtpdlib_DATA)

# No sandbox of ours: the filter has its own, or none.
%D%/libopensmtpd.o: %D%/libosmtpd.a common/libcommon.a \
    common/sandbox_none.$(OBJEXT)
	$(AM_V_GEN)$(LD) -r -o $@.tmp --whole-archive %D%/libosmtpd.a \
	    --no-whole-archive common/sandbox_none.$(OBJEXT) \
	    common/libcommon.a && \
	    $(OBJCOPY) --localize-hidden $@.tmp $@ && rm -f $@.tmp
%D%/libopensmtpd.a: %D%/libopensmtpd.o
	$(AM_V_AR)rm -f $@ && $(AR) cr $@ %D%/libopensmtpd.o && $(RANLIB) $@
%D%/libopensmtpd.so.0: %D%/libopensmtpd.o
	$(AM_V_CCLD)$(CC) $(HARDEN_CFLAGS) $(CFLAGS) -shared \
	    -Wl,-soname,libopensmtpd.so.0 -Wl,-z,relro -Wl,-z,now $(LDFLAGS) \
	    -o $@ %D%/libopensmtpd.o $(EVENT_LIBS)
# For -lopensmtpd: read by linkers as a script.
%D%/libopensmtpd.so: %D%/libopensmtpd.so.0
	$(AM_V_GEN)echo 'INPUT(libopensmtpd.so.0)' > $@
