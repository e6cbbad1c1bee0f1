/* status.h - the exit statuses of lwtrace, which its functions return too. */
#ifndef LW_STATUS_H
#define LW_STATUS_H

#include "cli/message.h"

/* As env(1) and timeout(1) have them: below are the program's own. */
enum {
	STATUS_FAILED = 125,
	STATUS_NOT_EXECUTABLE = 126,
	STATUS_NOT_FOUND = 127
};

#endif
