/*
 * lw_threads.h - the room of threads: each gets a heap, and leaves it to the next one.
 *
 * Invariants: a heap belongs to one thread, or is in lw.dead; `unopened` and `closed` stand where
 * there is no heap, and are never written.  Calls pools, chunks and metadata.
 */

/* A thread ends: the next new one gets its heap. */
static void heap_close(void *arg)
{
	struct heap *h = arg;
	ASSERT(h == self && h->most == POOL_MAX);
	heap_flush(h, ON_EXIT);
	self = &closed;
	latest = &nowhere;
	int saved = lock();
	h->next = lw.dead;
	lw.dead = h;
	unlock(saved);
}

/* A child of a fork has one thread.  Heaps of the others may be in the middle of anything: they
 * are left as they are, and what is freed into their pools stays there. */
static void fork_prepare(void) { pthread_mutex_lock(&lw.lock); }
static void fork_done(void) { pthread_mutex_unlock(&lw.lock); }

/* Called once there is a second thread: until then nobody forks inside the allocator, or ends. */
static void start_threads(void)
{
	pthread_key_create(&lw.key, heap_close);
	sys_atfork(fork_prepare, fork_done);
}

/* Gives the calling thread a heap, that of a dead thread or a new one.  NULL if there is no memory,
 * or if the thread has closed its heap already: then it is served chunks. */
static OUTLINE struct heap *heap_open(void)
{
	if (self == &closed)
		return NULL;
	int saved = lock();
	struct heap *h = lw.dead;
	if (h) {
		lw.dead = h->next;
	} else if (!lw.page) {
		lw.page = PAGE;
		lw.keep = KEEP_MIN;
		nowhere.word = nowhere.free;
		h = &first;
	} else if (records_ready(HEAP)) {
		h = memset(record_new(HEAP), 0, sizeof *h);
	}
	unlock(saved);
	if (!h)
		return NULL;
	for (unsigned i = 0; !h->most && i < CLASSES; i++)
		h->current[i] = &nowhere;
	h->most = POOL_MAX;
	ASSERT(h != &unopened && h != &closed);
	self = h; /* before pthread_atfork: musl's allocates */
	if (!alone()) {
		pthread_once(&lw.once, start_threads);
		pthread_setspecific(lw.key, h);
	}
	return h;
}

static INLINE struct heap *heap_get(void) { return likely(self->most) ? self : heap_open(); }
