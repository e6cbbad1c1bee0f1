#!/bin/sh
# Makes the inputs of the programs in workloads.after in the folder $1: the same on every machine.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
cp "$here"/after/* .

awk 'BEGIN {
	s = 1
	for (i = 0; i < 120000; i++) {
		s = (s * 1103515245 + 12345) % 2147483648
		printf "key%d field%d %d\n", s % 30000, i % 211, i
	}
}' >words.txt

awk 'BEGIN {
	print "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"200\" height=\"200\">"
	for (i = 0; i < 12000; i++)
		printf "<g class=\"c%d\" transform=\"translate(%d,%d)\"><path d=\"M0 0 L%d 3 C1 2 3 4 5 6 Z\" " \
			"style=\"fill:#%06x;stroke:none\"/></g>\n", i % 50, i % 190, i * 7 % 190, i % 9, i * 7919 % 16777216
	print "</svg>"
}' >drawing.svg

# A PDF of 9,000 small objects with its table of offsets.
awk '
function put(s) {
	printf "%s\n", s
	offset += length(s) + 1
}
function object(n, s) {
	at[n] = offset
	put(n " 0 obj\n" s "\nendobj")
}
BEGIN {
	n = 9000
	put("%PDF-1.4")
	object(1, "<</Type/Catalog/Pages 2 0 R/Things 4 0 R>>")
	object(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>")
	object(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]>>")
	for (i = 4; i < n; i++)
		object(i, sprintf("<</Next %d 0 R/Name/Item%d/Text(number %d)/Box[%d %d %d.5 true null]" \
			"/Sub<</A %d/B[(x)(y)]>>>>", i + 1, i, i, i, i % 7, i, i % 11))
	object(n, "<</Last true>>")
	start = offset
	printf "xref\n0 %d\n0000000000 65535 f \n", n + 1
	for (i = 1; i <= n; i++)
		printf "%010d 00000 n \n", at[i]
	printf "trailer\n<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n", n + 1, start
}' >objects.pdf

# 250 commits of 12 files each.
awk 'BEGIN {
	for (c = 1; c <= 250; c++) {
		printf "commit refs/heads/main\nmark :%d\ncommitter A <a@b> %d +0000\n", c, 1000000000 + c * 60
		printf "data 11\ncommit %03d\n\n", c
		if (c > 1)
			printf "from :%d\n", c - 1
		for (f = 0; f < 12; f++) {
			text = ""
			for (l = 0; l < 60; l++)
				text = text sprintf("line %d of file %d %d\n", l, f, l * c * 7919 % (5 + f) < 2 ? c : l * f)
			printf "M 644 inline dir%d/file%d.txt\ndata %d\n%s\n", f % 4, f * 7 + c % 9, length(text), text
		}
		print ""
	}
}' >history
rm -rf history.git
git -c init.defaultBranch=main init -q --bare history.git
git -C history.git fast-import --quiet <history
rm history
