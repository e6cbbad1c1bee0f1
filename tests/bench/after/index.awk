# An index of words: arrays of growing strings, nested arrays, sorting, substitution.
{
	count[$1]++
	where[$1] = where[$1] " " FNR
	kind[$2][$1] = $3
}
END {
	n = asorti(count, name)
	for (i = 1; i <= n; i++) {
		k = split(where[name[i]], at, " ")
		sum += k * at[1] % 97
		line[i] = toupper(name[i]) "-" count[name[i]] "-" substr(where[name[i]], 1, 40)
		if (length(line[i]) % 3)
			gsub(/[0-9]+/, "<&>", line[i])
	}
	print n, sum, length(kind)
}
