# Time against memory: one line for each allocator, from `all` (filled) to `real` (open).
# gnuplot -e "points='FILE'; out='FILE.svg'" picture.gp
# FILE: LABEL CPU-all RSS-all CPU-real RSS-real
paper = '#fdfdfc'
ink = '#333333'
set terminal svg size 760,520 font 'DejaVu Sans,13' background rgb paper
set output out
set title "CPU time and peak memory relative to ptmalloc: nearer to the lower left is better" textcolor rgb ink
set xlabel 'CPU time' textcolor rgb ink
set ylabel 'peak RSS' textcolor rgb ink
set border 3 linecolor rgb '#999999'
set tics nomirror textcolor rgb ink
set format x '%.2f'
set format y '%.1f'
set grid linecolor rgb '#dddddd' linetype 1
stats points using 2 nooutput name 'A'
stats points using 4 nooutput name 'B'
stats points using 3 nooutput name 'C'
stats points using 5 nooutput name 'D'
least(a, b) = a < b ? a : b
most(a, b) = a > b ? a : b
set xrange [least(least(A_min, B_min), 0.9) - 0.05 : most(most(A_max, B_max), 1) + 0.1]
set yrange [least(least(C_min, D_min), 0.95) - 0.05 : most(most(C_max, D_max), 1) + 0.1]
set arrow from graph 0, first 1 to graph 1, first 1 nohead linecolor rgb '#999999' dashtype 3
set arrow from first 1, graph 0 to first 1, graph 1 nohead linecolor rgb '#999999' dashtype 3
set label 'ptmalloc' at 1, 1 point pointtype 7 pointsize 1.1 linecolor rgb ink offset 0.8, 0.8 textcolor rgb ink
set key at graph 0.99, 0.99 right top textcolor rgb ink
array colours[6] = ['#c0392b', '#1f6fb2', '#2e8b57', '#8e5ea2', '#b8860b', '#555555']
colour(n) = colours[1 + int(n) % 6]
n = A_records
plot for [i = 0 : n - 1] points every ::i::i using 2:3:($4 - $2):($5 - $3) with vectors nohead \
	linewidth 1.2 dashtype 2 linecolor rgb colour(i) notitle, \
	for [i = 0 : n - 1] points every ::i::i using 2:3 with points pointtype 7 pointsize 1.3 \
	linecolor rgb colour(i) notitle, \
	for [i = 0 : n - 1] points every ::i::i using 4:5 with points pointtype 6 pointsize 1.3 linewidth 2 \
	linecolor rgb colour(i) notitle, \
	for [i = 0 : n - 1] points every ::i::i using 2:3:1 with labels left offset 0.9, 0.5 \
	textcolor rgb colour(i) notitle, \
	NaN with points pointtype 7 pointsize 1.3 linecolor rgb ink title 'seven groups and the real programs', \
	NaN with points pointtype 6 pointsize 1.3 linewidth 2 linecolor rgb ink title 'real programs alone'
