/*
 * contract.c - what the allocator asks of the system, and what it does when that is refused.
 *
 *	contract [OPERATIONS]
 *
 * The allocator is compiled in here with refuse.h in place of libc's calls.  Whatever is refused:
 * nothing is lost, calloc gives zeros, a call that succeeds leaves errno as it was, one that fails
 * sets ENOMEM, and what others have mapped is left alone.
 */
#include "check.h"

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
#undef __register_atfork
#undef pthread_atfork

#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>

static unsigned operations = 400;

/* ---- a load with a shadow of the heap, that takes NULL for an answer ---- */

#define BLOCKS 200
#define CANARY 4242 /* in errno: no call sets it */

static struct block {
	unsigned char *p;
	size_t n;
	unsigned char mark;
} block[BLOCKS];

static unsigned failures;

static size_t some_size(unsigned long long *state, size_t most)
{
	unsigned long long r = check_random(state);
	size_t n = (r >> 8) & (((size_t)1 << r % 22) - 1);
	return n % most + 1;
}

/* Every byte of a small block; of a large one both ends and a byte of each kilobyte. */
static size_t stride(size_t i, size_t n)
{
	return n < 4096 || i < 64 || i + 64 >= n ? 1 : i + 1009 + 64 < n ? 1009 : n - 64 - i;
}

static void intact(const struct block *b, size_t n)
{
	for (size_t i = 0; i < n; i += stride(i, n))
		CHECK_EQUAL(b->p[i], b->mark);
}

static void got(struct block *b, void *p, size_t n, unsigned char mark)
{
	if (!p) {
		CHECK_EQUAL(errno, ENOMEM);
		failures++;
		return;
	}
	CHECK_EQUAL(errno, CANARY);
	*b = (struct block){check_opaque(p), n, mark};
	memset(b->p, mark, n);
}

static void drop(struct block *b)
{
	if (b->p)
		intact(b, b->n);
	errno = CANARY;
	free(b->p);
	CHECK_EQUAL(errno, CANARY);
	b->p = NULL;
}

static void allocate(struct block *b, unsigned k, size_t n, unsigned long long *state)
{
	void *p;
	errno = CANARY;
	if (k % 9 == 0) {
		p = memalign((size_t)1 << check_random(state) % 14, n);
	} else if (k % 9 == 1) {
		int error = posix_memalign(&p, 64, n);
		CHECK(!error || error == ENOMEM);
		p = error ? NULL : p;
	} else if (k % 9 < 5) {
		p = calloc(1, n);
		for (size_t i = 0; p && i < n; i += stride(i, n))
			CHECK_EQUAL(((unsigned char *)p)[i], 0);
	} else {
		p = malloc(n);
	}
	got(b, p, n, (unsigned char)(k | 1));
}

static void resize(struct block *b, unsigned k, size_t n)
{
	struct block had = *b;
	intact(b, b->n);
	errno = CANARY;
	void *p = realloc(b->p, n);
	if (p) {
		b->p = p;
		intact(b, n < had.n ? n : had.n);
	}
	got(b, p, n, (unsigned char)(k | 1));
}

static void load(unsigned count, size_t most, unsigned long long state)
{
	for (unsigned k = 0; k < count; k++) {
		struct block *b = &block[check_random(&state) % BLOCKS];
		size_t n = some_size(&state, most);
		if (!b->p)
			allocate(b, k, n, &state);
		else if (k % 3 == 0)
			resize(b, k, k % 2 ? n : b->n + n % (b->n / 4 + 32));
		else
			drop(b);
		if (k % 256 == 0) {
			errno = CANARY;
			malloc_trim(k % 1024);
			CHECK_EQUAL(errno, CANARY);
		}
		if (k % 32 == 0) {
			CHECK_EQUAL(lw_check(), 0);
			CHECK(refuse_intact());
		}
	}
}

static void drop_all(void)
{
	for (unsigned i = 0; i < BLOCKS; i++)
		drop(&block[i]);
	CHECK_EQUAL(lw_check(), 0);
	lw_trim(0);
	CHECK_EQUAL(lw_check(), 0);
	CHECK(refuse_intact());
}

/* Runs FN(N) in a child of its own: each needs a heap that has not begun. */
static void apart(void (*fn)(unsigned n), unsigned n)
{
	int status = 0;
	pid_t pid = fork();
	if (!pid) {
		alarm(CHECK_SECONDS);
		fn(n);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (status)
		check_say(STDERR_FILENO, "# with %u: status 0x%x\n", n, status);
	CHECK_EQUAL(status, 0);
}

static void refuse_as(const char *words, bool squat)
{
	refuse_as_told(words);
	refuse.squat = squat;
}

/* ---- each call refused in turn ---- */

/* Of what there is another way for, no refusal is seen by the program. */
static const char *const harmless[] = {"grow",     "shrink", "unmap", "remap", "return",
                                       "populate", "key",    "value", "atfork"};
#define HARMLESS (sizeof harmless / sizeof *harmless)
static const char *const when[] = {"1+", "2+", "5+", "%2", "%3", "2"};
#define WHENS (sizeof when / sizeof *when)

static void one_refused(unsigned n)
{
	char words[32];
	snprintf(words, sizeof words, "%s=%s", harmless[n / WHENS], when[n % WHENS]);
	refuse_as(words, true);
	load(operations, 1 << 20, n);
	CHECK_EQUAL(failures, 0);
	drop_all();
}

static void nothing_is_seen_of_a_refusal_for_which_there_is_another_way(void)
{
	for (unsigned n = 0; n < HARMLESS * WHENS; n++)
		apart(one_refused, n);
}

static void maps_refused(unsigned n)
{
	char words[32];
	snprintf(words, sizeof words, "map=%s", when[n]);
	refuse_as(words, true);
	load(operations, 1 << 20, n);
	drop_all();
}

static void so_it_is_when_mappings_are_refused(void)
{
	for (unsigned n = 0; n < WHENS; n++)
		apart(maps_refused, n);
}

static void all_refused(unsigned n)
{
	for (int i = 0; i < REFUSABLE; i++)
		refuse.call[i] = (struct refusal){n, UINT_MAX, 0};
	refuse.squat = true;
	load(operations, 1 << 20, n);
	CHECK(failures);
	drop_all();
	memset(refuse.call, 0, sizeof refuse.call);
	failures = 0;
	load(operations, 1 << 20, n);
	CHECK_EQUAL(failures, 0);
	drop_all();
}

static void when_all_is_refused_there_is_NULL_and_later_room_again(void)
{
	for (unsigned n = 1; n < 8; n++)
		apart(all_refused, n);
}

static void limited(unsigned mebibytes)
{
	refuse.limit = (size_t)mebibytes << 20;
	refuse.squat = true;
	load(operations, 1 << 21, mebibytes);
	drop_all();
}

static void memory_may_be_committed_to_a_limit(void)
{
	for (unsigned n = 1; n <= 16; n *= 2)
		apart(limited, n);
}

static void limited_by(unsigned resource)
{
	struct rlimit least = {24 << 20, 24 << 20};
	setrlimit(resource, &least);
	refuse.squat = false;
	load(operations, 1 << 22, resource);
	drop_all();
}

static void limits_of_the_kernel_are_kept(void)
{
	apart(limited_by, RLIMIT_AS);
	apart(limited_by, RLIMIT_DATA);
}

/* Linux 4.9 to 5.4: the break refused or not. */
static void old_kernel(unsigned n)
{
	refuse_as(n ? "populate=1+ grow=1+" : "populate=1+", true);
	load(4 * operations, 1 << 20, n);
	CHECK_EQUAL(failures, 0);
	drop_all();
}

static void an_old_kernel_is_enough(void)
{
	apart(old_kernel, 0);
	apart(old_kernel, 1);
}

/* ---- locked memory ---- */

/* Dirties, frees and asks for zeros. */
static void dirty_and_zero(unsigned rounds)
{
	unsigned long long state = rounds;
	unsigned char *p[32] = {0};
	for (unsigned k = 0; k < rounds; k++) {
		unsigned i = check_random(&state) % 32;
		size_t n = check_random(&state) % (k % 4 ? 60000 : 600000) + 2000;
		free(p[i]);
		CHECK(p[i] = check_opaque(calloc(1, n)));
		for (size_t at = 0; at < n; at += 61)
			CHECK_EQUAL(p[i][at], 0);
		memset(p[i], 0xff, n);
		if (k % 64 == 0)
			malloc_trim(0);
	}
	CHECK_EQUAL(lw_check(), 0);
}

static void locked(unsigned how)
{
	if (!how || mlockall(how)) /* not allowed: what the kernel then answers */
		refuse_as("return=1+", false);
	dirty_and_zero(operations);
	load(operations, 1 << 18, how);
	drop_all();
}

static void calloc_gives_zeros_where_memory_is_locked(void)
{
	apart(locked, 0);
	apart(locked, MCL_CURRENT);
	apart(locked, MCL_FUTURE);
	apart(locked, MCL_CURRENT | MCL_FUTURE);
}

/* ---- others' mappings ---- */

static volatile bool over;

static void *map_and_look(void *arg)
{
	size_t page = getpagesize(), n = 16 * page;
	while (!over) {
		unsigned char *p =
			mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			continue;
		for (size_t i = 0; i < n; i += page)
			p[i] = 0xa5;
		for (int turn = 0; turn < 20; turn++)
			for (size_t i = 0; i < n; i += page)
				CHECK_EQUAL(p[i], 0xa5);
		munmap(p, n);
	}
	return arg;
}

static void *resize_large(void *arg)
{
	unsigned long long state = (uintptr_t)arg;
	unsigned char *p[8] = {0};
	for (unsigned k = 0; k < operations; k++) {
		unsigned i = check_random(&state) % 8;
		size_t n = ((size_t)200 << 10) + check_random(&state) % (800 << 10);
		CHECK(!p[i] || p[i][0] == i + 1);
		CHECK(p[i] = realloc(p[i], n));
		p[i][0] = p[i][n - 1] = i + 1;
	}
	for (unsigned i = 0; i < 8; i++)
		free(p[i]);
	return arg;
}

static void break_and_others(unsigned n)
{
	pthread_t id[4];
	refuse_as(n ? "grow=1+" : "", n & 2);
	for (uintptr_t i = 0; i < 4; i++)
		CHECK_EQUAL(pthread_create(&id[i], NULL, i < 2 ? resize_large : map_and_look,
		                           (void *)i),
		            0);
	for (int i = 0; i < 2; i++)
		pthread_join(id[i], NULL);
	over = true;
	for (int i = 2; i < 4; i++)
		pthread_join(id[i], NULL);
	CHECK(refuse_intact());
	CHECK_EQUAL(lw_check(), 0);
}

static void realloc_leaves_the_mappings_of_others_alone(void)
{
	for (unsigned n = 0; n < 4; n++)
		apart(break_and_others, n);
}

/* ---- the number of mappings ---- */

static unsigned mappings(void)
{
	char text[4096];
	unsigned lines = 0;
	int fd = open("/proc/self/maps", O_RDONLY);
	for (ssize_t n; (n = read(fd, text, sizeof text)) > 0;)
		for (ssize_t i = 0; i < n; i++)
			lines += text[i] == '\n';
	close(fd);
	return lines;
}

#define MAPPINGS 1200 /* the process's own, and what the allocator may have */

static void many_large(unsigned n)
{
	enum {
		MANY = 3000
	};
	static unsigned char *p[MANY];
	unsigned long long state = n;
	unsigned most = 0;
	refuse_as(n ? "grow=1+" : "", false);
	for (unsigned k = 0; k < 20 * operations; k++) {
		unsigned i = check_random(&state) % MANY;
		size_t bytes = ((size_t)130 << 10) + check_random(&state) % (500 << 10);
		unsigned char *to = realloc(p[i], bytes);
		CHECK(to && (!p[i] || to[0] == (i & 255)));
		p[i] = to;
		to[0] = i & 255;
		unsigned now = k % 1000 ? 0 : mappings();
		most = now > most ? now : most;
	}
	if (most > MAPPINGS)
		check_say(STDERR_FILENO, "# %u mappings\n", most);
	CHECK(most <= MAPPINGS);
	for (unsigned i = 0; i < MANY; i++)
		free(p[i]);
	CHECK_EQUAL(lw_check(), 0);
	lw_trim(0);
	CHECK(mappings() <= MAPPINGS);
}

static void large_blocks_take_a_bounded_number_of_mappings(void)
{
	if (getenv("LW_EMULATED"))
		return; /* the emulator's own mappings would be counted */
	apart(many_large, 0);
	apart(many_large, 1);
}

/* ---- keys ---- */

static unsigned ended;

static void end_of_key(void *arg)
{
	CHECK_EQUAL((uintptr_t)arg, 77);
	__atomic_add_fetch(&ended, 1, __ATOMIC_RELAXED);
}

static void *use_key(void *arg)
{
	pthread_key_t key = *(pthread_key_t *)arg;
	pthread_setspecific(key, (void *)77);
	void *p[40];
	for (unsigned i = 0; i < 400; i++) {
		CHECK(p[i % 40] = i % 2 ? malloc(i * 10 + 1) : memalign(256, i * 2));
		CHECK(i % 2 || !((uintptr_t)p[i % 40] % 256));
		if (i % 40 == 39)
			for (int k = 0; k < 40; k++)
				free(p[k]);
	}
	CHECK_EQUAL((uintptr_t)pthread_getspecific(key), 77);
	return NULL;
}

static void keys_taken(unsigned n)
{
	pthread_key_t key, first_key;
	pthread_t id;
	CHECK_EQUAL(pthread_key_create(&first_key, end_of_key), 0);
	while (n && !pthread_key_create(&key, NULL))
		;
	if (n)
		refuse_as("key=1+", false);
	for (int i = 0; i < 20; i++) {
		CHECK_EQUAL(pthread_create(&id, NULL, use_key, &first_key), 0);
		pthread_join(id, NULL);
	}
	CHECK_EQUAL(ended, 20);
	CHECK_EQUAL(lw_check(), 0);
}

static void the_programs_keys_are_its_own_when_there_are_no_more(void)
{
	apart(keys_taken, 0);
	apart(keys_taken, 1);
}

/* Each thread's heap, that no key leads to, is taken up again. */
static void no_values(unsigned n)
{
	pthread_key_t first_key;
	pthread_t id;
	struct lw_stats s = {.version = sizeof s}, later = s;
	CHECK_EQUAL(pthread_key_create(&first_key, end_of_key), 0);
	refuse_as(n ? "key=1+" : "value=1+", false);
	for (int i = 0; i < 300; i++) {
		CHECK_EQUAL(pthread_create(&id, NULL, use_key, &first_key), 0);
		pthread_join(id, NULL);
		if (i == 30)
			lw_stats(&s);
	}
	lw_stats(&later);
	CHECK(later.extent <= s.extent + (256 << 10));
	CHECK_EQUAL(lw_check(), 0);
}

static void threads_without_keys_do_not_grow_the_heap(void)
{
	apart(no_values, 0);
	apart(no_values, 1);
}

/* ---- fork ---- */

static void no_lock_is_taken_before_the_handlers_of_fork_are_there(void)
{
	pthread_key_t key;
	pthread_t id;
	free(check_opaque(malloc(1))); /* that pthread_create allocates before there is a thread */
	refuse.late = false;
	CHECK_EQUAL(pthread_key_create(&key, NULL), 0);
	CHECK_EQUAL(pthread_create(&id, NULL, use_key, &key), 0);
	pthread_join(id, NULL);
	CHECK(refuse.calls[ATFORK] > 0);
#ifdef __GLIBC__ /* elsewhere there is nothing to say that there is but one thread */
	CHECK(!refuse.late);
#endif
}

/* ---- the map ---- */

/* Where the next mapping would be, the map has leaves for what lies N times LEAVES * LEAF away. */
static void far_apart(unsigned n)
{
	size_t bytes = (size_t)256 << 20;
	refuse_as("grow=1+", false);
	free(check_opaque(malloc(1)));
	void *next = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK_EQUAL(munmap(next, bytes), 0);
	uintptr_t far = (uintptr_t)next - n * LEAVES * LEAF;
	/* One by one: where the break lies, which is anywhere, the map may have the heap's own. */
	unsigned claimed = 0, all = 0;
	lock();
	for (uintptr_t at = far - bytes; at < far + bytes - 2 * LEAF; at += LEAF, all++)
		claimed += map_claim(at, at + LEAF);
	unlock();
	CHECK(claimed + 2 >= all);
	for (size_t size = 1 << 20; size < bytes / 4; size *= 2) {
		unsigned char *p = check_opaque(calloc(1, size));
		CHECK(p && !p[size / 2]);
		p[0] = p[size - 1] = 1;
		CHECK(p = realloc(p, 2 * size));
		CHECK(p[0] == 1 && p[size - 1] == 1);
		CHECK_EQUAL(lw_check(), 0);
		free(p);
	}
	CHECK_EQUAL(lw_check(), 0);
}

static void leaves_of_the_map_may_lie_any_distance_apart(void)
{
	if (sizeof(size_t) == 4)
		return; /* the map covers all there is */
	for (unsigned n = 1; n < 4; n++)
		apart(far_apart, n);
}

/* ---- errno ---- */

/* FN's result and errno, which was the canary before. */
static void fails_with(const void *p, int error)
{
	int said = errno;
	CHECK(!p);
	CHECK_EQUAL(said, error);
	errno = CANARY;
}

static void errno_is_what_glibc_sets(void)
{
	void *volatile p = NULL, *q = NULL;
	volatile size_t most = PTRDIFF_MAX, all = SIZE_MAX;
	errno = CANARY;
	fails_with(malloc(most + 1), ENOMEM);
	fails_with(calloc(all / 2, 3), ENOMEM);
	fails_with(realloc(p, all), ENOMEM);
	fails_with(reallocarray(p, all / 2, 3), ENOMEM);
	fails_with(memalign(64, all - 100), ENOMEM);
	fails_with(memalign(all, 10), EINVAL);
	fails_with(memalign(most + 2, 10), EINVAL);
	fails_with(memalign(most / 2 + 2, 10), ENOMEM);
	fails_with(memalign(most + 1, 10), ENOMEM);
	fails_with(pvalloc(all - 10), ENOMEM);
	CHECK_EQUAL(posix_memalign(&q, 64, all - 100), ENOMEM);
	fails_with(q, ENOMEM);
	CHECK_EQUAL(posix_memalign(&q, 3, 100), EINVAL);
	fails_with(q, CANARY);
	CHECK_EQUAL(posix_memalign(&q, sizeof q / 2, 100), EINVAL);
	fails_with(q, CANARY);
	CHECK_EQUAL(posix_memalign(&q, 64, 100), 0);
	CHECK_EQUAL(errno, CANARY);
	free(q);
}

static const struct check_test tests[] = {
	TEST(errno_is_what_glibc_sets),
	TEST(nothing_is_seen_of_a_refusal_for_which_there_is_another_way),
	TEST(so_it_is_when_mappings_are_refused),
	TEST(when_all_is_refused_there_is_NULL_and_later_room_again),
	TEST(memory_may_be_committed_to_a_limit),
	TEST(limits_of_the_kernel_are_kept),
	TEST(an_old_kernel_is_enough),
	TEST(calloc_gives_zeros_where_memory_is_locked),
	TEST(realloc_leaves_the_mappings_of_others_alone),
	TEST(large_blocks_take_a_bounded_number_of_mappings),
	TEST(the_programs_keys_are_its_own_when_there_are_no_more),
	TEST(threads_without_keys_do_not_grow_the_heap),
	TEST(no_lock_is_taken_before_the_handlers_of_fork_are_there),
	TEST(leaves_of_the_map_may_lie_any_distance_apart),
};

int main(int argc, char **argv)
{
	if (argc > 1 && strtoul(argv[1], NULL, 0)) {
		operations = strtoul(argv[1], NULL, 0);
		argc = 1;
	}
	return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
