# manual.awk - the page lw-trace(5) out of version.h and events.h, as mdoc:
#	awk -f manual.awk version.h events.h

# A text as roff wants it: a new line for a new sentence, none above 78 columns.
function say(text,	n, i, word, line) {
	gsub(/\\/, "\\e", text)
	n = split(text, word, " ")
	for (i = 1; i <= n; i++) {
		if (line != "" && length(line " " word[i]) > 78 || line ~ /[a-z)][.:]$/ && word[i] ~ /^[A-Z]/) {
			print line
			line = ""
		}
		if (line == "" && word[i] ~ /^[.']/)
			word[i] = "\\&" word[i]
		line = line (line == "" ? "" : " ") word[i]
	}
	print line
}

# Fields of a row, parted by commas outside its strings; the name of the row in F[0].
function split_row(row, F,	n, c, i, quoted) {
	split("", F)
	match(row, /^[A-Z_]+/)
	F[0] = substr(row, 1, RLENGTH)
	row = substr(row, index(row, "(") + 1)
	for (n = i = 1; i <= length(row); i++) {
		c = substr(row, i, 1)
		if (c == "\"")
			quoted = !quoted
		else if (c == "," && !quoted)
			n++
		else if (c == ")" && !quoted)
			break
		else if (quoted || c !~ /[ \t]/)
			F[n] = F[n] c
	}
	return n
}

function item(name, type, text) {
	print ".It Va " name " Ta " type " Ta " text
}

function field(row,	F) {
	split_row(row, F)
	if (F[0] == "FIELD" || F[0] == "SHARED")
		item(F[3], F[1] " " F[2], F[4])
	else if (F[0] == "WORD" || F[0] == "SHARED_WORD")
		item(F[2], "8 " F[1], F[3])
	else if (F[0] == "TEXT")
		item(F[1], "string", F[2])
}

function close_list() {
	if (listing)
		print ".El"
	listing = 0
}

function open_list(title, text) {
	close_list()
	print ".Ss " title
	say(text)
	print ".Bl " (title ~ /^lw:/ ? "-column allocator_version \"64 address\"" : "-tag -width \"10 deferred\"") " -compact"
	listing = 1
}

function section(title) {
	close_list()
	if (title != heading)
		print ".Sh " title
	if (title == "EVENTS" && title != heading) {
		print "Of each field its bits, its unit or the class of its words, and what it says."
	}
	heading = title
}

BEGIN {
	print ".\\\" Made by manual.awk out of version.h and events.h."
	print ".Dd November 28, 2026\n.Dt LW-TRACE 5\n.Os"
	print ".Sh NAME\n.Nm lw-trace\n.Nd what a recording of a heap says"
	print ".Sh DESCRIPTION"
	print "A recording made by\n.Xr lwtrace 1\nis a folder of traces in the Common Trace Format 1.8,"
	print "as LTTng writes it, and a file\n.Pa lwtrace.json ."
	print "This page is the schema of their events, which\n.Xr lwview 1\nreads."
}

# ---- version.h ----
FNR == NR && /^#define LW_TRACE_FORMAT / { format = $3 }
FNR == NR && match($0, /^ \*   [0-9]+   /) {
	version[versions++] = substr($0, RLENGTH + 1) "."
}
FNR == NR { next }

# ---- the rules, in the comment at the top ----
FNR == 1 { commented = 1 }
commented && (/How to use it/ || match($0, /^ \* [A-Z][a-z]+\.  +/)) {
	if (rule)
		say(rule)
	if (!rule)
		section("RULES")
	if (!rule)
		print ".Bl -tag -width Losses"
	listing = 1
	commented = !/How to use it/
	if (commented)
		print ".It " substr($2, 1, length($2) - 1)
	rule = substr($0, RLENGTH + 1)
	next
}
commented && rule { rule = rule substr($0, 3) }

# ---- the rows ----
/^#define [A-Z]+ +SHARED/ {
	row = $0
	sub(/^#define [A-Z]+ +/, "", row)
	shared[$2] = row
}
/^(WORDS|BITS)\(/ {
	split_row($0, row_of)
	section("WORDS")
	open_list(row_of[1], toupper(substr(row_of[2], 1, 1)) substr(row_of[2], 2) ".")
}
/^\tCODE\(/ {
	sub(/^\t/, "")
	split_row($0, row_of)
	print ".It " row_of[1] " " row_of[3]
	if (row_of[4] != "")
		say(row_of[4] ".")
}
/^EVENT\(/ {
	split_row($0, row_of)
	section("EVENTS")
	open_list("lw:" row_of[2], row_of[3])
}
/^SAME\(/ {
	split_row($0, row_of)
	close_list()
	print ".Ss lw:" row_of[2]
	say(row_of[4])
	print "Its fields are those of\n.Sy lw:" row_of[3] " ."
}
/^\t(FIELD|WORD|TEXT)\(/ { field(substr($0, 2)) }
/^\t[A-Z]+[ A-Z)]*(,|;)?$/ {
	gsub(/[(),;]/, "")
	for (i = 1; i <= NF; i++)
		if ($i in shared)
			field(shared[$i])
}

END {
	section("VERSIONS")
	print "The field\n.Va format\nof\n.Sy lw:process\nand the key\n.Dq format\nof"
	print ".Pa lwtrace.json\nare " format ".\n.Xr lwview 1"
	print "reads all up to its own, and refuses a newer one."
	print "An event or a field that it does not know is skipped,"
	print "and a code without a word is shown with its number, as\n.Dq source 9 ."
	print ".Bl -tag -width Ds"
	for (i = 0; i < versions; i++) {
		print ".It " i
		say(version[i])
	}
	print ".El"
	print ".Sh FILES\n.Bl -tag -width Ds"
	print ".It Pa TRACE/ust/pid/NAME\\-PID\\-DATE\nThe trace of one process image."
	print ".It Pa TRACE/lwtrace.json\nWhat was recorded, how, and how it ended.\n.El"
	print ".Sh EXAMPLES\nRecord a program, and print its events as text:"
	print ".Bd -literal -offset indent"
	print "$ lwtrace record -o trace -- lua5.4 comb.lua\n$ babeltrace2 trace | grep lw:\n.Ed"
	print ".Pp\nThe allocations that failed, with their call sites:"
	print ".Bd -literal -offset indent"
	print "$ babeltrace2 trace | grep \" lw:fail: \"\n.Ed"
	print ".Pp\nThe same, from the database made of it:"
	print ".Bd -literal -offset indent"
	print "$ lwview load trace -o heap.db\n$ lwview sql heap.db \"SELECT * FROM fail\"\n.Ed"
	print ".Sh SEE ALSO\n.Xr babeltrace2 1 ,\n.Xr lwtrace 1 ,\n.Xr lwview 1 ,\n.Xr lttng-ust 3 ,\n.Xr lw-database 5"
}
