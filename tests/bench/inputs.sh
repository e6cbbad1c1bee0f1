#!/bin/sh
# Makes the inputs of the real programs in the folder $1: the same bytes on every machine.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
cp "$here"/real/* .
c++ -O2 -std=c++17 containers.cc -o containers
# redis-tools has the server's program under another name, and starts no daemon when it is installed.
ln -sf "$(command -v redis-check-rdb)" redis-server

awk 'BEGIN {
	printf "["
	for (i = 0; i < 40000; i++)
		printf "%s{\"id\":%d,\"name\":\"item %d\",\"tags\":[\"%d\",\"%d\"],\"price\":%d.5}\n", \
			i ? "," : "", i, i, i % 97, i % 13, i
	print "]" }' >input.json

awk 'BEGIN {
	print "<?xml version=\"1.0\"?><root>"
	for (i = 0; i < 120000; i++)
		printf "<a id=\"n%d\" kind=\"%d\"><b>text %d &amp; more</b><c/></a>\n", i, i % 7, i
	print "</root>" }' >input.xml

# Is there a product of two 13-bit numbers that is this 26-bit one? Eight times.
awk 'BEGIN {
	w = 26
	for (i = 0; i < 8; i++) {
		printf "(push)(declare-const a (_ BitVec %d))(declare-const b (_ BitVec %d))\n", w, w
		printf "(assert (= (bvmul a b) (_ bv%d %d)))\n", 33554393 - 1000 * i, w
		printf "(assert (bvugt a (_ bv1 %d)))(assert (bvugt b (_ bv1 %d)))\n", w, w
		printf "(assert (bvult a (_ bv8192 %d)))(assert (bvult b (_ bv8192 %d)))\n", w, w
		print "(check-sat)(pop)"
	}
}' >products.smt2

awk 'BEGIN {
	print "%!PS"
	for (p = 0; p < 12; p++) {
		print "/Helvetica findfont 9 scalefont setfont"
		for (i = 0; i < 3000; i++)
			printf "%d %d moveto (line %d of page %d) dup length string copy show\n", \
				i * 37 % 560, i * 11 % 780, i, p
		print "/d 5000 dict def 0 1 4999 { dup 20 string cvs cvn d exch 3 -1 roll put } for"
		print "showpage"
	}
}' >input.ps

awk 'BEGIN {
	print "extern int g(int, ...); struct s { int a, b; struct s *n; };"
	for (i = 0; i < 70; i++) {
		printf "static int f%d(struct s *p, int k)\n{\n\tint t = %d;\n", i, i
		printf "\tfor (int i = 0; i < k; i++) {\n\t\tswitch ((p->a + i) & 7) {\n"
		for (c = 0; c < 6; c++)
			printf "\t\tcase %d: t += p->b * %d + g(i, \"text %d %d\"); break;\n", c, c + i, i, c
		printf "\t\tdefault: p = p->n; }\n\t\tif (!p) return t %% %d;\n\t}\n\treturn t;\n}\n", i + 3
	}
	print "int all(struct s *p, int k)\n{\n\tint t = 0;"
	for (i = 0; i < 70; i++)
		printf "\tt ^= f%d(p, k + %d);\n", i, i
	print "\treturn t;\n}"
}' >input.c
