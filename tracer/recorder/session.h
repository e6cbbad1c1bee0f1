/*
 * session.h - one recording session; session.c is the one door to liblttng-ctl.
 */
#ifndef LW_SESSION_H
#define LW_SESSION_H

#include "lwtrace.h"

#include <stdbool.h>
#include <stdint.h>

/* Ring buffers of one process: SUBBUF_COUNT sub-buffers of SUBBUF_SIZE bytes for each possible CPU. */
struct buffers {
	unsigned long long subbuf_size, subbuf_count;
	unsigned cpus;
	unsigned long long shm_free; /* bytes /dev/shm had */
};

struct session {
	const char *url; /* net://HOST of a relay daemon; NULL: into a folder */
	int pid;         /* record this process only; 0: all */
	struct buffers buffers;
	char name[64];
	bool created;
};

/* Sizes the buffers to what /dev/shm can hold; fails when that is too little for any recording. */
int buffers_fit(struct buffers *buffers);

bool session_daemon_alive(void);

/* Number of sessions that the daemon has, of whomever; -1 when it cannot be asked. */
int session_count(void);

/* Makes the session with its channels and starts it; OUTPUT is the absolute path of the folder. */
int session_open(struct session *session, const char *output);

/* Stops it and waits until all is written; destroys it.  Fails when data may be missing. */
int session_stop(struct session *session);

#endif
