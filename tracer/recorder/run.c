#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static sigset_t waited_for, before;
static struct sigaction child_before;

void run_prepare(void)
{
	static const int signals[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

	/* Ignored, as some daemons have it, our children's statuses would be lost. */
	sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL}, &child_before);
	sigemptyset(&waited_for);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		sigaddset(&waited_for, signals[i]);
	sigprocmask(SIG_BLOCK, &waited_for, &before);
}

static void silence(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
}

static void become_program(const struct program *program, char **argv,
                           const struct preload *preload, int report)
{
	int error;

	sigaction(SIGCHLD, &child_before, NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	preload_apply(preload);
	/* ms; a daemon that is slow to answer must not cost the recording its beginning. */
	setenv("LTTNG_UST_REGISTER_TIMEOUT", "20000", 0);
	execv(program->path, argv);
	error = errno;
	if (write(report, &error, sizeof error) < 0)
		_exit(STATUS_FAILED);
	_exit(error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
}

int run_start(struct run *run, const struct program *program, char **argv,
              const struct preload *preload)
{
	int report[2], error = 0;

	if (run->follow)
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (pipe2(report, O_CLOEXEC))
		return msg_errno(STATUS_FAILED, "cannot run program");
	run->pid = fork();
	if (!run->pid && run->silent)
		silence();
	if (!run->pid)
		become_program(program, argv, preload, report[1]);
	close(report[1]);
	if (run->pid < 0)
		error = errno;
	else if (read(report[0], &error, sizeof error) == sizeof error)
		waitpid(run->pid, NULL, 0);
	close(report[0]);
	if (!error)
		return 0;
	errno = error;
	return msg_errno(error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE,
	                 "cannot run program: path=\"%s\"", program->path);
}

double run_cpu_seconds(const struct run *run)
{
	const struct timeval *user = &run->usage.ru_utime, *system = &run->usage.ru_stime;

	return (double)(user->tv_sec + system->tv_sec) +
	       (double)(user->tv_usec + system->tv_usec) / 1e6;
}

/* Collects what has ended; true when nobody is left to wait for. */
static bool reap(struct run *run)
{
	struct rusage usage;
	int status;
	pid_t pid;

	while ((pid = wait4(run->follow ? -1 : run->pid, &status, WNOHANG, &usage)) > 0) {
		if (pid != run->pid)
			continue;
		run->usage = usage;
		run->ended = true;
		run->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		if (!run->follow)
			return true;
	}
	return pid < 0 && errno == ECHILD;
}

/* A key on the terminal reaches the program without us; what was sent to lwtrace alone does not. */
static void pass_on(const struct run *run, const siginfo_t *info)
{
	if (info->si_code == SI_KERNEL && (info->si_signo == SIGINT || info->si_signo == SIGQUIT))
		return;
	if (info->si_signo != SIGCHLD && !run->ended)
		kill(run->pid, info->si_signo);
}

bool run_wait(struct run *run, unsigned ms)
{
	struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};
	siginfo_t info;

	if (reap(run))
		return true;
	if (sigtimedwait(&waited_for, &info, &time) > 0) {
		pass_on(run, &info);
		/* Asked to end while only descendants are left: enough was followed. */
		if (run->ended && info.si_signo != SIGCHLD)
			return true;
	}
	return reap(run);
}
