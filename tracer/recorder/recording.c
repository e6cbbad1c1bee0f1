#include "recording.h"
#include "deadline.h"

enum {
	SHOWN_PROCESSES = 24
};

static struct {
	const char *output; /* -o, NULL: a folder named after the program */
	bool force, strict;
	int64_t max_size, max_time; /* bytes, ns; 0: no limit */
} options;

const struct option_row recording_rows[] = {
	{'o', "output", &option_text, &options.output, "DIR",
         "the trace's folder (default: lwtrace-PROGRAM-PID)"},
	{'f', "force", &option_flag, &options.force, NULL,
         "replace DIR if it holds an earlier trace"},
	{0, "max-size", &option_size, &options.max_size, "N",
         "stop recording at N bytes (K, M, G); the program runs on"},
	{0, "max-time", &option_span, &options.max_time, "N",
         "stop recording after N seconds (ms, s, m, h); the program\nruns on"},
	{0, "strict", &option_flag, &options.strict, NULL, "status 125 when facts were lost"},
	OPTION_END,
};

/* ---- beginning -------------------------------------------------------------------------- */

int recording_prepare(struct recording *recording, const char *program)
{
	int status;

	recording->daemon.lock = -1;
	if (recording->session.url &&
	    (options.output || options.force || options.max_size || options.strict))
		return msg_fail(STATUS_FAILED, "--to goes without -o, -f, --max-size and --strict: "
		                               "the relay daemon writes the trace");
	status = buffers_fit(&recording->session.buffers);
	if (status || recording->session.url)
		return status;
	return output_make(&recording->output, options.output, program, options.force);
}

int recording_start(struct recording *recording)
{
	const struct buffers *buffers = &recording->session.buffers;
	int status = sessiond_open(&recording->daemon);

	if (status)
		return status;
	msg_step("buffers: %llu x %llu KiB for each of %u CPUs and process, of %llu MiB in "
	         "/dev/shm",
	         buffers->subbuf_count, buffers->subbuf_size >> 10, buffers->cpus,
	         buffers->shm_free >> 20);
	status = session_open(&recording->session, recording->output.path);
	recording->started = clock_now();
	return status;
}

bool recording_limit(const struct recording *recording)
{
	if (options.max_time && clock_now() - recording->started >= (uint64_t)options.max_time) {
		msg_note("recording stopped: %g seconds are over; the program runs on",
		         (double)options.max_time / 1e9);
		return true;
	}
	if (options.max_size && recording->output.made &&
	    trace_bytes(recording->output.path) >= (uint64_t)options.max_size) {
		msg_note("recording stopped: %.1f MiB are written; the program runs on",
		         (double)options.max_size / 1048576);
		return true;
	}
	return false;
}

/* ---- the last words ---------------------------------------------------------------------- */

/* All of them are in lwtrace.json. */
static void say_processes(const struct trace_sum *sum)
{
	for (unsigned i = 0; i < sum->processes && i < SHOWN_PROCESSES; i++)
		msg_note("process  pid %d, %s: %llu facts, %llu lost", sum->process[i].pid,
		         sum->process[i].name, sum->process[i].facts, sum->process[i].lost);
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

static void say_speed(const struct trace_sum *sum, const struct recording *recording)
{
	double share = recording->cpu_s > 0
	                       ? 100 * cost_of_fact() * (double)sum->facts / recording->cpu_s
	                       : 0;

	if (recording->wall_s > 0)
		msg_note("speed    %.2f million facts a second",
		         (double)sum->facts / recording->wall_s / 1e6);
	if (recording->cpu_s > 0)
		msg_note("share    tracing took about %.0f %% of %.2f s CPU",
		         share > 100 ? 100 : share, recording->cpu_s);
}

static void say_sum(const struct trace_sum *sum, const struct recording *recording)
{
	const char *folder = recording->output.shown;

	say_processes(sum);
	msg_note("trace    %s", folder);
	msg_note("facts    %llu, lost %llu", sum->facts, sum->lost);
	msg_note("bytes    %llu (%.1f MiB)", sum->bytes, (double)sum->bytes / 1048576);
	say_speed(sum, recording);
	msg_note("next     lwview load %s -o %s.db", folder, folder);
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
			sum->lost);
	if (sum->lost && options.strict)
		return msg_fail(STATUS_FAILED, "facts were lost: lost=%llu", sum->lost);
	return 0;
}

static int tell(const struct recording *recording)
{
	struct trace_sum sum;
	int status = trace_sum(recording->output.path, &sum);

	if (status)
		return status;
	output_describe(&recording->output, recording->argv, recording->allocator, recording->pid,
	                recording->status, &sum);
	if (sum.facts)
		say_sum(&sum, recording);
	status = check_sum(&sum);
	trace_sum_release(&sum);
	return status;
}

int recording_stop(struct recording *recording)
{
	if (!recording->session.created)
		return 0;
	recording->wall_s = (double)(clock_now() - recording->started) / 1e9;
	return session_stop(&recording->session);
}

int recording_end(struct recording *recording, bool ran)
{
	int stopped = recording_stop(recording), told = 0;

	sessiond_close(&recording->daemon);
	if (!ran)
		output_discard(&recording->output);
	else if (recording->session.url)
		msg_note("streamed to %s; there: lwview load, in the relay daemon's output folder",
		         recording->session.url);
	else
		told = tell(recording);
	return stopped ? stopped : told;
}
