# Prints the manual page lw-database(5) from viewer/schema.sql: its head, every table with its columns
# and their comments, every view with the comment in front of it and its text.

# As it is, for a display.
function literal(s) {
	gsub(/\\/, "\\e", s)
	sub(/^[.']/, "\\\\\\&&", s)
	return s
}

# A sentence a line, no line longer than a screen.
function text(s, out, line, n, i, words) {
	n = split(s, words, " ")
	for (i = 1; i <= n; i++) {
		if (line != "" && (length(line " " words[i]) > 78 || line ~ /\.$/ && words[i] ~ /^[A-Z]/)) {
			out = out literal(line) "\n"
			line = ""
		}
		line = line (line == "" ? "" : " ") words[i]
	}
	return out literal(line)
}

function column() {
	if (name != "")
		printf ".It Va %s\n%s\n", name, text(said == "" ? common[name] : said)
	name = said = ""
}

BEGIN {
	common["process"] = "process.id"
	common["seq"] = common["begin_seq"] = common["finish_seq"] = "running number of a fact"
	common["tid"] = "thread id on its host"
	print ".Dd November 28, 2026\n.Dt LW-DATABASE 5\n.Os\n.Sh NAME\n.Nm lw-database"
	print ".Nd what one recording says about the heaps of its processes"
	print ".Sh DESCRIPTION\n.Bd -literal"
	head = 1
}

head && /^--/ { sub(/^-- ?/, ""); print literal($0); next }
head { print ".Ed\n.Ss Tables"; head = 0 }

/^PRAGMA user_version/ { print "The version of the schema is", $4 + 0 ", PRAGMA user_version." }

/^CREATE TABLE/ {
	printf ".Ss %s\n", $3
	sub(/.*-- */, "")
	print text($0 ".")
	print ".Bl -tag -width Ds"
	table = 1
	next
}
table && /^\)/ { column(); print ".El"; table = 0; next }
table && /^\t[a-z]/ {
	column()
	name = $1
	if (name == "PRIMARY")
		name = ""
	else if (match($0, /-- */))
		said = substr($0, RSTART + RLENGTH)
	next
}
table && match($0, /-- */) { said = said " " substr($0, RSTART + RLENGTH); next }

/^-- [a-z_]+: / { said = $0; sub(/^-- [a-z_]+: /, "", said); next }
/^--/ { sub(/^-- ?/, ""); said = said (said == "" ? "" : " ") $0; next }
/^CREATE VIEW/ {
	printf ".Ss %s (view)\n%s\n.Bd -literal\n", $3, text(said ".")
	said = ""
	view = 1
	next
}
view { print literal($0) }
view && /;/ { print ".Ed"; view = 0 }
/^$/ { said = "" }

END { print ".Sh SEE ALSO\n.Xr lwview 1 ,\n.Xr sqlite3 1 ,\n.Xr lw-metrics 7" }
