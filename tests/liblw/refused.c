/*
 * refused.c - the allocator, and its check, where the environment says what the system refuses: for
 * the tests that know nothing of it.  See refuse.h.
 */
#include "refuse.h"

#include "lw_check.c"
#undef sbrk
#undef mmap
#undef munmap
#undef mremap
#undef madvise
#undef pthread_key_create
#undef pthread_setspecific
#undef pthread_mutex_lock

__attribute__((constructor)) static void as_told(void)
{
	refuse_as_told(getenv("REFUSE"));
}
