include tests/unit/module.mk
include tests/filters/module.mk
include tests/talk/module.mk
include tests/fuzz/module.mk
include tests/bench/module.mk
include tests/postgrey/module.mk

# What no program is made of.  Directories go as they are, but for what Python
# left in them.
EXTRA_DIST += %D%/style.sh %D%/freeze.py %D%/manuals.sh \
	%D%/manual-example.sh %D%/dkim %D%/fault %D%/lib %D%/libmilter \
	%D%/libopensmtpd %D%/messages %D%/security %D%/soak %D%/musl %D%/package \
	%D%/smtpd %D%/tools
dist-hook:
	find $(distdir)/%D% -name __pycache__ -prune -exec rm -rf {} +
