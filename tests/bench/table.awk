# Samples (GROUP NAME LABEL CPU RSS FAULTS WALL) -> the table of ratios to ptmalloc.
function median(key, n, i, j, t, v) {
	n = count[key]
	for (i = 1; i <= n; i++)
		v[i] = value[key, i] + 0
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j] < v[j - 1]; j--) {
			t = v[j]
			v[j] = v[j - 1]
			v[j - 1] = t
		}
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
function add(key, x) { value[key, ++count[key]] = x }
function cell(label, name, what) {
	return count[name, label, what] ? median(name SUBSEP label SUBSEP what) / base[name, what] : 0
}
function mean_add(set, label, what, x) {
	if (x > 0) {
		logsum[set, label, what] += log(x)
		terms[set, label, what]++
	}
}
function mean(set, label, what) {
	return terms[set, label, what] ? exp(logsum[set, label, what] / terms[set, label, what]) : 0
}
{
	if (!(($1, $2) in seen)) {
		seen[$1, $2] = 1
		names[++workloads] = $2
		group[$2] = $1
	}
	if (!($3 in label_seen)) {
		label_seen[$3] = 1
		labels[++allocators] = $3
	}
	add($2 SUBSEP $3 SUBSEP "cpu", $4)
	add($2 SUBSEP $3 SUBSEP "rss", $5)
}
END {
	printf "%-9s %-17s %9s %9s", "group", "workload", "pt ms", "pt KiB"
	for (a = 2; a <= allocators; a++)
		printf " | %-15s", substr(labels[a], 1, 15)
	printf "\n%-9s %-17s %9s %9s", "", "", "", ""
	for (a = 2; a <= allocators; a++)
		printf " | %7s %7s", "CPU", "RSS"
	print ""
	for (i = 1; i <= workloads; i++) {
		n = names[i]
		base[n, "cpu"] = median(n SUBSEP "ptmalloc" SUBSEP "cpu")
		base[n, "rss"] = median(n SUBSEP "ptmalloc" SUBSEP "rss")
		printf "%-9s %-17s %9.1f %9d", group[n], n, base[n, "cpu"], base[n, "rss"]
		for (a = 2; a <= allocators; a++) {
			l = labels[a]
			cpu = cell(l, n, "cpu")
			rss = cell(l, n, "rss")
			printf " | %7.2f %7.2f", cpu, rss
			mean_add(group[n], l, "cpu", cpu)
			mean_add(group[n], l, "rss", rss)
		}
		print ""
	}
	for (i = 1; i <= workloads; i++) {
		g = group[names[i]]
		if (g == "real" || g in done)
			continue
		done[g] = 1
		printf "%-27s %9s %9s", "mean of " g, "", ""
		for (a = 2; a <= allocators; a++) {
			l = labels[a]
			printf " | %7.2f %7.2f", mean(g, l, "cpu"), mean(g, l, "rss")
			mean_add("own", l, "cpu", mean(g, l, "cpu"))
			mean_add("own", l, "rss", mean(g, l, "rss"))
			mean_add("all", l, "cpu", mean(g, l, "cpu"))
			mean_add("all", l, "rss", mean(g, l, "rss"))
		}
		print ""
	}
	for (i = 1; i <= workloads; i++)
		if (group[names[i]] == "real")
			for (a = 2; a <= allocators; a++) {
				mean_add("all", labels[a], "cpu", cell(labels[a], names[i], "cpu"))
				mean_add("all", labels[a], "rss", cell(labels[a], names[i], "rss"))
			}
	split("own real all", sets, " ")
	for (s = 1; s <= 3; s++) {
		printf "%-27s %9s %9s", "mean, " (sets[s] == "own" ? "seven groups" : sets[s]), "", ""
		for (a = 2; a <= allocators; a++)
			printf " | %7.3f %7.3f", mean(sets[s], labels[a], "cpu"), mean(sets[s], labels[a], "rss")
		print ""
	}
}
