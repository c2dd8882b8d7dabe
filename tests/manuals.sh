#!/bin/sh
# SPDX-License-Identifier: ISC
#
# usage: manuals.sh [BUILD]
#
# Each manual page is clean for mandoc, and for groff where there is one, as
# man(1) of Linux shows it; and its SYNOPSIS is word by word what the program
# says when used wrongly.  The last line is "N passed, N failed".

build=$(cd "${1:-.}" && pwd)
cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0
out=$(mktemp)

verdict() {	# TEXT, what was wrong on stdin
	wrong=$(cat)
	if [ -z "$wrong" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf '%s:\n%s\n' "$1" "$wrong"
	fi
}

# The SYNOPSIS as plain text, its blanks and line ends as one blank each.
synopsis() {
	mandoc -T ascii -O width=1000 "$1" | col -b |
	    sed -n '/^SYNOPSIS/,/^DESCRIPTION/p' | sed '1d;$d' |
	    tr -s ' \n' ' ' | sed 's/^ //; s/ $//'
}

usage() {
	"$1" -? 2>&1 < /dev/null | sed -n 's/.*usage: //p' | tr -s ' \n' ' ' |
	    sed 's/ $//'
}

for page in filter-*/*.8 filter-*/*.1 filter-*/*.5 lib*/*.[1-9]; do
	[ -f "$page" ] || continue
	mandoc -T lint -W warning "$page" > "$out" 2>&1
	verdict "mandoc $page" < "$out"
	if command -v groff > /dev/null; then
		groff -mandoc -T utf8 -z "$page" > "$out" 2>&1
		verdict "groff $page" < "$out"
	fi
	program=$build/${page%.*}
	case $page in
	lib* | *.5)	continue ;;
	esac
	said=$(usage "$program") wanted=$(synopsis "$page")
	: > "$out"
	[ -n "$said" ] && [ "$said" = "$wanted" ] || printf \
	    '    usage:    %s\n    SYNOPSIS: %s\n' "$said" "$wanted" > "$out"
	verdict "usage of ${page%.*}" < "$out"
done
rm -f "$out"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
