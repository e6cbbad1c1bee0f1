/*
 * refuse.h - the system as a test wants it: it refuses, it is old, others use what is given up.
 *
 * Included in front of the allocator's source, in the same unit, it puts the functions below in the
 * place of libc's, and an #undef of each behind.  A test sets `refuse`; a program that knows nothing
 * of it is told by the environment:
 *
 *	REFUSE="map=3+ return=%2 limit=64"
 *
 * refuses every mmap from the third on, every second MADV_DONTNEED, and what goes beyond 64 MiB.
 */
#ifndef REFUSE_H
#define REFUSE_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	GROW,
	SHRINK,
	MAP,
	UNMAP,
	REMAP,
	RETURN,
	POPULATE,
	KEY,
	VALUE,
	ATFORK,
	REFUSABLE
};

static const char *const refuse_names[REFUSABLE] = {"grow",   "shrink",   "map", "unmap", "remap",
                                                    "return", "populate", "key", "value", "atfork"};

/* Calls FROM..TO - 1 of a kind are refused, and every EVERYth; counted from 1. */
struct refusal {
	unsigned from, to, every;
};

static struct {
	struct refusal call[REFUSABLE];
	unsigned calls[REFUSABLE];
	size_t limit,
		used; /* bytes that may be there, if not 0: as vm.overcommit_memory=2 has it */
	bool squat;   /* others map what the allocator gives up, at once */
	bool late;    /* a lock was taken before the handlers of fork were there */
} refuse;

static bool refused(int kind, int error)
{
	const struct refusal *r = &refuse.call[kind];
	unsigned n = __atomic_add_fetch(&refuse.calls[kind], 1, __ATOMIC_RELAXED);
	if (!(n >= r->from && n < r->to) && !(r->every && n % r->every == 0))
		return false;
	if (error) /* pthread's functions return it instead */
		errno = error;
	return true;
}

static bool refuse_beyond(size_t more)
{
	size_t used = __atomic_add_fetch(&refuse.used, more, __ATOMIC_RELAXED);
	if (!refuse.limit || used <= refuse.limit)
		return false;
	__atomic_sub_fetch(&refuse.used, more, __ATOMIC_RELAXED);
	errno = ENOMEM;
	return true;
}

/* ---- others ---- */

#define SQUATTERS 4096

static struct {
	unsigned char *at;
	size_t bytes;
} refuse_squatter[SQUATTERS];
static unsigned refuse_squatters;

/* Whether what the others mapped is still theirs. */
static __attribute__((unused)) bool refuse_intact(void)
{
	unsigned count = __atomic_load_n(&refuse_squatters, __ATOMIC_ACQUIRE);
	for (unsigned i = 0; i < count && i < SQUATTERS; i++) {
		const unsigned char *at = refuse_squatter[i].at;
		size_t n = refuse_squatter[i].bytes;
		if (at && (at[0] != 0x5a || at[n / 2] != 0x5a || at[n - 1] != 0x5a))
			return false;
	}
	return true;
}

static void refuse_squat(void *at, size_t bytes)
{
	if (!refuse.squat)
		return;
	int saved = errno;
	unsigned i = __atomic_fetch_add(&refuse_squatters, 1, __ATOMIC_ACQ_REL);
	bytes = bytes < 65536 ? bytes : 65536;
	unsigned char *p = i < SQUATTERS ? mmap(at, bytes, PROT_READ | PROT_WRITE,
	                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
	                                 : MAP_FAILED;
	if (p != MAP_FAILED) {
		p[0] = p[bytes / 2] = p[bytes - 1] = 0x5a;
		refuse_squatter[i].bytes = bytes;
		__atomic_store_n(&refuse_squatter[i].at, p, __ATOMIC_RELEASE);
	}
	errno = saved;
}

/* ---- the calls ---- */

static __attribute__((unused)) void *refuse_sbrk(intptr_t by)
{
	if (by > 0 && (refused(GROW, ENOMEM) || refuse_beyond(by)))
		return (void *)-1;
	if (by < 0) {
		if (refused(SHRINK, ENOMEM))
			return (void *)-1;
		__atomic_sub_fetch(&refuse.used, -by, __ATOMIC_RELAXED);
	}
	return sbrk(by);
}

static void *refuse_mmap(void *at, size_t bytes, int prot, int flags, int fd, off_t offset)
{
	if (refused(MAP, ENOMEM) || refuse_beyond(bytes))
		return MAP_FAILED;
	return mmap(at, bytes, prot, flags, fd, offset);
}

static int refuse_munmap(void *at, size_t bytes)
{
	if (refused(UNMAP, ENOMEM))
		return -1;
	__atomic_sub_fetch(&refuse.used, bytes, __ATOMIC_RELAXED);
	int result = munmap(at, bytes);
	refuse_squat(at, bytes);
	return result;
}

static void *refuse_mremap(void *at, size_t had, size_t bytes, int flags, uintptr_t to)
{
	if (refused(REMAP, ENOMEM) || refuse_beyond(bytes > had ? bytes - had : 0))
		return MAP_FAILED;
	void *p = mremap(at, had, bytes, flags, (void *)to);
	if (p != MAP_FAILED && p != at)
		refuse_squat(at, had);
	return p;
}

static int refuse_madvise(void *at, size_t bytes, int advice)
{
	if (refused(advice == MADV_DONTNEED ? RETURN : POPULATE, EINVAL))
		return -1;
	return madvise(at, bytes, advice);
}

static int refuse_key_create(pthread_key_t *key, void (*end)(void *))
{
	return refused(KEY, 0) ? EAGAIN : pthread_key_create(key, end);
}

static int refuse_setspecific(pthread_key_t key, const void *value)
{
	return refused(VALUE, 0) ? ENOMEM : pthread_setspecific(key, value);
}

static int refuse_mutex_lock(pthread_mutex_t *mutex)
{
	refuse.late |= !refuse.calls[ATFORK];
	return pthread_mutex_lock(mutex);
}

#ifdef __GLIBC__
int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void *);
static int refuse_atfork(void (*a)(void), void (*b)(void), void (*c)(void), void *dso)
{
	return refused(ATFORK, 0) ? ENOMEM : __register_atfork(a, b, c, dso);
}
#define __register_atfork refuse_atfork
#else
static int refuse_atfork(void (*a)(void), void (*b)(void), void (*c)(void))
{
	return refused(ATFORK, 0) ? ENOMEM : pthread_atfork(a, b, c);
}
#define pthread_atfork refuse_atfork
#endif

/* What REFUSE says; without a constructor, as the first allocation may come before any. */
static __attribute__((unused)) void refuse_as_told(const char *words)
{
	while (words && *words) {
		char name[16], sign = 0;
		unsigned n = 0;
		int used = 0;
		if (sscanf(words, " %15[a-z]=%n", name, &used) != 1 || !used)
			break;
		words += used;
		struct refusal r = {0};
		if (*words == '%')
			r.every = strtoul(words + 1, (char **)&words, 10);
		else if ((n = strtoul(words, (char **)&words, 10), sign = *words) == '+')
			r = (struct refusal){n, UINT32_MAX, 0}, words++;
		else
			r = (struct refusal){n, n + 1, 0};
		if (!strcmp(name, "limit"))
			refuse.limit = (size_t)n << 20;
		for (int i = 0; i < REFUSABLE; i++)
			if (!strcmp(name, refuse_names[i]))
				refuse.call[i] = r;
	}
}

#define sbrk                refuse_sbrk
#define mmap                refuse_mmap
#define munmap              refuse_munmap
#define mremap              refuse_mremap
#define madvise             refuse_madvise
#define pthread_key_create  refuse_key_create
#define pthread_setspecific refuse_setspecific
#define pthread_mutex_lock  refuse_mutex_lock
#endif
