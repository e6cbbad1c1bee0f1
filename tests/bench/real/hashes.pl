use strict;
my (%count, @list);
for my $round (1 .. 3) {
	for my $i (1 .. 100000) {
		push @{$count{"key" . ($i * 7919 % 50021)}}, "value $i of $round";
	}
	@list = map { join ",", @{$count{$_}} } sort keys %count;
}
print scalar(@list), " ", length(join "\n", @list), "\n";
