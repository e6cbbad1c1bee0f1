/*
 * lw_threads.h - the room of threads: each gets a heap, and leaves it to the next one.
 *
 * Invariants: a heap belongs to one thread, or is in lw.dead; `unopened` and `closed` stand where
 * there is no heap, and are never written.  Calls pools, chunks and metadata.
 */

/* Puts H among those whose threads have ended. */
static void heap_leave(struct heap *h)
{
	lock();
	h->next = lw.dead;
	__atomic_store_n(&lw.dead, h, __ATOMIC_RELEASE); /* in this order for a fork, too */
	unlock();
}

/* A thread ends: the next new one gets its heap. */
static void heap_close(void *arg)
{
	ASSERT(arg == self && self->most == POOL_MAX);
	heap_flush(arg, ON_EXIT);
	self = &closed;
	latest = &nowhere;
	heap_leave(arg);
}

/* A fork is under way, or is done.  Nobody waits for it, whatever lock of the C library's or the
 * program's it waits for: others go on, and change what is shared.  Only the break stays where it is:
 * the kernel notes it for the child some time before it copies the memory. */
static void fork_begins(void)
{
	lock();
	lw.forks++;
	unlock();
	forker = getpid();
}

static void fork_ends(void)
{
	forker = 0;
	lock();
	lw.forks--;
	unlock();
}

/* In the child, which has one thread.  Heaps of the others may be in the middle of anything: they are
 * left as they are, and what is freed into their pools stays there.  So is what is free, if one of
 * them was changing it: then a new stock begins.  A live block's chunk is not changed by others. */
static void fork_child(void)
{
	forker = 0;
	lw.forks = 0;
	if (lw.holder == &self)
		return; /* it forked in a handler of a signal, and will release the lock */
	lw.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	if (!lw.holder)
		return;
	memset(&lw.top, 0, (char *)lw.leaf - (char *)&lw.top);
	lw.end = sys_sbrk(0);
	lw.born++;
	lw.holder = NULL;
}

/* Gives the calling thread a heap: the first one, that of a dead thread, or a new one.  NULL if there
 * is no memory or no key that leads back to it, or if the thread has closed its heap already: then it
 * is served chunks. */
static OUTLINE struct heap *heap_open(void)
{
	if (self == &closed)
		return NULL;
	lock();
	struct heap *h = lw.dead;
	bool begins = !lw.page;
	if (begins) {
		lw.page = PAGE;
		lw.keep = KEEP_MIN;
		lw.share = SHARE_BEGIN;
		nowhere.word = nowhere.free;
		h = &first;
	} else if (!lw.keyed) {
		h = NULL;
	} else if (h) {
		lw.dead = h->next;
	} else if (records_ready(HEAP)) {
		h = memset(record_new(HEAP), 0, sizeof *h);
	}
	unlock();
	if (!h)
		return NULL;
	for (unsigned i = 0; !h->most && i < CLASSES; i++)
		h->current[i] = &nowhere;
	h->most = POOL_MAX;
	ASSERT(h != &unopened && h != &closed);
	self = h;   /* what follows may allocate */
	if (begins) /* with the first allocation, as a rule before there is a second thread */
		lw.keyed = !sys_atfork(fork_begins, fork_ends, fork_child) &&
		           !pthread_key_create(&lw.key, heap_close);
	if (lw.keyed && pthread_setspecific(lw.key, h) && !begins) {
		self = &unopened;
		heap_leave(h);
		return NULL;
	}
	return h;
}

static INLINE struct heap *heap_get(void) { return likely(self->most) ? self : heap_open(); }
