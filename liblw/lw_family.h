/*
 * lw_family.h - the room of the family: what programs call beside malloc, free, calloc and realloc.
 *
 * Each is a call of those four, or of what they stand on; only the trim looks into the heap.
 */

API void *reallocarray(void *p, size_t count, size_t size)
{
	size_t n;
	return __builtin_mul_overflow(count, size, &n) ? out_of_memory() : realloc(p, n);
}

API void *memalign(size_t align, size_t n)
{
	if (align > PTRDIFF_MAX / 2 + 1) {
		errno = align > SIZE_MAX / 2 + 1 ? EINVAL : ENOMEM; /* as glibc does */
		return NULL;
	}
	while (align & (align - 1)) /* as glibc does: up to a power of two */
		align += align & -align;
	if (align <= GRAIN)
		return malloc(n);
	if (n <= POOL_MAX && ALIGN_UP(n + !n, align) <= POOL_MAX && heap_get())
		return malloc(ALIGN_UP(n + !n, align)); /* slots lie at multiples of their size */
	return alloc_slow(n, align);
}

API int posix_memalign(void **to, size_t align, size_t n)
{
	if (align % WORD || !align || align & (align - 1))
		return EINVAL;
	void *p = memalign(align, n);
	*to = p ? p : *to;
	return p ? 0 : ENOMEM;
}

API void *aligned_alloc(size_t align, size_t n) { return memalign(align, n); }
API void *valloc(size_t n) { return memalign(PAGE, n); }
API void *pvalloc(size_t n) { return valloc(n > PTRDIFF_MAX ? n : ALIGN_UP(n + !n, PAGE)); }
API size_t malloc_usable_size(void *p) { return p && (p = block_owner(p)) ? usable(p) : 0; }
/* What the program says has to fit: a slot is less than a GRAIN larger than was asked, or less than
 * twice as large, as realloc may leave it; a chunk is larger by any amount, if it was memory's last. */
API void free_aligned_sized(void *p, size_t align, size_t n)
{
	const struct chunk *c = p ? block_owner(p) : NULL;
	size_t all = ALIGN_UP(n + !n, align), had = c ? usable(c) : 0;
	n = all > POOL_MAX ? n : all;
	if (c && (n > had || (c->flags & POOL && 2 * n <= had && n + GRAIN < had)))
		fault("not its size", p);
	free(p);
}

API void free_sized(void *p, size_t n) { free_aligned_sized(p, 1, n); }

/* Gives the pages of POOL in which no slot is live back to the system. */
static void pool_purge(const struct chunk *pool)
{
	uintptr_t from = ALIGN_UP(pool->at, lw.page);
	for (size_t i = 0; i <= pool->slots; i++) {
		if (i < pool->slots && pool->free[i / BITS] >> i % BITS & 1)
			continue;
		uintptr_t end = i < pool->slots ? pool->at + i * pool->size : end_of(pool);
		end &= -lw.page;
		if (from < end && sys_return(from, end - from))
			TRACE(map, DO_RETURN, from, end - from);
		from = ALIGN_UP(pool->at + (i + 1) * pool->size, lw.page);
	}
}

/* Gives back what H holds in reserve, and then the free pages of its pools. */
static void heap_trim(struct heap *h)
{
	heap_flush(h, ON_TRIM);
	for (unsigned i = 0; i < CLASSES; i++) {
		struct chunk *pool = class_of(i) == i ? h->current[i]->next : NULL;
		for (; pool; pool = pool == h->current[i] ? NULL : pool->next)
			pool_purge(pool);
	}
}

API int lw_trim(size_t pad)
{
	int saved = errno;
	size_t before = lw.extent; /* the merge of what was deferred may give some back, too */
	if (heap_get())
		heap_trim(self);
	lock();
	struct heap *dead = lw.dead, *h;
	lw.dead = NULL;
	unlock();
	for (; (h = dead); heap_leave(h)) {
		dead = h->next;
		heap_trim(h);
	}
	lock();
	bool gone = lw.top && chunk_purge(lw.top, pad);
	for (unsigned n = 0; n < BINS; n++)
		for (struct chunk *c = lw.bin[n], *next; c; c = next) {
			next = c->next;
			gone |= chunk_purge(c, 0);
		}
	gone |= lw.extent < before;
	unlock();
	errno = saved;
	return gone;
}

API int malloc_trim(size_t pad) __attribute__((alias("lw_trim")));
