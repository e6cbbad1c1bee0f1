/*
 * lw_blocks.h - the room where a pointer of the program's becomes a pool or a chunk of ours.
 *
 * Every pointer that comes in passes here: if it is not a live block it ends the program, or is found
 * to be another allocator's.  Calls pools and map.
 */

/* Whether SLOT of POOL is free, whether its owner knows it yet or not. */
static INLINE bool slot_freed(struct chunk *pool, size_t slot)
{
	ASSERT(slot < pool->slots);
	/* Relaxed: the bit of a live block does not change; that of another one is an error either
	 * way. */
	size_t remote = __atomic_load_n(&pool->remote[slot / BITS], __ATOMIC_RELAXED);
	return (pool->free[slot / BITS] | remote) >> slot % BITS & 1;
}

/* The bytes of one block in C. */
static size_t usable(const struct chunk *c) { return c->flags & POOL ? c->size : c->bytes; }

/* Whether P, which lies in no chunk, is in a piece of the break that others fetched. */
static bool foreign(uintptr_t p) { return lw.low && p > lw.low - sys_others() && p < sys_sbrk(0); }

/* P is not a live block of ours: aborts and says why, or returns NULL if it is another
 * allocator's. */
static OUTLINE struct chunk *owner_missing(void *p)
{
	lock();
	struct chunk *c = map_search((uintptr_t)p);
	unlock();
	bool pool = c && c->flags & POOL;
	if (c && (pool ? slot_of(c, p) < c->slots : c->flags & (FREE | DEFERRED)))
		fault("double free", p);
	if (c)
		fault("not a block, but inside one", p);
	const char *option = secure_getenv("LW_FOREIGN");
	if (!foreign((uintptr_t)p) && !(option && *option == 'i'))
		fault("not a block of ours", p);
	return NULL;
}

/* The pool or chunk that holds the block at P, or NULL if that is another allocator's.  Aborts if P
 * is not a live block. */
static HOT struct chunk *block_owner(void *p)
{
	struct chunk *c = map_guess((uintptr_t)p);
	size_t slot = c && c->flags & POOL ? slot_of(c, p) : 0;
	bool live =
		c && (c->flags & POOL ? slot < c->slots && !slot_freed(c, slot)
	                              : c->at == (uintptr_t)p && !(c->flags & (FREE | DEFERRED)));
	return likely(live) ? c : owner_missing(p);
}
