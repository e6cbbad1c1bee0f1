/* recording.c - see recording.h. */
#include "recording.h"
#include "deadline.h"

struct recording_options recording_options;

const struct option_row recording_rows[] = {
	{'o', "output", &option_text, &recording_options.output, "DIR",
         "the trace's folder (default: lwtrace-PROGRAM-PID)"},
	{'f', "force", &option_flag, &recording_options.force, NULL,
         "replace DIR if it holds an earlier trace"},
	{0, "max-size", &option_size, &recording_options.max_size, "N",
         "stop recording at N bytes (K, M, G); the program runs on"},
	{0, "max-time", &option_span, &recording_options.max_time, "N",
         "stop recording after N seconds (ms, s, m, h); the program\nruns on"},
	{0, "strict", &option_flag, &recording_options.strict, NULL,
         "status 125 when facts were lost"},
	OPTION_END,
};

bool recording_limit(const struct output *output, uint64_t started)
{
	const struct recording_options *o = &recording_options;

	if (o->max_time && clock_now() - started >= (uint64_t)o->max_time) {
		msg_note("recording stopped: %g seconds are over; the program runs on",
		         (double)o->max_time / 1e9);
		return true;
	}
	if (o->max_size && output->made && trace_bytes(output->path) >= (uint64_t)o->max_size) {
		msg_note("recording stopped: %.1f MiB are written; the program runs on",
		         (double)o->max_size / 1048576);
		return true;
	}
	return false;
}
