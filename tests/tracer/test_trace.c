/* test_trace.c - facts and losses are counted from packets that this test writes. */
#include "tracer/recorder/trace.h"

#include "tests/cm.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROCESS "ust/pid/my-prog-42-20260101-000000"

static const char metadata[] =
	"typealias integer { size = 16; align = 8; signed = false; } := uint16_t;\n"
	"typealias integer { size = 32; align = 8; signed = false; } := uint32_t;\n"
	"typealias integer { size = 64; align = 8; signed = false; } := uint64_t;\n"
	"\nevent {\n\tname = \"lw:one\";\n\tid = 0;\n\tstream_id = 0;\n\tfields := struct {\n"
	"\t\tinteger { size = 64; align = 8; } _a;\n"
	"\t\tenum : integer { size = 8; align = 8; } { \"x\" = 0 } _b;\n\t};\n};\n"
	"\nevent {\n\tname = \"lw:two\";\n\tid = 1;\n\tstream_id = 0;\n\tfields := struct {\n"
	"\t\tinteger { size = 32; align = 8; } _a;\n\t\tstring _s;\n\t};\n};\n";

/* As on ARM, where integers are aligned to their size. */
static const char natural[] =
	"typealias integer { size = 16; align = 16; signed = false; } := uint16_t;\n"
	"typealias integer { size = 32; align = 32; signed = false; } := uint32_t;\n"
	"typealias integer { size = 64; align = 64; signed = false; } := uint64_t;\n"
	"\nevent {\n\tname = \"lw:one\";\n\tid = 0;\n\tstream_id = 0;\n\tfields := struct {\n"
	"\t\tinteger { size = 64; align = 64; } _a;\n"
	"\t\tinteger { size = 8; align = 8; } _b;\n\t};\n};\n";

static char folder[] = "/tmp/lwtrace-trace.XXXXXX";
static struct trace_sum sum;

static void put(FILE *file, const void *data, size_t size)
{
	assert_int_equal(fwrite(data, 1, size, file), size);
}

static void put32(FILE *file, uint32_t value)
{
	put(file, &value, 4);
}

static void put64(FILE *file, uint64_t value)
{
	put(file, &value, 8);
}

static void write_metadata(const char *text)
{
	static const char zeros[64];
	FILE *file = fopen(PROCESS "/metadata", "w");
	uint32_t bytes = 37 + (uint32_t)strlen(text);

	assert_non_null(file);
	put32(file, 0x75D11D57);
	put(file, zeros, 20);
	put32(file, bytes * 8);
	put32(file, bytes * 8);
	put(file, "\0\0\0\1\10", 5);
	put(file, text, strlen(text));
	fclose(file);
}

/* A packet of ONES events lw:one and TWOS events lw:two. */
static void write_packet(FILE *file, int ones, int twos, unsigned long discarded)
{
	static const char zeros[64];
	uint64_t content = 84 + (uint64_t)ones * (6 + 9) + (uint64_t)twos * (6 + 4 + 4);

	put32(file, 0xC1FC1FC1);
	put(file, zeros, 16);
	put32(file, 0);
	for (int i = 0; i < 3; i++)
		put64(file, 0);
	put64(file, content * 8);
	put64(file, (content + 16) * 8);
	put64(file, 0);
	put(file, &discarded, sizeof discarded);
	put32(file, 0);
	for (int i = 0; i < ones; i++)
		put(file, "\0\0tttt12345678b", 15);
	for (int i = 0; i < twos; i++)
		put(file, "\1\0tttt1234abc", 14);
	put(file, zeros, 16);
}

static FILE *open_stream(void)
{
	FILE *file = fopen(PROCESS "/lw_0", "w");

	assert_non_null(file);
	return file;
}

static int make_folder(void **state)
{
	(void)state;
	if (sizeof(long) != 8)
		exit(77); /* the packets above are those of a 64-bit machine */
	if (!mkdtemp(folder) || chdir(folder) || mkdir("ust", 0700) || mkdir("ust/pid", 0700))
		return -1;
	return mkdir(PROCESS, 0700);
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(PROCESS "/lw_0");
	unlink(PROCESS "/metadata");
	return rmdir(PROCESS) | rmdir("ust/pid") | rmdir("ust") | chdir("/") | rmdir(folder);
}

static int release(void **state)
{
	(void)state;
	trace_sum_release(&sum);
	return 0;
}

static void events_of_all_packets_are_counted(void **state)
{
	FILE *file = open_stream();

	(void)state;
	write_metadata(metadata);
	write_packet(file, 3, 2, 0);
	write_packet(file, 0, 0, 0);
	write_packet(file, 1, 4, 0);
	fclose(file);
	assert_int_equal(trace_sum(".", &sum), 0);
	assert_int_equal(sum.facts, 10);
	assert_int_equal(sum.lost, 0);
	assert_int_equal(sum.processes, 1);
	assert_int_equal(sum.process[0].pid, 42);
	assert_string_equal(sum.process[0].name, "my-prog");
}

static void the_loss_is_the_largest_count_of_a_stream(void **state)
{
	FILE *file = open_stream();

	(void)state;
	write_metadata(metadata);
	write_packet(file, 1, 0, 5);
	write_packet(file, 1, 0, 0); /* a packet that a preempted thread closed */
	write_packet(file, 1, 0, 9);
	write_packet(file, 1, 0, 7); /* one that was begun before */
	fclose(file);
	assert_int_equal(trace_sum(".", &sum), 0);
	assert_int_equal(sum.facts, 4);
	assert_int_equal(sum.lost, 9);
	assert_int_equal(sum.damaged, 0);
}

static void a_stream_cut_short_is_told(void **state)
{
	FILE *file = open_stream();

	(void)state;
	write_metadata(metadata);
	write_packet(file, 2, 0, 0);
	write_packet(file, 2, 0, 0);
	fclose(file);
	assert_int_equal(truncate(PROCESS "/lw_0", 84 + 2 * 15 + 16 + 100), 0);
	assert_int_equal(trace_sum(".", &sum), 0);
	assert_int_equal(sum.facts, 2);
	assert_int_equal(sum.damaged, 1);
}

static void natural_alignment_is_followed(void **state)
{
	char packet[160] = {0}; /* every event's id is 0, and so is what it holds */
	uint64_t bits = 8 * 137;
	FILE *file = open_stream();

	(void)state;
	write_metadata(natural);
	memcpy(packet, "\301\037\374\301", 4);
	memcpy(packet + 48, &bits, 8);
	bits = 8 * sizeof packet;
	memcpy(packet + 56, &bits, 8);
	put(file, packet, sizeof packet);
	fclose(file);
	assert_int_equal(trace_sum(".", &sum), 0);
	/* 84 + 8 -> 96 + 9 = 105; 106, 108 + 4 = 112 + 9 = 121; 122, 124 + 4 = 128 + 9 = 137 */
	assert_int_equal(sum.facts, 3);
}

static void a_process_that_declared_no_event_is_left_out(void **state)
{
	(void)state;
	fclose(open_stream());
	write_metadata("trace { major = 1; };\n");
	assert_int_equal(trace_sum(".", &sum), 0);
	assert_int_equal(sum.processes, 0);
	assert_int_not_equal(access(PROCESS, F_OK), 0);
	assert_int_equal(mkdir(PROCESS, 0700), 0);
}

static void a_folder_without_trace_holds_no_fact(void **state)
{
	(void)state;
	assert_int_equal(trace_sum("/proc/self/fd", &sum), 0);
	assert_int_equal(sum.facts, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(events_of_all_packets_are_counted, release),
		cmocka_unit_test_teardown(the_loss_is_the_largest_count_of_a_stream, release),
		cmocka_unit_test_teardown(a_stream_cut_short_is_told, release),
		cmocka_unit_test_teardown(natural_alignment_is_followed, release),
		cmocka_unit_test_teardown(a_process_that_declared_no_event_is_left_out, release),
		cmocka_unit_test_teardown(a_folder_without_trace_holds_no_fact, release),
	};

	return run_cases(argc, argv, tests, make_folder, remove_folder);
}
