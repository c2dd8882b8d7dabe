# SPDX-License-Identifier: ISC
# A SpamAssassin plugin for tests: a rule that takes as long as the message
# says.  "sleep-for-3" is cut short by SpamAssassin when its own time is up, and
# the score is what it has by then; the tag SLOW takes as long too, but at the
# end, where only spamd's alarm is left.
package Mail::SpamAssassin::Plugin::Sleep;

use strict;
use warnings;
use parent 'Mail::SpamAssassin::Plugin';

sub new {
	my ($class, $main) = @_;
	my $self = $class->SUPER::new($main);

	$self->register_eval_rule('check_sleep');
	return $self;
}

sub check_sleep {
	my ($self, $scan, $lines) = @_;
	my ($what, $seconds) = join('', @$lines) =~ /\b(sleep|slow)-for-(\d+)\b/;

	return 0 unless $seconds;
	if ($what eq 'slow') {
		$scan->set_tag('SLOW', sub { sleep($seconds); return ''; });
	} else {
		sleep($seconds);
	}
	return 1;
}

1;
