/* SPDX-License-Identifier: MIT */
/*
 * test_pictures.c - the pure functions behind the pictures: the map's spans, layout and cells,
 * the histogram, the figures, tables as text, HTML, JSON and CSV.
 */

#include "tests/cm.h"

#include "viewer/ask/compare.h"
#include "viewer/draw/cells.h"
#include "viewer/ask/latency.h"
#include "viewer/draw/page.h"
#include "viewer/ask/sheet.h"
#include "viewer/draw/samples.h"

#include <math.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static int64_t split_sum(const struct sample *s)
{
	return s->live + s->slack + s->tracer + s->headers + s->pool_free + s->deferred + s->bins +
	       s->top;
}

/* --- the map's spans ------------------------------------------------------------------------ */

/* The heap of small.sql at fact 9, whose parts are counted there by hand. */
static void build_small(struct heapmap *heap)
{
	struct heap_piece extent[] = {{.address = 0x10000, .length = 8192, .is_brk = true},
	                              {.address = 0x7f0000000000, .length = 4096}};
	struct heap_piece pool[] = {
		{.address = 0x10000, .length = 1024, .object = 16, .capacity = 60, .offset = 64}};
	struct heap_leaf leaf[] = {
		{.address = 0x10040, .usable = 16, .asked = 10, .state = HEAP_LIVE_64},
		{.address = 0x10050, .usable = 16, .asked = 16, .state = HEAP_LIVE_64},
		{.address = 0x10060, .usable = 16, .asked = 12, .state = HEAP_LIVE_64},
		{.address = 0x10400,
	         .usable = 2040,
	         .asked = 2000,
	         .header = 8,
	         .state = HEAP_LIVE_64K},
		{.address = 0x10c00, .usable = 512, .state = HEAP_DEFERRED},
		{.address = 0x11000,
	         .usable = 1016,
	         .asked = 1016,
	         .header = 8,
	         .state = HEAP_TRACER},
		{.address = 0x7f0000000000,
	         .usable = 4080,
	         .asked = 4000,
	         .header = 16,
	         .state = HEAP_LIVE_64K}};
	struct heap_input in = {.extent = extent,
	                        .pool = pool,
	                        .leaf = leaf,
	                        .extents = COUNT(extent),
	                        .pools = COUNT(pool),
	                        .leaves = COUNT(leaf)};

	assert_true(heapmap_build(heap, &in));
}

static void parts_sum_to_the_extent(void **state)
{
	struct heapmap heap;

	(void)state;
	build_small(&heap);
	assert_int_equal(heap.split.extent, 12288);
	assert_int_equal(split_sum(&heap.split), 12288);
	assert_int_equal(heap.split.live, 6038);
	assert_int_equal(heap.split.slack, 130);
	assert_int_equal(heap.split.tracer, 1016);
	assert_int_equal(heap.split.headers, 96);
	assert_int_equal(heap.split.pool_free, 912);
	assert_int_equal(heap.split.deferred, 512);
	assert_int_equal(heap.split.bins, 512);
	assert_int_equal(heap.split.top, 3072);
	assert_int_equal(heap.split.largest_free, 3072);
	assert_int_equal(heap.split.blocks, 5);
	heapmap_release(&heap);
}

static void spans_do_not_overlap_and_cover_the_extent(void **state)
{
	struct heapmap heap;
	uint64_t bytes = 0, end = 0;
	size_t i;

	(void)state;
	build_small(&heap);
	for (i = 0; i < heap.spans; i++) {
		assert_true(heap.span[i].address >= end);
		end = heap.span[i].address + heap.span[i].length;
		bytes += heap.span[i].length;
	}
	assert_int_equal(bytes, 12288);
	heapmap_release(&heap);
}

static void free_run_below_the_break_is_top_others_are_not(void **state)
{
	struct heap_piece extent[] = {{.address = 0x1000, .length = 0x1000, .is_brk = true},
	                              {.address = 0x2000, .length = 0x1000, .is_brk = true},
	                              {.address = 0x90000000000, .length = 0x1000}};
	struct heap_input in = {.extent = extent, .extents = COUNT(extent)};
	struct heapmap heap;

	(void)state;
	assert_true(heapmap_build(&heap, &in));
	assert_int_equal(heap.split.top, 0x2000); /* two moves of the break are one run */
	assert_int_equal(heap.split.bins, 0x1000);
	heapmap_release(&heap);
}

static void bookkeeping_at_the_break_does_not_hide_top(void **state)
{
	struct heap_piece extent[] = {{.address = 0x1000, .length = 0x1000, .is_brk = true}};
	struct heap_piece pool[] = {{.address = 0x1ff8, .length = 8}};
	struct heap_input in = {.extent = extent, .extents = 1, .pool = pool, .pools = 1};
	struct heapmap heap;

	(void)state;
	assert_true(heapmap_build(&heap, &in));
	assert_int_equal(heap.split.top, 0xff8);
	assert_int_equal(heap.split.headers, 8);
	heapmap_release(&heap);
}

static void returned_pages_stay_free_bytes(void **state)
{
	struct heap_piece extent[] = {{.address = 0x10000, .length = 0x4000}};
	struct heap_piece returned[] = {{.address = 0x11000, .length = 0x1000}};
	struct heap_input in = {
		.extent = extent, .extents = 1, .returned = returned, .returneds = 1};
	struct heapmap heap;

	(void)state;
	assert_true(heapmap_build(&heap, &in));
	assert_int_equal(heap.split.bins, 0x4000);
	assert_int_equal(heap.returned, 0x1000);
	assert_int_equal(heap.split.largest_free, 0x4000);
	assert_int_equal(heap.spans, 3);
	assert_int_equal(heap.span[1].state, HEAP_RETURNED);
	heapmap_release(&heap);
}

/* A lossy trace may say so; the parts still sum. */
static void blocks_that_overlap_are_cut(void **state)
{
	struct heap_piece extent[] = {{.address = 0x1000, .length = 0x1000, .is_brk = true}};
	struct heap_leaf leaf[] = {
		{.address = 0x0f00, .usable = 0x200, .asked = 0x200, .state = HEAP_LIVE_1K},
		{.address = 0x1080, .usable = 0x100, .asked = 0x100, .state = HEAP_LIVE_1K},
		{.address = 0x1f00, .usable = 0x900, .asked = 0x900, .state = HEAP_LIVE_64K}};
	struct heap_input in = {
		.extent = extent, .extents = 1, .leaf = leaf, .leaves = COUNT(leaf)};
	struct heapmap heap;

	(void)state;
	assert_true(heapmap_build(&heap, &in));
	assert_int_equal(split_sum(&heap.split), 0x1000);
	assert_int_equal(heap.split.live, 0x280);
	heapmap_release(&heap);
}

/* --- layout and cells ----------------------------------------------------------------------- */

static void regions_far_apart_are_parted_by_a_blank_row(void **state)
{
	struct heap_layout l;
	struct heapmap heap;

	(void)state;
	build_small(&heap);
	assert_true(heap_layout_init(&l, &heap, 64, 24, 0, 0));
	assert_int_equal(l.segments, 2);
	assert_int_equal(l.segment[0].row, 0);
	assert_int_equal(l.segment[1].row, (int)(8192 / l.row_bytes) + 1);
	assert_int_equal(l.rows, l.segment[1].row + (int)(4096 / l.row_bytes));
	heap_layout_release(&l);
	heapmap_release(&heap);
}

static void layout_keeps_to_its_rows_and_to_a_given_scale(void **state)
{
	struct heap_layout l;
	struct heapmap heap;

	(void)state;
	build_small(&heap);
	assert_true(heap_layout_init(&l, &heap, 64, 5, 0, 0));
	assert_true(l.rows <= 5);
	assert_int_equal(l.row_bytes % 64, 0);
	heap_layout_release(&l);
	assert_true(heap_layout_init(&l, &heap, 64, 1, 65536, 0));
	assert_int_equal(l.row_bytes, 65536);
	heap_layout_release(&l);
	heapmap_release(&heap);
}

static void area_of_a_colour_is_its_share_of_the_bytes(void **state)
{
	struct heap_piece extent[] = {{.address = 0, .length = 1 << 20, .is_brk = false}};
	struct heap_leaf leaf[512];
	struct heap_input in = {
		.extent = extent, .extents = 1, .leaf = leaf, .leaves = COUNT(leaf)};
	struct heapmap heap;
	struct heap_layout l;
	unsigned char *cells;
	size_t i, live = 0;

	(void)state;
	/* Every 2 KiB begin with 96 live bytes: by majority, no cell of 1 KiB would show them. */
	for (i = 0; i < COUNT(leaf); i++)
		leaf[i] = (struct heap_leaf){
			.address = i * 2048, .usable = 96, .asked = 96, .state = HEAP_LIVE_1K};
	assert_true(heapmap_build(&heap, &in));
	assert_true(heap_layout_init(&l, &heap, 64, 16, 65536, 0));
	cells = heapmap_cells(&heap, &l);
	assert_non_null(cells);
	for (i = 0; i < (size_t)l.rows * 64; i++)
		live += cells[i] == HEAP_LIVE_1K;
	assert_in_range(live, 512 * 96 / 1024 - 1, 512 * 96 / 1024 + 1);
	free(cells);
	heap_layout_release(&l);
	heapmap_release(&heap);
}

static void huge_block_is_broken_and_told(void **state)
{
	struct heap_piece extent[] = {{.address = 0x10000, .length = 0x20000, .is_brk = true},
	                              {.address = 0x7f0000000000, .length = (uint64_t)1 << 32}};
	struct heap_leaf leaf[] = {
		{.address = 0x10000, .usable = 0x8000, .asked = 0x8000, .state = HEAP_LIVE_64K},
		{.address = 0x7f0000000000,
	         .usable = (uint64_t)1 << 32,
	         .asked = 1,
	         .state = HEAP_LIVE_BIG}};
	struct heap_input in = {.extent = extent, .extents = 2, .leaf = leaf, .leaves = 2};
	struct heapmap heap;
	struct heap_layout l;
	unsigned char *cells;
	size_t i, big = 0;

	(void)state;
	assert_true(heapmap_build(&heap, &in));
	assert_true(heap_layout_init(&l, &heap, 64, 16, 0, heapmap_huge(&heap)));
	assert_int_equal(heapmap_huge(&heap), (uint64_t)1 << 32);
	assert_int_equal(l.row_bytes, 16384); /* as if the huge one were not there */
	assert_int_equal(l.segments, 3);
	assert_int_equal(l.segment[2].skipped, ((uint64_t)1 << 32) - 4 * l.row_bytes);
	assert_int_equal(l.segment[2].row, l.segment[1].row + 3);
	cells = heapmap_cells(&heap, &l);
	assert_non_null(cells);
	for (i = 0; i < (size_t)l.rows * 64; i++)
		big += cells[i] == HEAP_LIVE_BIG;
	assert_int_equal(big, 4 * 64);
	free(cells);
	heap_layout_release(&l);
	heapmap_release(&heap);
}

static void even_heap_has_no_outlier(void **state)
{
	struct heapmap heap;

	(void)state;
	build_small(&heap);
	assert_int_equal(heapmap_huge(&heap), 0);
	heapmap_release(&heap);
}

static void clip_keeps_what_lies_between(void **state)
{
	struct heapmap heap;

	(void)state;
	build_small(&heap);
	heapmap_clip(&heap, 0x10c00, 0x11000);
	assert_int_equal(heap.spans, 2);
	assert_int_equal(heap.span[0].state, HEAP_DEFERRED);
	assert_int_equal(heap.span[1].state, HEAP_FREE);
	heapmap_release(&heap);
}

/* --- histogram ------------------------------------------------------------------------------ */

static void every_time_lies_in_its_bucket(void **state)
{
	int64_t ns;

	(void)state;
	for (ns = 0; ns < (int64_t)1 << 40; ns += 1 + ns / 7) {
		int b = bucket_of(ns);

		assert_true(b >= 0 && b < HISTOGRAM_BUCKETS);
		assert_true(bucket_low(b) <= ns && ns < bucket_low(b + 1));
	}
	assert_true(bucket_of(INT64_MAX) < HISTOGRAM_BUCKETS);
}

static void percentiles_are_never_too_low_and_max_is_exact(void **state)
{
	struct histogram *h = calloc(1, sizeof(*h));
	int64_t ns;

	(void)state;
	assert_non_null(h);
	assert_int_equal(histogram_percentile(h, 0.5), 0);
	for (ns = 1; ns <= 10000; ns++)
		histogram_add(h, ns, 1, ns, ns);
	assert_in_range(histogram_percentile(h, 0.5), 5000, 5000 + 5000 / 16);
	assert_in_range(histogram_percentile(h, 0.99), 9900, 10000);
	assert_int_equal(histogram_percentile(h, 1), 10000);
	assert_int_equal(histogram_percentile(h, 0), 1);
	assert_int_equal(h->calls, 10000);
	free(h);
}

/* --- figures -------------------------------------------------------------------------------- */

static void change_is_signed_and_never_infinite(void **state)
{
	(void)state;
	assert_string_equal(change_text(200, 150).text, "-25.0 %");
	assert_string_equal(change_text(200, 250).text, "+25.0 %");
	assert_string_equal(change_text(7, 7).text, "no difference");
	assert_string_equal(change_text(0, 7).text, "-");
	assert_string_equal(change_text(0, 0).text, "no difference");
	assert_string_equal(change_text(NAN, 7).text, "-");
	assert_string_equal(change_text(2, 50).text, "x 25.0");
}

/* --- tables --------------------------------------------------------------------------------- */

static char *written(const struct sheet *t, void (*write)(const struct sheet *, FILE *))
{
	size_t size;
	char *text;
	FILE *f = open_memstream(&text, &size);

	write(t, f);
	fclose(f);
	return text;
}

static void html_page(const struct sheet *t, FILE *f)
{
	sheet_html(t, "id", f);
}

static void sheet_speaks_four_languages(void **state)
{
	struct sheet t;
	char *text;

	(void)state;
	sheet_init(&t, "<name|>size");
	sheet_text(&t, "<b>\"a\", & 'c'");
	sheet_bytes(&t, 1536);
	text = written(&t, sheet_print);
	assert_string_equal(text, "name               size\n"
	                          "-----------------------\n"
	                          "<b>\"a\", & 'c'  1.50 KiB\n");
	free(text);
	text = written(&t, sheet_json);
	assert_string_equal(text, "[\n{\"name\": \"<b>\\\"a\\\", & 'c'\", \"size\": 1536}\n]\n");
	free(text);
	text = written(&t, sheet_csv);
	assert_string_equal(text, "name,size\n\"<b>\"\"a\"\", & 'c'\",1536\n");
	free(text);
	text = written(&t, html_page);
	assert_non_null(strstr(text, "<td>&lt;b&gt;&quot;a&quot;, &amp; &#39;c&#39;</td>"));
	assert_non_null(strstr(text, "title=\"1536\">1.50 KiB</td>"));
	free(text);
	sheet_release(&t);
}

static void a_carriage_return_in_csv_is_quoted(void **state)
{
	struct sheet t;
	char *text;

	(void)state;
	sheet_init(&t, "<name");
	sheet_text(&t, "a\rb");
	text = written(&t, sheet_csv);
	assert_string_equal(text, "name\n\"a\rb\"\n");
	free(text);
	sheet_release(&t);
}

static void pictures_on_one_page_keep_apart(void **state)
{
	static const char svg[] =
		"<?xml version=\"1.0\"?>\n<svg viewBox=\"0 0 1 1\"><title>Gnuplot</title>"
		"<g id=\"a\" color=\"black\" fill=\"rgb(36,41,47)\">"
		"<use xlink:href='#b'/><path fill='url(#c)'/></g></svg>\n";
	size_t size;
	char *text;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	svg_inline(svg, 7, f);
	fclose(f);
	assert_string_equal(text, "<svg viewBox=\"0 0 1 1\"><g id=\"p7a\" fill=\"currentColor\">"
	                          "<use xlink:href='#p7b'/><path fill='url(#p7c)'/></g></svg>\n");
	free(text);
	f = open_memstream(&text, &size);
	svg_inline("no picture", 1, f);
	fclose(f);
	assert_string_equal(text, "");
	free(text);
}

static void figures_read_well(void **state)
{
	(void)state;
	assert_string_equal(count_text(1234567).text, "1 234 567");
	assert_string_equal(count_text(-1000).text, "-1 000");
	assert_string_equal(percent_text(0.1234).text, "12.3 %");
	assert_string_equal(percent_text(NAN).text, "-");
	assert_string_equal(latency_text(10, 20).text, "< 20 ns");
	assert_string_equal(latency_text(30, 20).text, "30 ns");
	assert_string_equal(short_size(65536).text, "64 KiB");
	assert_string_equal(short_size(1536).text, "1.5 KiB");
	assert_string_equal(short_size(100).text, "100 B");
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_sum_to_the_extent),
		cmocka_unit_test(spans_do_not_overlap_and_cover_the_extent),
		cmocka_unit_test(free_run_below_the_break_is_top_others_are_not),
		cmocka_unit_test(bookkeeping_at_the_break_does_not_hide_top),
		cmocka_unit_test(returned_pages_stay_free_bytes),
		cmocka_unit_test(blocks_that_overlap_are_cut),
		cmocka_unit_test(regions_far_apart_are_parted_by_a_blank_row),
		cmocka_unit_test(layout_keeps_to_its_rows_and_to_a_given_scale),
		cmocka_unit_test(area_of_a_colour_is_its_share_of_the_bytes),
		cmocka_unit_test(huge_block_is_broken_and_told),
		cmocka_unit_test(even_heap_has_no_outlier),
		cmocka_unit_test(clip_keeps_what_lies_between),
		cmocka_unit_test(every_time_lies_in_its_bucket),
		cmocka_unit_test(percentiles_are_never_too_low_and_max_is_exact),
		cmocka_unit_test(change_is_signed_and_never_infinite),
		cmocka_unit_test(sheet_speaks_four_languages),
		cmocka_unit_test(a_carriage_return_in_csv_is_quoted),
		cmocka_unit_test(pictures_on_one_page_keep_apart),
		cmocka_unit_test(figures_read_well),
	};

	return run_cases(argc, argv, tests, NULL, NULL);
}
