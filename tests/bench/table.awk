# Samples (GROUP NAME LABEL CPU RSS FAULTS WALL) -> the table of ratios to ptmalloc, the means, and
# what is to be said about the first library after ptmalloc. -v ours=LABEL, -v points=FILE for the
# picture's data, -v floors=FILE (floors.sh) for the floors. The label `again` is ptmalloc's second
# series. Group `after` alone makes a table without groups.
function sort(v, n, i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j] < v[j - 1]; j--) {
			t = v[j]
			v[j] = v[j - 1]
			v[j - 1] = t
		}
}
# The median of one label's samples; with ALSO, of two labels' together.
function median(name, label, what, also, n, i, v, m) {
	n = count[name, label, what]
	for (i = 1; i <= n; i++)
		v[i] = value[name, label, what, i] + 0
	if (also != "") {
		m = count[name, also, what]
		for (i = 1; i <= m; i++)
			v[n + i] = value[name, also, what, i] + 0
		n += m
	}
	if (!n)
		return 0
	sort(v, n)
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
function add(name, label, what, x) { value[name, label, what, ++count[name, label, what]] = x }
function ratio(name, label, what) {
	return base[name, what] > 0 ? median(name, label, what) / base[name, what] : 0
}
# ptmalloc's second series relative to its first, and how far they lie apart.
function again(name, what, a) {
	a = median(name, "ptmalloc", what)
	return a > 0 ? median(name, "again", what) / a : 0
}
function spread(name, what) { return off(again(name, what)) }
function mean_add(set, label, what, x) {
	if (x > 0) {
		logsum[set, label, what] += log(x)
		terms[set, label, what]++
	}
}
function mean(set, label, what) {
	return terms[set, label, what] ? exp(logsum[set, label, what] / terms[set, label, what]) : 0
}
function cell(x, digits, flag) {
	return x > 0 ? sprintf("%6." digits "f%s", x, flag ? "!" : " ") : "     - "
}
function flagged(name, what, x) {
	if (x <= 1.05 + spread(name, what))
		return 0
	flags[++flag_count] = sprintf("%-17s %-4s %.2f, A/A spread %.2f", name, toupper(what), x, spread(name, what))
	return 1
}
function off(x) { return x > 1 ? x - 1 : x > 0 ? 1 / x - 1 : 0 }
function row_of_means(title, set, digits, a) {
	printf "%-27s %9s %8s  %5.2f %5.2f", title, "", "", off(mean(set, "again", "cpu")), off(mean(set, "again", "rss"))
	for (a = 1; a <= allocators; a++)
		printf " | %s %s", cell(mean(set, labels[a], "cpu"), digits), cell(mean(set, labels[a], "rss"), digits)
	print ""
}
function best_peer(set, what, a, x, best) {
	for (a = 1; a <= allocators; a++) {
		x = mean(set, labels[a], what)
		if (labels[a] != ours && x > 0 && (!best || x < best)) {
			best = x
			best_name = labels[a]
		}
	}
	return best
}
function against_peers(set, what, goal, x, best) {
	x = mean(set, ours, what)
	if (!x)
		return
	printf "%-4s %-4s %.3f, goal %.2f: %s", toupper(what), set, x, goal, x <= goal ? "reached" : "missed"
	best = best_peer(set, what)
	if (best)
		printf "; %.3f of the best peer's (%s), goal %s: %s", x / best, best_name, what == "cpu" ? "0.95" : "below 1", \
			(what == "cpu" ? x <= 0.95 * best : x < best) ? "reached" : "missed"
	print ""
}
{
	if (!(($1, $2) in seen)) {
		seen[$1, $2] = 1
		names[++workloads] = $2
		group[$2] = $1
	}
	if ($3 != "ptmalloc" && $3 != "again" && !($3 in label_seen)) {
		label_seen[$3] = 1
		labels[++allocators] = $3
	}
	add($2, $3, "cpu", $4)
	add($2, $3, "rss", $5)
}
END {
	labels[0] = "again" # has means, but no column
	printf "%-9s %-17s %9s %8s  %-11s", "group", "workload", "pt ms", "pt KiB", "A/A spread"
	for (a = 1; a <= allocators; a++)
		printf " | %-15s", substr(labels[a], 1, 15)
	printf "\n%-9s %-17s %9s %8s  %5s %5s", "", "", "", "", "CPU", "RSS"
	for (a = 1; a <= allocators; a++)
		printf " | %6s  %6s ", "CPU", "RSS"
	print ""
	for (i = 1; i <= workloads; i++) {
		n = names[i]
		base[n, "cpu"] = median(n, "ptmalloc", "cpu", "again")
		base[n, "rss"] = median(n, "ptmalloc", "rss", "again")
		printf "%-9s %-17s %9.1f %8d  %5.2f %5.2f", group[n], n, base[n, "cpu"], base[n, "rss"],
			spread(n, "cpu"), spread(n, "rss")
		for (a = 1; a <= allocators; a++) {
			l = labels[a]
			cpu = ratio(n, l, "cpu")
			rss = ratio(n, l, "rss")
			printf " | %s %s", cell(cpu, 2, l == ours && flagged(n, "cpu", cpu)),
				cell(rss, 2, l == ours && flagged(n, "rss", rss))
			mean_add(group[n], l, "cpu", cpu)
			mean_add(group[n], l, "rss", rss)
		}
		mean_add(group[n], "again", "cpu", again(n, "cpu"))
		mean_add(group[n], "again", "rss", again(n, "rss"))
		print ""
	}
	for (i = 1; i <= workloads; i++) {
		g = group[names[i]]
		if (g == "real" || g == "after" || g in done)
			continue
		done[g] = 1
		groups++
		row_of_means("mean of " g, g, 2)
		for (a = 0; a <= allocators; a++)
			for (s = 1; s <= 2; s++)
				for (w = 1; w <= 2; w++)
					mean_add(s == 1 ? "own" : "all", labels[a], w == 1 ? "cpu" : "rss",
					         mean(g, labels[a], w == 1 ? "cpu" : "rss"))
	}
	for (i = 1; i <= workloads; i++)
		if (group[names[i]] == "real")
			for (w = 1; w <= 2; w++) {
				what = w == 1 ? "cpu" : "rss"
				mean_add("all", "again", what, again(names[i], what))
				for (a = 1; a <= allocators; a++)
					mean_add("all", labels[a], what, ratio(names[i], labels[a], what))
			}
	if (group[names[1]] == "after")
		row_of_means("mean of these", "after", 3)
	else {
		row_of_means("mean, groups of our own", "own", 3)
		row_of_means("mean, real", "real", 3)
		row_of_means("mean, all", "all", 3)
		print ""
		against_peers("all", "cpu", 0.70)
		against_peers("real", "cpu", 0.82)
		against_peers("all", "rss", 0.90)
		against_peers("real", "rss", 0.95)
	}
	print ""
	if (ours in label_seen) {
		printf "%s above 1.05 + A/A spread (marked !): %s\n", ours, flag_count ? flag_count : "nowhere"
		for (f = 1; f <= flag_count; f++)
			print "  " flags[f]
	}
	if (points != "") {
		printf "" >points
		for (a = 1; a <= allocators; a++)
			if (mean("all", labels[a], "cpu") && mean("real", labels[a], "cpu"))
				print labels[a], mean("all", labels[a], "cpu"), mean("all", labels[a], "rss"),
					mean("real", labels[a], "cpu"), mean("real", labels[a], "rss") >points
	}
	if (floors == "")
		exit
	out = floors ".table"
	printf "" >out
	while ((getline line <floors) > 0) {
		split(line, part, " ")
		if (!((part[1], "ptmalloc", "cpu") in count))
			continue
		if (!shown++) {
			printf "%-10s %9s %9s %9s %6s |", "", "allocator", "kernel", "floor", "A/A" >out
			for (a = 1; a <= allocators; a++)
				printf " %9s", substr(labels[a], 1, 9) >out
			print "" >out
		}
		share = (part[3] + part[4]) / part[2]
		printf "%-10s %8.1f%% %8.1f%% %9.2f %6.2f |", part[1], 100 * part[3] / part[2], 100 * part[4] / part[2], 1 - share,
			(share > 0 ? spread(part[1], "cpu") / share : 0) >out
		for (a = 1; a <= allocators; a++) {
			x = ratio(part[1], labels[a], "cpu")
			printf " %9s", (x > 0 && share > 0 ? sprintf("%.2f", (1 - x) / share) : "-") >out
		}
		print "" >out
	}
}
