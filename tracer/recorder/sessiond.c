/*
 * sessiond.c - starting and ending the session daemon; see sessiond.h.
 *
 * Who uses a daemon that an lwtrace started is kept in the locks of one file: its first byte is
 * held while somebody starts or ends the daemon, its second is shared by all users.  Whoever can
 * take the second alone is the last.  The kernel drops the locks of an lwtrace that was killed.
 */
#include "sessiond.h"
#include "deadline.h"
#include "session.h"
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	BYTE_CHANGE,
	BYTE_USERS
};

static int lock_byte(int fd, int byte, short type, unsigned wait_ms)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

	for (unsigned waited = 0;; waited += 20) {
		if (!fcntl(fd, F_OFD_SETLK, &lock))
			return 0;
		if (waited >= wait_ms)
			return -1;
		usleep(20000);
	}
}

/* ---- places ----------------------------------------------------------------------------- */

/* An ordinary user's daemon lives under LTTNG_HOME or HOME; without either, under a folder of our
 * own, which the program is told of by the environment. */
static int find_places(struct sessiond *daemon, char *lock_path, size_t size)
{
	const char *home = getenv("LTTNG_HOME");

	if (!geteuid()) {
		snprintf(lock_path, size, "/run/lwtrace.lock");
		snprintf(daemon->pid_file, sizeof daemon->pid_file,
		         "/var/run/lttng/lttng-sessiond.pid");
		return 0;
	}
	if (!home)
		home = getenv("HOME");
	if (!home || *home != '/' || access(home, W_OK | X_OK)) {
		snprintf(daemon->home, sizeof daemon->home, "/tmp/lwtrace-%u.XXXXXX",
		         (unsigned)geteuid());
		if (!mkdtemp(daemon->home))
			return msg_errno(STATUS_FAILED,
			                 "cannot make a folder for the session daemon: path=\"%s\"",
			                 daemon->home);
		home = daemon->home;
		setenv("LTTNG_HOME", home, 1);
	}
	snprintf(lock_path, size, "%s/.lwtrace.lock", home);
	snprintf(daemon->pid_file, sizeof daemon->pid_file, "%s/.lttng/lttng-sessiond.pid", home);
	return 0;
}

static pid_t read_pid(const char *path)
{
	FILE *file = fopen(path, "re");
	int pid = 0;

	if (file) {
		if (fscanf(file, "%d", &pid) != 1)
			pid = 0;
		fclose(file);
	}
	return pid;
}

/* The number may be another process' by now, and one that has ended is nobody's child to be
 * waited for: both are told from /proc/PID/stat, "PID (NAME) STATE ...". */
static bool is_session_daemon(pid_t pid)
{
	char path[64], name[64] = "", state = 'Z';
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	file = pid > 0 ? fopen(path, "re") : NULL;
	if (!file)
		return false;
	if (fscanf(file, "%*d (%63[^)]) %c", name, &state) != 2)
		state = 'Z';
	fclose(file);
	return state != 'Z' && state != 'X' && !strncmp(name, "lttng-session", 13);
}

/* ---- start ------------------------------------------------------------------------------ */

static void become_daemon(void)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	unsetenv("LD_PRELOAD");
	dup2(null, STDIN_FILENO);
	if (msg_level < 1) {
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
	execlp("lttng-sessiond", "lttng-sessiond", "--daemonize", "--no-kernel", (char *)NULL);
	_exit(STATUS_NOT_FOUND);
}

/* With --daemonize it returns when it is ready. */
static int start_daemon(void)
{
	pid_t child = fork();
	int status = 0;

	if (child < 0)
		return msg_errno(STATUS_FAILED, "cannot start the session daemon");
	if (!child)
		become_daemon();
	deadline_victim = child;
	waitpid(child, &status, 0);
	deadline_victim = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NOT_FOUND)
		return msg_fail(STATUS_FAILED,
		                "cannot find lttng-sessiond: install the package lttng-tools");
	if (!session_daemon_alive())
		return msg_fail(STATUS_FAILED,
		                "the session daemon did not start: status=%d; run `lwtrace doctor`",
		                WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}

/* Under the lock of BYTE_CHANGE.  The file holds the number of the daemon that we started. */
static int find_or_start(struct sessiond *daemon)
{
	char text[32] = "";

	if (session_daemon_alive()) {
		if (pread(daemon->lock, text, sizeof text - 1, 0) > 0)
			daemon->started = atoi(text);
		if (daemon->started != read_pid(daemon->pid_file))
			daemon->started = 0;
		return 0;
	}
	msg_step("starting a session daemon");
	if (start_daemon())
		return STATUS_FAILED;
	daemon->started = read_pid(daemon->pid_file);
	snprintf(text, sizeof text, "%-10d\n", (int)daemon->started);
	if (pwrite(daemon->lock, text, strlen(text), 0) < 0)
		daemon->started = 0;
	return 0;
}

int sessiond_open(struct sessiond *daemon)
{
	char lock_path[600];
	int status;

	*daemon = (struct sessiond){.lock = -1};
	if (find_places(daemon, lock_path, sizeof lock_path))
		return STATUS_FAILED;
	daemon->lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (daemon->lock < 0)
		return msg_errno(STATUS_FAILED, "cannot open lock file: path=\"%s\"", lock_path);
	if (lock_byte(daemon->lock, BYTE_CHANGE, F_WRLCK, 30000))
		return msg_fail(
			STATUS_FAILED,
			"another lwtrace is starting or ending the session daemon: path=\"%s\"",
			lock_path);
	deadline_start(30, "cannot reach the session daemon");
	status = find_or_start(daemon);
	deadline_stop();
	if (!status)
		lock_byte(daemon->lock, BYTE_USERS, F_RDLCK, 0);
	lock_byte(daemon->lock, BYTE_CHANGE, F_UNLCK, 0);
	deadline_victim = daemon->started;
	return status;
}

/* ---- end -------------------------------------------------------------------------------- */

/* It gets 5 s to end by itself, and 2 to be gone after that. */
static void end_daemon(pid_t pid)
{
	msg_step("ending the session daemon: pid=%d", (int)pid);
	kill(pid, SIGTERM);
	for (unsigned waited = 0; waited < 7000 && is_session_daemon(pid); waited += 10) {
		if (waited == 5000)
			kill(pid, SIGKILL);
		usleep(10000);
	}
}

void sessiond_close(struct sessiond *daemon)
{
	if (daemon->lock < 0)
		return;
	deadline_start(30, "cannot end the session daemon");
	lock_byte(daemon->lock, BYTE_CHANGE, F_WRLCK, 10000);
	if (daemon->started && !lock_byte(daemon->lock, BYTE_USERS, F_WRLCK, 0) &&
	    is_session_daemon(daemon->started) && session_count() == 0)
		end_daemon(daemon->started);
	deadline_stop();
	close(daemon->lock);
	daemon->lock = -1;
	if (*daemon->home) /* what the daemon leaves there is only ours */
		trace_remove(daemon->home);
}
