/*
 * session.c - a recording session, by liblttng-ctl; see session.h.
 *
 * Channels, each with per-process buffers (a process killed inside a tracepoint blocks per-user
 * buffers for ever):
 *   metadata   its switch timer, set before any event, makes the metadata complete on disk within
 *              200 ms, so that the trace can be read even after the daemon was killed
 *   lw         the facts; when full, facts are discarded and counted, the program never waits
 *   sites      lttng-ust's list of the process' libraries, for the viewer's call sites
 */
#include "session.h"
#include "deadline.h"

#include <lttng/lttng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)

enum {
	SETUP_SECONDS = 30,
	STOP_SECONDS = 60
};

/* ---- buffers ---------------------------------------------------------------------------- */

/* Rings are made for CPUs that may ever come, not only for those that are there. */
static unsigned possible_cpus(void)
{
	FILE *file = fopen("/sys/devices/system/cpu/possible", "re");
	unsigned first, last = 0;

	if (file) {
		if (fscanf(file, "%u-%u", &first, &last) < 1)
			last = 0;
		fclose(file);
	}
	return last ? last + 1 : (unsigned)sysconf(_SC_NPROCESSORS_CONF);
}

/* 16 MiB for each CPU lose nothing at full speed.  A process may take a quarter of what /dev/shm
 * has, since others may follow by fork; less than 512 KiB for each CPU is not worth recording. */
int buffers_fit(struct buffers *buffers)
{
	struct statvfs shm;
	uint64_t budget;

	if (statvfs("/dev/shm", &shm))
		return msg_fail(STATUS_FAILED, "cannot find shared memory: path=\"/dev/shm\": %m");
	buffers->cpus = possible_cpus();
	buffers->shm_free = (uint64_t)shm.f_bavail * shm.f_frsize;
	buffers->subbuf_size = MIB;
	buffers->subbuf_count = 16;
	budget = buffers->shm_free / 4 / buffers->cpus;
	while (buffers->subbuf_size * (buffers->subbuf_count + 1) > budget) {
		if (buffers->subbuf_count > 4)
			buffers->subbuf_count /= 2;
		else if (buffers->subbuf_size > 128 * KIB)
			buffers->subbuf_size /= 2;
		else
			return msg_fail(
				STATUS_FAILED,
				"/dev/shm is too small for trace buffers: free=%llu KiB, needed=%llu "
				"KiB: make it larger (mount -o remount,size=256M /dev/shm, or "
				"docker run --shm-size)",
				(buffers->shm_free / KIB), 4 * 5 * 128ull * buffers->cpus);
	}
	return 0;
}

/* ---- set-up ----------------------------------------------------------------------------- */

bool session_daemon_alive(void)
{
	return lttng_session_daemon_alive() == 1;
}

int session_count(void)
{
	struct lttng_session *sessions = NULL;
	int count = lttng_list_sessions(&sessions);

	free(sessions);
	return count < 0 ? -1 : count;
}

static int add_channel(struct lttng_handle *handle, struct lttng_domain *domain, const char *name,
                       uint64_t size, uint64_t count, unsigned switch_us)
{
	struct lttng_channel *channel = lttng_channel_create(domain);
	int error;

	if (!channel)
		return msg_fail(STATUS_FAILED, "cannot make channel: name=\"%s\"", name);
	snprintf(channel->name, sizeof channel->name, "%s", name);
	channel->attr.overwrite = 0;
	channel->attr.subbuf_size = size;
	channel->attr.num_subbuf = count;
	channel->attr.switch_timer_interval = switch_us;
	channel->attr.read_timer_interval = 0;
	channel->attr.output = LTTNG_EVENT_MMAP;
	error = lttng_enable_channel(handle, channel);
	lttng_channel_destroy(channel);
	if (error)
		return msg_fail(STATUS_FAILED, "cannot make channel: name=\"%s\": %s", name,
		                lttng_strerror(error));
	return 0;
}

static int add_events(struct lttng_handle *handle, const char *pattern, const char *channel)
{
	struct lttng_event event = {.type = LTTNG_EVENT_TRACEPOINT,
	                            .loglevel_type = LTTNG_EVENT_LOGLEVEL_ALL,
	                            .loglevel = -1};
	int error;

	snprintf(event.name, sizeof event.name, "%s", pattern);
	error = lttng_enable_event_with_exclusions(handle, &event, channel, NULL, 0, NULL);
	if (error)
		return msg_fail(STATUS_FAILED, "cannot enable events: pattern=\"%s\": %s", pattern,
		                lttng_strerror(error));
	return 0;
}

/* Started before the events are enabled: a program that runs already takes an enabled event for a
 * recording that has begun, and what it then says first must not be lost. */
static int start(const struct session *session, struct lttng_handle *handle)
{
	int error = session->pid ? lttng_track_pid(handle, session->pid) : 0;

	if (error < 0)
		return msg_fail(STATUS_FAILED, "cannot record one process alone: pid=%d: %s",
		                session->pid, lttng_strerror(error));
	error = lttng_start_tracing(session->name);
	if (error < 0)
		return msg_fail(STATUS_FAILED, "cannot start tracing: %s", lttng_strerror(error));
	return add_events(handle, "lw:*", "lw") ||
	       add_events(handle, "lttng_ust_statedump:*", "sites");
}

static int fill_session(const struct session *session)
{
	struct lttng_domain domain = {.type = LTTNG_DOMAIN_UST, .buf_type = LTTNG_BUFFER_PER_PID};
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const struct {
		const char *name;
		uint64_t size, count;
		unsigned switch_us;
	} channels[] = {
		{"metadata", page, 2, 200000},
		{"lw", session->buffers.subbuf_size, session->buffers.subbuf_count, 100000},
		{"sites", page > 64 * KIB ? page : 64 * KIB, 4, 200000},
	};
	struct lttng_handle *handle = lttng_create_handle(session->name, &domain);
	int status = 0;

	if (!handle)
		return msg_fail(STATUS_FAILED, "cannot open session: name=\"%s\"", session->name);
	for (int i = 0; i < 3 && !status; i++)
		status = add_channel(handle, &domain, channels[i].name, channels[i].size,
		                     channels[i].count, channels[i].switch_us);
	if (!status)
		status = start(session, handle);
	lttng_destroy_handle(handle);
	return status ? STATUS_FAILED : 0;
}

static int create_session(struct session *session, const char *output)
{
	struct lttng_session_descriptor *descriptor;
	enum lttng_error_code code;

	snprintf(session->name, sizeof session->name, "lwtrace-%d", (int)getpid());
	descriptor = session->url ? lttng_session_descriptor_network_create(session->name,
	                                                                    session->url, NULL)
	                          : lttng_session_descriptor_local_create(session->name, output);
	if (!descriptor)
		return msg_fail(STATUS_FAILED, "bad destination of the trace: %s",
		                session->url ? session->url : output);
	code = lttng_create_session_ext(descriptor);
	lttng_session_descriptor_destroy(descriptor);
	if (code != LTTNG_OK)
		return msg_fail(STATUS_FAILED, "cannot create session: name=\"%s\": %s",
		                session->name, lttng_strerror(-(int)code));
	session->created = true;
	return 0;
}

int session_open(struct session *session, const char *output)
{
	int status;

	deadline_start(SETUP_SECONDS, "cannot set up the recording");
	status = create_session(session, output);
	if (!status)
		status = fill_session(session);
	if (status && session->created) {
		lttng_destroy_session_no_wait(session->name);
		session->created = false;
	}
	deadline_stop();
	return status;
}

/* ---- end -------------------------------------------------------------------------------- */

/* Waits until the consumer has written what the rings hold. */
static int wait_for_data(const char *name)
{
	const unsigned long long give_up = clock_now() + (STOP_SECONDS - 30) * 1000000000ull;
	int pending;

	while ((pending = lttng_data_pending(name)) == 1) {
		if (clock_now() > give_up)
			return msg_fail(STATUS_FAILED,
			                "the consumer daemon does not finish writing the trace");
		usleep(20000);
	}
	if (pending < 0)
		return msg_fail(STATUS_FAILED, "cannot ask whether the trace is written: %s",
		                lttng_strerror(pending));
	return 0;
}

static int destroy(const char *name)
{
	struct lttng_destruction_handle *handle = NULL;
	enum lttng_error_code code = lttng_destroy_session_ext(name, &handle);
	enum lttng_destruction_handle_status status;

	if (code != LTTNG_OK)
		return msg_fail(STATUS_FAILED, "cannot close session: %s",
		                lttng_strerror(-(int)code));
	status = lttng_destruction_handle_wait_for_completion(handle, 15000);
	lttng_destruction_handle_destroy(handle);
	if (status != LTTNG_DESTRUCTION_HANDLE_STATUS_COMPLETED)
		return msg_fail(STATUS_FAILED, "the session does not close: name=\"%s\"", name);
	return 0;
}

int session_stop(struct session *session)
{
	int stopped, status;

	if (!session->created)
		return 0;
	deadline_start(STOP_SECONDS, "cannot end the recording");
	stopped = lttng_stop_tracing_no_wait(session->name);
	status = stopped < 0 ? msg_fail(STATUS_FAILED, "cannot stop tracing: %s",
	                                lttng_strerror(stopped))
	                     : wait_for_data(session->name);
	if (destroy(session->name))
		status = STATUS_FAILED;
	session->created = false;
	deadline_stop();
	return status;
}
