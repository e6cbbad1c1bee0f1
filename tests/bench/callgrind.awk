# callgrind's output, collected inside figures.c's `measured` -> two figures for each of -v pairs=N
# pairs: own cost of the functions the program calls in other objects (malloc and free: their
# exclusive cost, without their callees), and the whole cost of those calls.
function number(text) {
	sub(/^[a-z]*=\(/, "", text)
	sub(/\).*/, "", text)
	return text
}
function remember(text, id) {
	if (text ~ /\) ./) {
		id = text ~ /^c?fn=/ ? "f" number(text) : number(text)
		sub(/^[^)]*\) /, "", text)
		name[id] = text
	}
}
/^ob=/ {
	remember($0)
	object = number($0)
	next
}
/^cob=/ {
	remember($0)
	callee_object = number($0)
	next
}
/^fn=/ {
	remember($0)
	function_id = number($0)
	callee_object = ""
	next
}
/^cfn=/ {
	remember($0)
	callee = number($0)
	next
}
/^calls=/ {
	call = 1
	next
}
/^[0-9+*-]/ {
	if (!call)
		exclusive[function_id] += $2
	else if (name["f" function_id] ~ /^(pairs|batch|churn|measured)$/ && callee_object != "") {
		direct[callee] = 1
		whole += $2
	}
	if (call)
		callee_object = ""
	call = 0
}
END {
	for (id in direct)
		own += exclusive[id]
	printf "%.1f %.1f\n", own / pairs, whole / pairs
}
