/* SPDX-License-Identifier: MIT */
/* Damaged traces: what is whole is kept, traces are never changed, nothing is left behind. */
#include "tests/cm.h"

#include "ctf_write.h"
#include "viewer/load/repair.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACKET 4096

struct trace {
	char root[64];      /* everything */
	char directory[96]; /* the trace */
	char scratch[96];
};

static char *path_of(const struct trace *t, const char *name)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", t->directory, name);
	return path;
}

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? -1 : st.st_size;
}

/* Three packets, and metadata of several packets. */
static int make_trace(void **state)
{
	struct trace *t = calloc(1, sizeof(*t));
	struct ctf_writer_spec spec = {
		.host = "h", .program = "p", .pid = 5, .packet_size = PACKET};
	struct ctf_writer *w;

	strcpy(t->root, "/tmp/test_repair_XXXXXX");
	assert_non_null(mkdtemp(t->root));
	snprintf(t->directory, sizeof(t->directory), "%s/t", t->root);
	snprintf(t->scratch, sizeof(t->scratch), "%s/s", t->root);
	mkdir(t->scratch, 0700);
	spec.directory = t->directory;
	w = ctf_writer_open(&spec);
	for (uint64_t i = 0; i < 3; i++) {
		const uint64_t sbrk[] = {4096, 8192, 10 + i, 1, 1, 0, 0};

		ctf_write(w, "sbrk", 10 + i, sbrk, NULL);
		ctf_flush(w);
	}
	ctf_writer_close(w);
	assert_int_equal(size_of(path_of(t, "ch_0")), 3 * PACKET);
	*state = t;
	return 0;
}

static int remove_trace(void **state)
{
	struct trace *t = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", t->root);
	free(t);
	return system(command);
}

static int count_entries(const char *directory)
{
	DIR *d = opendir(directory);
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void write_at(const char *path, off_t at, const void *data, size_t size)
{
	FILE *f = fopen(path, "r+");

	assert_non_null(f);
	fseek(f, at, SEEK_SET);
	assert_int_equal(fwrite(data, 1, size, f), size);
	fclose(f);
}

/* Mends the trace and tells how many bytes of the stream are left; -1: no stream. */
static off_t mended_size(const struct trace *t, int64_t damaged)
{
	struct repair r;
	char path[4200];
	off_t size;

	assert_int_equal(repair_trace(&r, t->directory, t->scratch), STATUS_OK);
	assert_int_equal(r.damaged, damaged);
	assert_int_equal(damaged != 0, strcmp(r.path, t->directory) != 0);
	snprintf(path, sizeof(path), "%s/ch_0", r.path);
	size = size_of(path);
	repair_release(&r);
	assert_int_equal(count_entries(t->scratch), 0);
	return size;
}

static void a_sound_trace_is_read_where_it_is(void **state)
{
	assert_int_equal(mended_size(*state, 0), 3 * PACKET);
}

static void a_stream_cut_in_a_packet_keeps_the_whole_ones(void **state)
{
	const struct trace *t = *state;

	assert_int_equal(truncate(path_of(t, "ch_0"), 2 * PACKET + 100), 0);
	assert_int_equal(mended_size(t, 1), 2 * PACKET);
	assert_int_equal(size_of(path_of(t, "ch_0")), 2 * PACKET + 100);
	assert_int_equal(truncate(path_of(t, "ch_0"), 2 * PACKET + 10), 0);
	assert_int_equal(mended_size(t, 1), 2 * PACKET);
}

static void a_stream_cut_in_its_first_packet_is_left_out(void **state)
{
	assert_int_equal(truncate(path_of(*state, "ch_0"), 50), 0);
	assert_int_equal(mended_size(*state, 1), -1);
}

static void an_empty_stream_is_sound(void **state)
{
	assert_int_equal(truncate(path_of(*state, "ch_0"), 0), 0);
	assert_int_equal(mended_size(*state, 0), 0);
}

static void a_tail_of_zeros_after_the_last_packet_is_cut(void **state)
{
	assert_int_equal(truncate(path_of(*state, "ch_0"), 5 * PACKET), 0);
	assert_int_equal(mended_size(*state, 1), 3 * PACKET);
}

static void a_packet_whose_content_ends_in_zeros_is_cut(void **state)
{
	const uint64_t content = 2000 * 8;
	const char *path = path_of(*state, "ch_0");

	/* The header of the third one promises content that never reached the disk. */
	write_at(path, 2 * PACKET + 48, &content, sizeof(content));
	assert_int_equal(mended_size(*state, 1), 2 * PACKET);
}

static void a_packet_without_its_magic_number_is_cut(void **state)
{
	write_at(path_of(*state, "ch_0"), PACKET, "junk", 4);
	assert_int_equal(mended_size(*state, 1), PACKET);
}

static void a_packet_of_impossible_size_is_cut(void **state)
{
	const uint64_t size = 8;

	write_at(path_of(*state, "ch_0"), PACKET + 56, &size, sizeof(size));
	assert_int_equal(mended_size(*state, 1), PACKET);
}

/* What babeltrace2 would loop over for ever. */
static void metadata_shorter_than_its_first_packet_is_bad_input(void **state)
{
	const struct trace *t = *state;
	struct repair r;

	assert_int_equal(truncate(path_of(t, "metadata"), 1000), 0);
	assert_int_equal(repair_trace(&r, t->directory, t->scratch), STATUS_INPUT);
	assert_int_equal(truncate(path_of(t, "metadata"), 0), 0);
	assert_int_equal(repair_trace(&r, t->directory, t->scratch), STATUS_INPUT);
	assert_int_equal(count_entries(t->scratch), 0);
}

static void cut_metadata_keeps_its_whole_declarations(void **state)
{
	const struct trace *t = *state;
	off_t whole = size_of(path_of(t, "metadata"));
	struct repair r;
	char path[4200], tail[4] = "";
	FILE *f;

	assert_true(whole >= 2 * 4096);
	assert_int_equal(truncate(path_of(t, "metadata"), whole - 4096 - 500), 0);
	assert_int_equal(repair_trace(&r, t->directory, t->scratch), STATUS_OK);
	assert_int_equal(r.damaged, 1);
	snprintf(path, sizeof(path), "%s/metadata", r.path);
	f = fopen(path, "r");
	assert_non_null(f);
	fseek(f, -2, SEEK_END);
	assert_int_equal(fread(tail, 1, 2, f), 2);
	assert_string_equal(tail, "};");
	fclose(f);
	repair_release(&r);
}

static void metadata_of_zeros_is_bad_input(void **state)
{
	static const char zeros[4096 * 8];
	const struct trace *t = *state;
	struct repair r;

	write_at(path_of(t, "metadata"), 0, zeros, (size_t)size_of(path_of(t, "metadata")));
	assert_int_equal(repair_trace(&r, t->directory, t->scratch), STATUS_INPUT);
}

int main(int argc, char **argv)
{
#define WITH_TRACE(test) cmocka_unit_test_setup_teardown(test, make_trace, remove_trace)
	const struct CMUnitTest tests[] = {
		WITH_TRACE(a_sound_trace_is_read_where_it_is),
		WITH_TRACE(a_stream_cut_in_a_packet_keeps_the_whole_ones),
		WITH_TRACE(a_stream_cut_in_its_first_packet_is_left_out),
		WITH_TRACE(an_empty_stream_is_sound),
		WITH_TRACE(a_tail_of_zeros_after_the_last_packet_is_cut),
		WITH_TRACE(a_packet_whose_content_ends_in_zeros_is_cut),
		WITH_TRACE(a_packet_without_its_magic_number_is_cut),
		WITH_TRACE(a_packet_of_impossible_size_is_cut),
		WITH_TRACE(metadata_shorter_than_its_first_packet_is_bad_input),
		WITH_TRACE(cut_metadata_keeps_its_whole_declarations),
		WITH_TRACE(metadata_of_zeros_is_bad_input),
	};

	return run_cases(argc, argv, tests, NULL, NULL);
}
