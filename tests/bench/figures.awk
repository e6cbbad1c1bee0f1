# Lines FIGURE LABEL VALUE (figures.sh) -> the table of figures, goals beside them. -v ours=LABEL
BEGIN {
	labels[++allocators] = ours
	labels[++allocators] = "ptmalloc"
	seen[ours] = seen["ptmalloc"] = seen["empty"] = 1
	goal("size", "<=", 16, "the library's file, KiB")
	goal("startup-cpu", "<=", 1.03, "start-up of a short process: CPU, relative to ptmalloc")
	goal("startup-wall", "<=", 1.03, "the same: wall time")
	goal("idle-1", "ptmalloc", 0, "idle process, private dirty memory, KiB")
	goal("idle-4", "ptmalloc", 0, "idle process with four threads, the same")
	goal("untouched-start", "<=", 1, "never touched / (1 MiB + extent / 16), at start")
	goal("untouched-million", "<=", 1, "the same with a million live blocks")
	goal("untouched-kib", "", 0, "never touched with a million live blocks, KiB")
	goal("full", "", 0, "million blocks of 16 B to 4 KiB live: RSS / bytes asked")
	goal("back-90", "<=", 1.1, "90 % of them freed: RSS / pages that hold a live block")
	goal("back-90-mb", "", 0, "the same: RSS above the start, MB")
	goal("back-all", "<=", 4, "all of them freed: RSS above the start, MB")
	for (n = 1; n <= 2; n++)
		for (s = 1; s <= 2; s++)
			goal("own-" (n == 1 ? "pair-" : "batch-") (s == 1 ? 32 : 1024), "<=", s == 1 ? 40 : 45,
			     "instructions, malloc + free, " (s == 1 ? 32 : 1024) " B, " (n == 1 ? "in pairs" : "batches of 1,000"))
	for (n = 1; n <= 2; n++)
		for (s = 1; s <= 2; s++)
			goal("whole-" (n == 1 ? "pair-" : "batch-") (s == 1 ? 32 : 1024), "", 0,
			     "with all they call, " (s == 1 ? 32 : 1024) " B, " (n == 1 ? "in pairs" : "batches of 1,000"))
	for (k = 8; k <= 64; k *= 2)
		goal("batch-" k "k", "<=", 55, "batches of " k " KiB, not written, ns a pair")
	for (k = 8; k <= 64; k *= 2)
		goal("written-" k "k", "", 0, "batches of " k " KiB, written, ns a pair")
	goal("latency", "<=", 2, "latency, largest of each call's least of 20 runs, us")
	goal("latency-mean", "", 0, "the same, mean, clock included, us")
	goal("latency-fresh", "", 0, "20 fresh processes, system calls included: largest, us")
	goal("linear-instructions", "<=", 1.05, "instructions, a million live objects / ten thousand")
	goal("bare-million", "<=", 1.2, "time / a bare free list's, a million live objects")
	goal("bare-10k", "", 0, "time / a bare free list's, ten thousand live objects")
	goal("threads-apart", ">=", 1, "throughput of 8 threads / of 2, own blocks")
	goal("threads-cross", ">=", 1, "throughput of 8 threads / of 2, passing blocks")
}
function goal(id, how, bound, text) {
	order[++figures] = id
	sense[id] = how
	limit[id] = bound
	what[id] = text
}
function median(key, n, i, j, t, v) {
	n = count[key]
	for (i = 1; i <= n; i++)
		v[i] = value[key, i]
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j] < v[j - 1]; j--) {
			t = v[j]
			v[j] = v[j - 1]
			v[j - 1] = t
		}
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
$1 == "SKIP" {
	sub(/^SKIP /, "")
	skipped = skipped "\nSkipped: " $0 "."
	next
}
{
	if (!($2 in seen)) {
		seen[$2] = 1
		labels[++allocators] = $2
	}
	key = $1 SUBSEP $2
	value[key, ++count[key]] = $3 + 0
}
function shown(x, id) {
	return id ~ /^(untouched-kib|idle|batch|written)/ ? sprintf("%.0f", x) : \
	       id ~ /^(own|whole|size|back-90-mb)/ ? sprintf("%.1f", x) : sprintf("%.2f", x)
}
function missed(id, x) {
	x = shown(x, id) + 0
	if (sense[id] == "ptmalloc")
		return x > median(id SUBSEP "ptmalloc")
	return sense[id] == "<=" ? x > limit[id] : sense[id] == ">=" ? x < limit[id] : 0
}
END {
	printf "%-56s %8s", "", "goal"
	for (a = 1; a <= allocators; a++)
		printf " %9s ", substr(labels[a], 1, 9)
	print ""
	for (f = 1; f <= figures; f++) {
		id = order[f]
		if (!((id SUBSEP ours) in count))
			continue
		how = sense[id] == "ptmalloc" ? "ptmalloc" : sense[id] == "" ? "" : sense[id] " " limit[id]
		printf "%-56s %8s", what[id], how
		for (a = 1; a <= allocators; a++) {
			key = id SUBSEP labels[a]
			if (!(key in count)) {
				printf " %9s ", "-"
				continue
			}
			x = median(key)
			miss = labels[a] == ours && missed(id, x)
			misses += miss
			goals += labels[a] == ours && sense[id] != ""
			printf " %9s%s", shown(x, id), miss ? "!" : " "
		}
		print ""
	}
	print ""
	if (count["startup-cpu", "empty"])
		printf "Start-up with an empty library preloaded, the least that preloading costs: CPU %.2f, wall %.2f.\n",
			median("startup-cpu" SUBSEP "empty"), median("startup-wall" SUBSEP "empty")
	printf "Of %d goals, %s misses %d (marked !).%s\n", goals, ours, misses, skipped
}
