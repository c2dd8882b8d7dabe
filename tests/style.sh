#!/bin/sh
# SPDX-License-Identifier: ISC
#
# usage: style.sh [BUILD]
#
# What CONTRIBUTING.md promises of the sources: budgets, headers that compile
# alone, dependencies that point one way, #ifdef only where platforms differ.
# One line for each breach; the last line is "N passed, N failed".  BUILD is
# where config.h is (default: the current directory).

build=$(cd "${1:-.}" && pwd)
cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0
out=$(mktemp)

# rule TEXT: passed if stdin, the breaches, is empty.
rule() {
	breaches=$(cat)
	if [ -z "$breaches" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "style: $1:"
		printf '%s\n' "$breaches" | sed 's/^/    /'
	fi
}

sources() {
	find common compat filter-* libmilter libopensmtpd tests \
	    -name "$1" 2>/dev/null | sort
}

longer() {	# LINES, names on stdin
	while read -r file; do
		lines=$(wc -l < "$file")
		[ "$lines" -le "$1" ] || echo "$file: $lines lines"
	done
}

# Without comments and empty lines: a header is also a manual.
longer_code() {
	while read -r file; do
		lines=$(${CC:-cc} -fpreprocessed -dD -E -P -w "$file" | wc -l)
		[ "$lines" -le "$1" ] || echo "$file: $lines lines of code"
	done
}

alone() {
	for file in $(sources '*.h'); do
		filters=
		case $file in
		filter-milter/* | libmilter/*)
			filters='-Ifilter-milter -Ilibmilter' ;;
		tests/*) filters=$(printf ' -I%s' filter-* libmilter) ;;
		esac
		echo "#include \"$file\"" | ${CC:-cc} -std=gnu99 -D_GNU_SOURCE -Wall -Wextra \
		    -Wstrict-prototypes -Werror -I"$build" -I. -Icommon \
		    -Icompat $filters $(pkg-config --cflags libevent) -fsyntax-only \
		    -x c - 2>&1 | sed -n 's/.*\(error.*\)/\1/p' |
		    sed "s|^|$file: |"
	done
}

sources '*.c' | longer 450 > "$out"
rule "a file has 450 lines at most" < "$out"
sources '*.h' | longer_code 150 > "$out"
rule "a header has 150 lines of code at most" < "$out"
sources '*.c' | xargs awk '/^{/ { start = FNR } /^}/ { if (start &&
    FNR - start > 120) print FILENAME ":" start ": " FNR - start " lines"
    start = 0 }' > "$out"
rule "a function has 120 lines at most" < "$out"
alone > "$out"
rule "a header compiles alone" < "$out"
grep -nE '#include "(\.\./)?(filter-|libmilter|libopensmtpd|tests)' \
    common/*.[ch] > "$out"
rule "common/ knows nothing of a filter" < "$out"
# mfapi.h is for other people's sources, and C++.
sources '*.[ch]' | grep -v -e '^compat/' -e '/sandbox_' -e '/mfapi.h$' |
    xargs awk '
    /^#[ \t]*(if|elif)/ && !(FILENAME ~ /\.h$/ && /^#ifndef [A-Z_]+_H$/) {
	print FILENAME ":" FNR ": " $0 }' > "$out"
rule "#if only in compat/ and sandbox_*.c" < "$out"
for file in $(sources '*.[ch]'); do
	head -n 1 "$file" | grep -q '^/\* SPDX-License-Identifier: ISC \*/$' ||
		echo "$file"
done > "$out"
rule "the first line is the licence" < "$out"
sources '*.[ch]' | xargs awk '{ line = $0; n = 0
    for (i = 1; i <= length(line); i++)
	n = substr(line, i, 1) == "\t" ? n + 8 - n % 8 : n + 1
    if (n > 100) print FILENAME ":" FNR ": " n " columns" }
    /[ \t]+$/ { print FILENAME ":" FNR ": blanks at the end" }' > "$out"
rule "100 columns, no blanks at the end" < "$out"
sources '*.[ch]' | xargs grep -nE \
    '(^|[^_a-z])(strcpy|strcat|sprintf|gets|system|popen) ?\(' > "$out"
rule "no strcpy, strcat, sprintf, gets, system, popen" < "$out"
sources '*.[ch]' | xargs grep -nE '(TO''DO|FIX''ME)' > "$out"
rule "nothing is left open" < "$out"
rm -f "$out"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
