#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# usage: maildkim.pl SELECTOR=RECORD...
#
# A verifier that stays: reads messages from stdin, each with its length in
# four bytes (big endian) before it, and says what Mail::DKIM says of each
# signature, from the top, in one line: "domain selector result" with ';'
# between them.  Keys are those of the command line, whatever the domain.
# Ends with its input.

use strict;
use warnings;
use Mail::DKIM::Verifier;
use Mail::DKIM::PublicKey;

my %record = map { split /=/, $_, 2 } @ARGV;

{
	no warnings 'redefine';
	*Mail::DKIM::PublicKey::fetch_async = sub {
		my ($class, %prms) = @_;
		my $found = $prms{Callbacks}{Success} || sub { $_[0] };
		return sub {
			my $text = $record{$prms{Selector}};
			return $found->() if !defined $text;
			my $key = $class->parse($text);
			$key->{Selector} = $prms{Selector};
			$key->{Domain} = $prms{Domain};
			$key->check;
			return $found->($key);
		};
	};
}

sub take {
	my ($want) = @_;
	my $got = '';
	while (length($got) < $want) {
		my $n = read(STDIN, $got, $want - length($got), length($got));
		exit 0 if !$n;
	}
	return $got;
}

sub verify {
	my ($message) = @_;
	my $dkim = Mail::DKIM::Verifier->new();
	$dkim->PRINT($message);
	$dkim->CLOSE;
	return join ';', map { join ' ', $_->domain // '-',
	    $_->selector // '-', $_->result // '-' } $dkim->signatures;
}

# What is odd about others' signatures is not our matter.
local $SIG{__WARN__} = sub { };
binmode STDIN;
$| = 1;
while (1) {
	my $message = take(unpack('N', take(4)));
	my $line = eval { verify($message) };
	$line = "- - died: $@" if !defined $line;
	$line =~ s/\n/ /g;
	print "$line\n";
}
