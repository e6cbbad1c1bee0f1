/* sum.c - see sum.h. */
#include "sum.h"
#include "deadline.h"
#include "recording.h"
#include "trace.h"

enum {
	SHOWN_PROCESSES = 24
};

/* All of them are in lwtrace.json. */
static void say_processes(const struct trace_sum *sum)
{
	for (unsigned i = 0; i < sum->processes && i < SHOWN_PROCESSES; i++)
		msg_note("process  pid %d, %s: %llu facts, %llu lost", sum->process[i].pid,
		         sum->process[i].name, (unsigned long long)sum->process[i].facts,
		         (unsigned long long)sum->process[i].lost);
	if (sum->processes > SHOWN_PROCESSES)
		msg_note("process  and %u more", sum->processes - SHOWN_PROCESSES);
}

/* In seconds.  Writing a fact was measured at 10 clock reads (tests/tracer/overhead.sh); that ratio
 * holds from machine to machine better than a number of nanoseconds does. */
static double cost_of_fact(void)
{
	unsigned long long begin = clock_now();

	for (int i = 0; i < 1000; i++)
		clock_now();
	return 10.0 * (double)(clock_now() - begin) / 1000 / 1e9;
}

static void say_speed(const struct trace_sum *sum, const struct story *story)
{
	double share =
		story->cpu_s > 0 ? 100 * cost_of_fact() * (double)sum->facts / story->cpu_s : 0;

	if (story->wall_s > 0)
		msg_note("speed    %.2f million facts a second",
		         (double)sum->facts / story->wall_s / 1e6);
	if (story->cpu_s > 0)
		msg_note("share    tracing took about %.0f %% of %.2f s CPU",
		         share > 100 ? 100 : share, story->cpu_s);
}

static void say_sum(const struct output *output, const struct trace_sum *sum,
                    const struct story *story)
{
	say_processes(sum);
	msg_note("trace    %s", output->shown);
	msg_note("facts    %llu, lost %llu", (unsigned long long)sum->facts,
	         (unsigned long long)sum->lost);
	msg_note("bytes    %llu (%.1f MiB)", (unsigned long long)sum->bytes,
	         (double)sum->bytes / 1048576);
	say_speed(sum, story);
	msg_note("next     lwview load %s -o %s.db", output->shown, output->shown);
}

static int check_sum(const struct trace_sum *sum)
{
	if (!sum->facts)
		return msg_fail(
			STATUS_FAILED,
			"no fact was recorded: the program brings its own malloc, closed lttng-ust's "
			"files, or cannot reach the session daemon; run `lwtrace doctor`");
	if (sum->damaged)
		msg_note("warning: %u stream files end inside a packet", sum->damaged);
	if (sum->lost)
		msg_note(
			"warning: %llu facts were lost, every figure is a bound: enlarge /dev/shm, or "
			"record to a faster disk",
			(unsigned long long)sum->lost);
	if (sum->lost && recording_options.strict)
		return msg_fail(STATUS_FAILED, "facts were lost: lost=%llu",
		                (unsigned long long)sum->lost);
	return 0;
}

int sum_tell(const struct output *output, const struct story *story)
{
	struct trace_sum sum;
	int status;

	status = trace_sum(output->path, &sum);
	if (status)
		return status;
	output_describe(output, story->argv, story->allocator, story->pid, story->status, &sum);
	if (sum.facts)
		say_sum(output, &sum, story);
	status = check_sum(&sum);
	trace_sum_release(&sum);
	return status;
}
