# SPDX-License-Identifier: ISC
#
# Shell functions that quickstart, runtests and tests/smtpd share: packages,
# builds, and where things are kept.  Source it with the current directory
# anywhere; it sets TOP, the clone's directory.  Fails with a line on stderr.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CACHE=${OSF_CACHE:-/var/cache/opensmtpd-filters-tests}
JOBS=$(nproc 2>/dev/null || echo 2)

# To build the filters.
BUILD_PACKAGES="gcc libc6-dev make automake autoconf pkg-config libevent-dev
    libseccomp-dev"
# To run smtpd 6.8 from its unpacked package, in namespaces of its own.
SMTPD_PACKAGES="python3 iproute2 util-linux openssl libdb5.3
    libevent-2.1-7 libssl3 zlib1g"
# To build smtpd 7.x from Debian's source.
SMTPD7_PACKAGES="bison libtool libssl-dev zlib1g-dev patch xz-utils"
# To run all tests.
TEST_PACKAGES="clang llvm libcmocka-dev mandoc libopensmtpd-dev xz-utils"

say() {
	printf '%s\n' "$*" >&2
}

die() {
	say "$(basename "$0"): $*"
	exit 1
}

need_root() {
	[ "$(id -u)" = 0 ] || die "run it as root: it installs packages and" \
	    "starts an smtpd in namespaces of its own"
}

# Install what is missing of the named packages; nothing is ever removed.
need_packages() {
	local p missing=""

	for p in "$@"; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null |
		    grep -q '^install ok installed' || missing="$missing $p"
	done
	[ -n "$missing" ] || return 0
	say "installing:$missing"
	if [ -z "$(find /var/lib/apt/lists -name '*Packages*' -mtime -1 \
	    -print -quit 2>/dev/null)" ]; then
		apt-get -q update >&2 || say "apt-get update failed, going on"
	fi
	DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-remove \
	    --no-install-recommends install $missing >&2
}

# A configure script in the clone, made anew only when its sources changed.
need_configure() {
	if [ "$TOP/configure" -nt "$TOP/configure.ac" ] &&
	    [ -z "$(find "$TOP" -name module.mk -newer "$TOP/Makefile.in" \
	    -print -quit 2>/dev/null)" ] &&
	    [ "$TOP/Makefile.in" -nt "$TOP/Makefile.am" ]; then
		return 0
	fi
	(cd "$TOP" && autoreconf -fi)
}

# build DIR [CONFIGURE-ARGUMENT...]: an out-of-tree build in DIR.
build() {
	local dir=$1

	shift
	mkdir -p "$dir"
	(cd "$dir" && { [ -f Makefile ] || "$TOP/configure" "$@"; } &&
	    make -j"$JOBS")
}

# True if a process can have mount, network, PID and host name of its own.
can_unshare() {
	unshare -m -n -p -u --fork --mount-proc --kill-child \
	    --propagation private true 2>/dev/null
}
