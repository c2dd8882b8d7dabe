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
    libseccomp-dev libssl-dev libidn2-dev libc-ares-dev zlib1g-dev xz-utils
    libsqlite3-dev libhiredis-dev libpcre2-dev"
# To run smtpd 6.8 from its unpacked package, in namespaces of its own.
SMTPD_PACKAGES="python3 ca-certificates iproute2 util-linux openssl libdb5.3
    libevent-2.1-7 libssl3 zlib1g"
# To build smtpd 7.x from Debian's source.
SMTPD7_PACKAGES="bison libtool libssl-dev zlib1g-dev patch xz-utils"
# To verify signatures in quickstart.
VERIFY_PACKAGES="python3-dkim"
# To run spamd, which is unpacked only: see tests/smtpd/fetch.
SPAM_PACKAGES="spamassassin"
# To run postgrey, likewise.  Redis needs no such care: redis-tools have it, and
# do not run it.
GREY_PACKAGES="perl libberkeleydb-perl libnet-dns-perl libnet-server-perl
    libnetaddr-ip-perl"
# To run OpenDKIM and other milters, which are unpacked too.
OPENDKIM_PACKAGES="libmilter1.0.1 libopendkim11 libmemcached11 libopendbx1
    librbl1 libunbound8 libvbr2 liblua5.3-0 libldap-2.5-0"
MILTER_PACKAGES="$OPENDKIM_PACKAGES libclamav12 libncurses6 spamc
    libopendmarc2 publicsuffix python3-milter libhyperscan5 libluajit-5.1-2
    libglib2.0-0 libicu72 libsodium23 libunwind8"
# To run Dovecot, unpacked, for LMTP.
LMTP_PACKAGES="libsodium23 libunwind8"
# To build for musl, and what the filters are linked with too.
MUSL_PACKAGES="musl-tools tcl gperf dpkg-dev xz-utils bzip2"
# To build the Debian package, and try it in a root of its own.
DEB_PACKAGES="debhelper dpkg-dev lintian mmdebstrap"
# To run all tests.
TEST_PACKAGES="clang llvm libclang-rt-dev libcmocka-dev mandoc groff-base
    bsdextrautils libopensmtpd-dev libmilter-dev git redis-tools db5.3-util
    $SPAM_PACKAGES $GREY_PACKAGES $LMTP_PACKAGES $MILTER_PACKAGES procmail
    $VERIFY_PACKAGES python3-nacl libmail-dkim-perl libopendkim-dev gdb
    python3-yaml
    $MUSL_PACKAGES $DEB_PACKAGES"

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

# no_services start|end: packages of servers must not start them meanwhile.  A
# policy-rc.d that is there already is somebody else's, and stays.
no_services() {
	local file=/usr/sbin/policy-rc.d mark="exit 101 # opensmtpd-filters"

	if [ "$1" = start ] && [ ! -e $file ] && [ ! -L $file ]; then
		printf '#!/bin/sh\n%s\n' "$mark" > $file
		chmod 755 $file
	elif [ "$1" = end ] && grep -qsF "$mark" $file; then
		rm -f $file
	fi
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
	no_services start
	DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-remove \
	    --no-install-recommends install $missing >&2
	set -- $?
	no_services end
	return $1
}

# export_tree DIR: the clone as it is now, in DIR.
export_tree() {
	mkdir -p "$1"
	if git -C "$TOP" rev-parse >/dev/null 2>&1; then
		(cd "$TOP" && git ls-files -z -c -o --exclude-standard |
		    xargs -0 sh -c 'for f; do [ ! -e "$f" ] || echo "$f"; done' \
		    sh | tar cf - -T -) | tar xf - -C "$1"
	else
		(cd "$TOP" && tar cf - .) | tar xf - -C "$1"
	fi
}

# copy_tree DIR: the same, with a configure script.  The clone itself is left
# alone, and may be configured for other purposes.
copy_tree() {
	export_tree "$1" && (cd "$1" && autoreconf -fi)
}

# build SOURCE DIR [CONFIGURE-ARGUMENT...]: an out-of-tree build in DIR.
build() {
	local source=$1 dir=$2

	shift 2
	mkdir -p "$dir"
	(cd "$dir" && "$source/configure" "$@" && make -j"$JOBS")
}

# True if a process can have mount, network, PID and host name of its own.
can_unshare() {
	unshare -m -n -p -u --fork --mount-proc --kill-child \
	    --propagation private true 2>/dev/null
}

# debian_mirror FORMAT: of the machine's own mirror of Debian, as `apt-get
# indextargets` has it.
debian_mirror() {
	apt-get indextargets --format "\$(ORIGIN)|\$(CODENAME)|$1" \
	    'Created-By: Packages' |
	    awk -F'|' '$1 == "Debian" && $2 !~ /-/ { print $3; exit }'
}

# source_apt DIR COMMAND...: apt with an index in DIR, and nothing of the
# system's state.  An old index will do, if only the signature is right.
source_apt() {
	local d=$1

	shift
	"$@" -o Dir::State::Status=/dev/null -o Dir::State::Lists="$d/lists" \
	    -o Acquire::Check-Valid-Until=false \
	    -o Dir::Cache="$d" -o Dir::Etc::SourceList="$d/sources.list" \
	    -o Dir::Etc::SourceParts="$d/parts" -o APT::Sandbox::User=root \
	    -o Dir::Etc::PreferencesParts="$d/parts"
}

# source_index DIR SUITE: for it, the sources of Debian's SUITE.
source_index() {
	local uri key=/usr/share/keyrings/debian-archive-keyring.gpg

	uri=$(debian_mirror '$(REPO_URI)')
	[ -n "$uri" ] || { say "apt knows no Debian mirror"; return 1; }
	mkdir -p "$1/lists/partial" "$1/archives/partial" "$1/parts"
	echo "deb-src [signed-by=$key] $uri $2 main" > "$1/sources.list"
	source_apt "$1" apt-get -q update
}
