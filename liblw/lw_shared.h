/*
 * lw_shared.h - the room that all others stand on: the heap that threads share, the calling
 * thread's own heap, the lock, and the end at a fault.
 *
 * The lock guards what is said at `lw`, is never taken twice, and never held while other code than
 * ours and the system's runs.  Calls the system.
 */

#define API            __attribute__((visibility("default")))
#define HOT            __attribute__((optimize("O2"))) /* all else is compiled for size */
#define OUTLINE        __attribute__((noinline))
#define INLINE         inline __attribute__((always_inline))
#define TLS            __thread __attribute__((tls_model("initial-exec")))
#define likely(x)      __builtin_expect(!!(x), 1)
#define unlikely(x)    __builtin_expect(!!(x), 0)
#define ALIGN_UP(x, a) (((x) + (a)-1) & ~((uintptr_t)(a)-1))

#define PAGE           (size_t) getpagesize()         /* for whom lw.page may not be there yet */
#define BIN_LOG        3                              /* log2 of the bins to a doubling */
#define BINS           ((BITS - TILE_LOG) << BIN_LOG) /* no chunk is smaller than a tile */
_Static_assert(BIN_LOG <= TILE_LOG, "the smallest chunks differ by less than a bin");

static struct {
	pthread_mutex_t lock; /* of all below, of metadata pages, and of every free chunk */
	int saved;            /* errno, while the lock is held */
	void *holder;   /* who may be in the middle of a change of all that is below; or NULL */
	bool went;      /* something went back, and was not wanted again yet */
	uint8_t share;  /* log2 of the part of what is in use that is kept, too */
	bool keyed;     /* there is a key, and so others than the first thread have heaps */
	unsigned forks; /* that are under way: the break is not moved */
	uint16_t born;  /* of whose metadata pages chunks are free: see fork_child */
	pthread_key_t key;
	uintptr_t low, end;  /* where the break was when the heap began; where our break ends */
	size_t extent, peak; /* bytes that came from the system less what went back */
	size_t foreign;      /* frees of other allocators' blocks */
	size_t moved;        /* count of mappings for one block each */
	size_t keep;         /* free memory that is not given back; see lw_growth.h */
	size_t page;
	struct heap *dead;
	struct {                    /* what is free */
		struct chunk *top;  /* the free chunk that ends at `end`, not in a bin; or NULL */
		size_t free, dirty; /* bytes of free chunks; of those in bins, what was written */
		unsigned leaves_left, metapages_left;
		uintptr_t next_metapage;
		struct chunk **next_leaf;
		struct metapage *metapage[KINDS]; /* those that have a free record */
		size_t empty[KINDS];              /* how many of those have no record in use */
		size_t filled[BINS / BITS + 1];   /* a bit per bin that is not empty */
		struct chunk *bin[BINS];
	};
	/* The map of all tiles: leaf n % LEAVES is for the tiles of leaf n alone; tag == n. */
	struct leaf {
		struct chunk **map;
		uintptr_t tag;
	} leaf[LEAVES];
} lw;

static struct chunk nowhere; /* stands where there is no pool: without slots, without a bit set */
static struct heap first, unopened, closed; /* a thread's before its first call, past its end */
static TLS struct heap *self = &unopened;
static TLS struct chunk *latest = &nowhere; /* the pool of the last free, if it was of this heap */

static TLS pid_t forker; /* its process, while the thread forks; or 0 */

static _Noreturn OUTLINE void fault(const char *what, const void *at)
{
	char line[96];
	int digits = BITS / 4, len = snprintf(line, sizeof line, "liblw: %s: address=0x%0*zx\n",
	                                      what, digits, (size_t)at);
	(void)!write(STDERR_FILENO, line, len);
	TRACE(fault, (uintptr_t)at);
	abort();
}

/* glibc's word that there is but one thread: then the lock is not needed. */
extern char __libc_single_threaded __attribute__((weak));

static INLINE bool alone(void) { return &__libc_single_threaded && __libc_single_threaded; }

/* Whether the calling thread has the lock: for assertions. */
static bool lock_held(void) { return __atomic_load_n(&lw.holder, __ATOMIC_RELAXED) == &self; }

static void fork_child(void);

/* Takes the lock and keeps errno, as system calls are made in between. */
static void lock(void)
{
	if (unlikely(forker) && forker != getpid())
		fork_child(); /* another handler came first, and allocates */
	alone() ? 0 : pthread_mutex_lock(&lw.lock);
	lw.saved = errno;
	__atomic_store_n(&lw.holder, &self, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST); /* what a fork sees changed, it sees held */
}

static void unlock(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&lw.holder, NULL, __ATOMIC_RELAXED);
	errno = lw.saved;
	alone() ? 0 : pthread_mutex_unlock(&lw.lock);
}

static void extent_add(size_t n)
{
	ASSERT(lock_held());
	ASSERT(lw.extent <= lw.peak);
	lw.peak = (lw.extent += n) > lw.peak ? lw.extent : lw.peak;
}
