-- heap.db: what one recording says about the heaps of its processes.
--
-- The database is a product of its own: `lwview load` writes it once and nothing changes it
-- afterwards; every picture and table of lwview is a question that you can put by hand.
--
-- Units and words used in every table
--   address     unsigned 64-bit, kept in SQLite's signed integer (user space is below 2^63)
--   bytes, ns   plain integers; times are ns of the recorded machine's CLOCK_MONOTONIC,
--               process.clock_offset added gives ns since 1970
--   seq         running number of a fact within its process, in order of effect, from 1: exact
--               where two facts share a nanosecond. An interval [begin_seq, finish_seq) holds the
--               facts during which the thing existed; finish_seq NULL: it existed at the end
--   process     process.id, not the pid: a pid that calls exec() is two processes here
--   codes       function, source, path, reason, outcome, kind: small integers, their words are
--               in table `word`
--   flags       bit 0 (1) tracer: the block belongs to lttng-ust itself, it is counted apart
--               bit 1 (2) early: held back until the tracer was ready
--               bit 2 (4) inherited: copied from the parent by fork()
--               bit 3 (8) dumped: lived before the recording began, its size asked is unknown
--
-- The extent splits exactly at every fact:
--   extent = live + slack + tracer + headers + pool_free + deferred + bins + top

PRAGMA user_version = 2;		-- raised by one when a column changes its meaning

CREATE TABLE meta (			-- one row per property of the recording as a whole
	key	TEXT PRIMARY KEY,	-- trace, loader, repaired, lwtrace (its json text) ...
	value	TEXT			-- text of the property, its unit is named by the key
) WITHOUT ROWID;

CREATE TABLE word (			-- what the small codes mean
	class	TEXT NOT NULL,		-- function, source, path, reason, outcome, what, kind
	code	INTEGER NOT NULL,	-- the code, no unit
	name	TEXT NOT NULL,		-- the word; "source 9" for a code that this lwview has none for
	PRIMARY KEY (class, code)
) WITHOUT ROWID;

CREATE TABLE process (			-- one row per process image that was recorded
	id		INTEGER PRIMARY KEY,	-- number in order of appearance
	pid		INTEGER NOT NULL,	-- process id on its host
	ppid		INTEGER,		-- parent's pid, NULL unknown
	parent		INTEGER,		-- process.id whose heap was copied by fork, or NULL
	host		TEXT,			-- host name, '' unknown
	name		TEXT,			-- program name
	allocator	TEXT,			-- liblw, ptmalloc, ... as the tracer named it
	allocator_version	INTEGER,	-- as the tracer gave it, 0 unknown
	format		INTEGER,		-- version of the trace format
	page_size	INTEGER,		-- bytes
	header		INTEGER,		-- bytes in front of each chunk's payload
	clock_cost	INTEGER,		-- ns, one clock read: latencies below it mean "less"
	clock_offset	INTEGER,		-- ns, add to a time to get ns since 1970
	start		INTEGER,		-- ns, first fact
	finish		INTEGER,		-- ns, last fact
	facts		INTEGER,		-- count of events recorded; a realloc is one
	last_seq	INTEGER,		-- greatest seq; a realloc takes two
	lost		INTEGER,		-- count of events the tracer had to drop
	unknown_frees	INTEGER,		-- count of frees of blocks never seen allocated
	violations	INTEGER,		-- count of blocks handed out twice (0 unless lossy)
	implied		INTEGER,		-- bytes of extent never announced, seen by use
	complete	INTEGER			-- 1: figures are exact; 0: they are "at least"
);

CREATE TABLE thread (			-- one row per thread that called the allocator
	process		INTEGER NOT NULL,
	tid		INTEGER NOT NULL,	-- thread id on its host
	first		INTEGER,		-- ns, its first fact
	last		INTEGER,		-- ns, its last fact
	allocs		INTEGER,		-- count of blocks it obtained
	frees		INTEGER,		-- count of blocks it gave back
	bytes		INTEGER,		-- bytes it asked for, all together
	latency		INTEGER,		-- ns it spent inside the allocator
	tracer		INTEGER,		-- 1: a thread of lttng-ust itself
	PRIMARY KEY (process, tid)
) WITHOUT ROWID;

CREATE TABLE site (			-- one row per return address into the program
	id		INTEGER PRIMARY KEY,	-- process * 1000000 + number
	process		INTEGER NOT NULL,
	address		INTEGER NOT NULL,	-- address, as the program saw it
	module		TEXT,			-- path of the executable or library, NULL unknown
	offset		INTEGER,		-- bytes from the module's load address
	build_id	TEXT,			-- hex, of the module, NULL unknown
	function	TEXT,			-- NULL: not resolved
	file		TEXT,			-- source file, NULL: no debug information
	line		INTEGER			-- line number, NULL: no debug information
);

CREATE TABLE block (			-- one row per lifetime of a block; a realloc ends one, begins one
	id		INTEGER PRIMARY KEY,	-- number in order of death
	process		INTEGER NOT NULL,
	ptr		INTEGER NOT NULL,	-- address the program got
	size		INTEGER,		-- bytes asked for, NULL unknown (flags bit 3)
	usable		INTEGER NOT NULL,	-- bytes usable, size + slack
	birth		INTEGER NOT NULL,	-- ns, start + latency of the allocation
	death		INTEGER,		-- ns, start of the free, NULL: alive at the end
	birth_seq	INTEGER NOT NULL,	-- fact that began it; 0: copied at fork
	death_seq	INTEGER,		-- fact that ended it, NULL: alive at the end
	alloc_site	INTEGER,		-- site.id of the allocating call
	free_site	INTEGER,		-- site.id of the freeing call
	alloc_tid	INTEGER,		-- thread that obtained it
	free_tid	INTEGER,		-- thread that gave it back
	alloc_latency	INTEGER,		-- ns inside the allocator
	free_latency	INTEGER,		-- ns inside the allocator; NULL when a realloc ended it
	source		INTEGER,		-- word 'source': where the memory came from
	function	INTEGER,		-- word 'function': which call obtained it
	path		INTEGER,		-- word 'path': where it went
	align		INTEGER,		-- log2 of the alignment asked for, 0 none
	header		INTEGER NOT NULL,	-- bytes in front of ptr that belong to it, 0 in a pool
	flags		INTEGER NOT NULL,	-- see top
	prior		INTEGER			-- block.id that a realloc turned into this one
);

CREATE TABLE deferred (			-- one row per chunk while freed but not merged
	process		INTEGER NOT NULL,
	address		INTEGER NOT NULL,	-- address of the chunk, header included
	length		INTEGER NOT NULL,	-- bytes, header included
	begin		INTEGER NOT NULL,	-- ns
	finish		INTEGER,		-- ns, NULL: still so at the end
	begin_seq	INTEGER NOT NULL,
	finish_seq	INTEGER
);

CREATE TABLE pool (			-- one row per pool of equal small objects
	process		INTEGER NOT NULL,
	address		INTEGER NOT NULL,	-- address of the pool
	bytes		INTEGER NOT NULL,	-- bytes of the pool, its header included
	object		INTEGER NOT NULL,	-- bytes of one object
	capacity	INTEGER NOT NULL,	-- count of objects; 0: the allocator's bookkeeping
	offset		INTEGER NOT NULL,	-- bytes from address to the first object
	tid		INTEGER,		-- thread that made it
	begin		INTEGER NOT NULL,	-- ns
	finish		INTEGER,		-- ns, NULL: still there at the end
	begin_seq	INTEGER NOT NULL,
	finish_seq	INTEGER,
	peak_used	INTEGER NOT NULL	-- count, most objects live at one time
);

CREATE TABLE extent (			-- one row per piece of memory that came from the system
	process		INTEGER NOT NULL,
	address		INTEGER NOT NULL,	-- address
	length		INTEGER NOT NULL,	-- bytes
	kind		TEXT NOT NULL,		-- brk, map, implied (never announced, seen by use)
	begin		INTEGER NOT NULL,	-- ns
	finish		INTEGER,		-- ns, NULL: still there at the end
	begin_seq	INTEGER NOT NULL,
	finish_seq	INTEGER
);

CREATE TABLE returned (			-- one row per range of pages given back while addresses stay
	process		INTEGER NOT NULL,
	address		INTEGER NOT NULL,	-- address
	length		INTEGER NOT NULL,	-- bytes
	begin		INTEGER NOT NULL,	-- ns
	finish		INTEGER,		-- ns, used again; NULL: still so at the end
	begin_seq	INTEGER NOT NULL,
	finish_seq	INTEGER
);

CREATE TABLE timeline (			-- thinned: of each step of time the extremes and the last
	process		INTEGER NOT NULL,
	seq		INTEGER NOT NULL,	-- state right after this fact
	time		INTEGER NOT NULL,	-- ns
	live		INTEGER NOT NULL,	-- bytes asked for by the program, alive   (L)
	slack		INTEGER NOT NULL,	-- bytes usable beyond those asked (U = live + slack)
	tracer		INTEGER NOT NULL,	-- bytes usable of lttng-ust's own blocks
	headers		INTEGER NOT NULL,	-- bytes of the allocator's bookkeeping
	pool_free	INTEGER NOT NULL,	-- bytes of free objects in pools
	deferred	INTEGER NOT NULL,	-- bytes freed, not yet merged
	bins		INTEGER NOT NULL,	-- bytes free, in bins
	top		INTEGER NOT NULL,	-- bytes free at the end of the break
	extent		INTEGER NOT NULL,	-- bytes from the system = sum of the eight above (H)
	largest_free	INTEGER NOT NULL,	-- bytes of the largest free run, bins and top
	asked		INTEGER NOT NULL,	-- bytes asked for since the start, cumulative, tracer's not
	rss_anon	INTEGER,		-- bytes resident, process, last sample; NULL none yet
	heap_resident	INTEGER,		-- bytes resident in the extent, last sample; NULL none
	blocks		INTEGER NOT NULL,	-- count of the program's live blocks
	PRIMARY KEY (process, seq)
) WITHOUT ROWID;

CREATE TABLE peak (			-- greatest value of a figure over all facts, never over samples
	process		INTEGER NOT NULL,
	figure		TEXT NOT NULL,		-- live (L), usable (U), extent, heap (H = extent less
						-- tracer), free, blocks, external, waste (H - L),
						-- headers, deferred, pool_free, top, tracer,
						-- rss_anon, heap_resident
	value		REAL NOT NULL,		-- bytes; blocks: a count; external: a ratio 0..1
	seq		INTEGER NOT NULL,	-- the first fact at which it stood so high;
						-- timeline has a row for it
	time		INTEGER NOT NULL,	-- ns
	PRIMARY KEY (process, figure)
) WITHOUT ROWID;

CREATE TABLE resident (			-- one row per sample of resident memory
	process		INTEGER NOT NULL,
	seq		INTEGER NOT NULL,
	time		INTEGER NOT NULL,	-- ns
	extent		INTEGER NOT NULL,	-- bytes, the heap's extent as the tracer saw it
	rss_anon	INTEGER NOT NULL,	-- bytes, RssAnon of the process
	heap_resident	INTEGER NOT NULL	-- bytes, resident in the heap's mappings
);

CREATE TABLE latency_hist (		-- time inside the allocator, tracer's own calls left out
	process		INTEGER NOT NULL,
	operation	INTEGER NOT NULL,	-- word 'function'
	kind		INTEGER NOT NULL,	-- word 'source' for allocations, 'path' for frees
	low		INTEGER NOT NULL,	-- ns, low <= latency < high; 16 buckets per octave
	high		INTEGER NOT NULL,	-- ns
	count		INTEGER NOT NULL,	-- count of calls
	total		INTEGER NOT NULL,	-- ns, sum over these calls
	max		INTEGER NOT NULL,	-- ns, greatest of these calls, exact
	PRIMARY KEY (process, operation, kind, low)
) WITHOUT ROWID;

CREATE TABLE calls (			-- how often each function succeeded and failed
	process		INTEGER NOT NULL,
	function	INTEGER NOT NULL,	-- word 'function'
	tracer		INTEGER NOT NULL,	-- 1: calls of lttng-ust itself
	count		INTEGER NOT NULL,	-- count of calls that succeeded
	bytes		INTEGER NOT NULL,	-- bytes asked for
	failed		INTEGER NOT NULL,	-- count of calls that returned NULL
	latency		INTEGER NOT NULL,	-- ns, sum
	PRIMARY KEY (process, function, tracer)
) WITHOUT ROWID;

CREATE TABLE coalesce (			-- one row per batch of deferred chunks merged
	process		INTEGER NOT NULL,
	seq		INTEGER NOT NULL,
	time		INTEGER NOT NULL,	-- ns
	tid		INTEGER,		-- thread that did it
	reason		INTEGER,		-- word 'reason'
	chunks_in	INTEGER,		-- count of deferred chunks
	chunks_out	INTEGER,		-- count of free chunks that they became part of
	bytes		INTEGER,		-- bytes of the deferred chunks
	largest		INTEGER,		-- bytes of the largest of them
	latency		INTEGER			-- ns
);

CREATE TABLE sbrk (			-- one row per move of the break, tried or done
	process		INTEGER NOT NULL,
	seq		INTEGER NOT NULL,
	time		INTEGER NOT NULL,	-- ns
	tid		INTEGER,
	old_end		INTEGER,		-- address of the break before
	new_end		INTEGER,		-- address of the break after
	outcome		INTEGER,		-- word 'outcome'
	latency		INTEGER			-- ns
);

CREATE TABLE fail (			-- one row per allocation that returned NULL
	process		INTEGER NOT NULL,
	seq		INTEGER NOT NULL,
	time		INTEGER NOT NULL,	-- ns
	tid		INTEGER,
	size		INTEGER,		-- bytes asked for
	site		INTEGER,		-- site.id
	function	INTEGER,		-- word 'function'
	error		INTEGER,		-- errno
	latency		INTEGER			-- ns
);

CREATE TABLE loss (			-- one row per interval in which the tracer dropped events
	process		INTEGER NOT NULL,	-- 0: buffers shared by several processes
	begin		INTEGER,		-- ns, NULL unknown
	finish		INTEGER,		-- ns, NULL unknown
	count		INTEGER NOT NULL	-- count of events
);

CREATE TABLE violation (		-- the first 100 facts per process that contradict each other
	process		INTEGER NOT NULL,
	seq		INTEGER NOT NULL,
	time		INTEGER NOT NULL,	-- ns
	ptr		INTEGER,		-- address concerned
	tid		INTEGER,
	what		TEXT NOT NULL		-- what is wrong, in words
);

-- The reports, each a view, which `lwview NAME` prints and `SELECT * FROM name` answers alike. They keep
-- the tracer's own blocks out. The name of a column ends with its unit; times are ns since the first
-- fact of the process; a mean is rounded. Under filters lwview makes the same views anew over a
-- `block`, `thread`, `pool`, `timeline`, `peak` and `latency_hist` that hold the selection alone.

-- program_block: the lifetimes without the tracer's own, and what each counts as asked for
CREATE VIEW program_block AS
SELECT	*, coalesce(size, usable) AS bytes
FROM	block
WHERE	flags & 1 = 0;

-- place: a call site in words: function (file:line), else function (module), module+offset, address
CREATE VIEW place AS
SELECT	id,
	CASE WHEN file IS NOT NULL THEN printf('%s (%s:%d)', function, file, line)
	     WHEN function IS NOT NULL THEN printf('%s (%s)', function, module)
	     WHEN module IS NOT NULL THEN printf('%s+0x%x', module, offset)
	     ELSE printf('0x%x', address) END AS place
FROM	site;

-- totals: what all reports on blocks share out, whatever they are sorted by
CREATE VIEW totals AS
SELECT	process, count(*) AS blocks, sum(bytes) AS bytes, sum(usable) AS usable_bytes,
	sum(death_seq IS NULL) AS alive,
	sum(CASE WHEN death_seq IS NULL THEN bytes ELSE 0 END) AS alive_bytes
FROM	program_block
GROUP	BY process;

-- leaks: blocks alive at the end, by the call site that obtained them; first and last: when
CREATE VIEW leaks AS
SELECT	b.process, count(*) AS blocks, sum(b.bytes) AS bytes, sum(b.usable) AS usable_bytes,
	min(b.birth) - p.start AS first_ns, max(b.birth) - p.start AS last_ns,
	coalesce(w.place, 'not recorded') AS place, b.alloc_site AS site
FROM	program_block b JOIN process p ON p.id = b.process
	LEFT JOIN place w ON w.id = b.alloc_site
WHERE	b.death_seq IS NULL
GROUP	BY b.process, b.alloc_site
ORDER	BY b.process, bytes DESC, blocks DESC, site;

-- sites: all that a call site ever asked for; alive: of it at the end
CREATE VIEW sites AS
SELECT	b.process, count(*) AS blocks, sum(b.bytes) AS bytes,
	sum(b.usable - b.bytes) AS slack_bytes, sum(b.death_seq IS NULL) AS alive,
	sum(CASE WHEN b.death_seq IS NULL THEN b.bytes ELSE 0 END) AS alive_bytes,
	CAST(round(avg(b.death - b.birth)) AS INTEGER) AS mean_life_ns,
	CAST(round(avg(b.alloc_latency)) AS INTEGER) AS mean_latency_ns,
	coalesce(w.place, 'not recorded') AS place, b.alloc_site AS site
FROM	program_block b LEFT JOIN place w ON w.id = b.alloc_site
GROUP	BY b.process, b.alloc_site
ORDER	BY b.process, bytes DESC, blocks DESC, site;

-- sizes: one row per size asked for, NULL unknown
CREATE VIEW sizes AS
SELECT	process, size AS size_bytes, count(*) AS blocks, sum(bytes) AS bytes,
	sum(usable - bytes) AS slack_bytes, sum(death_seq IS NULL) AS alive,
	CAST(round(avg(death - birth)) AS INTEGER) AS mean_life_ns
FROM	program_block
GROUP	BY process, size
ORDER	BY process, blocks DESC, size;

-- lifetimes: by powers of ten, from 1 ns; NULL, the first row: alive at the end
CREATE VIEW lifetimes AS
SELECT	process,
	CAST('1' || substr('000000000000000000', 1, length(max(death - birth, 1)) - 1) AS INTEGER)
		AS from_ns,
	count(*) AS blocks, sum(bytes) AS bytes
FROM	program_block
GROUP	BY 1, 2
ORDER	BY 1, 2;

-- threads: who allocates, who frees what others allocated; inside: time in the allocator
CREATE VIEW threads AS
SELECT	t.process, t.tid, t.tracer, t.allocs, t.frees,
	(SELECT count(*) FROM program_block b WHERE b.process = t.process AND b.free_tid = t.tid
		AND b.alloc_tid <> t.tid) AS freed_of_others,
	t.bytes, t.latency AS inside_ns, t.first - p.start AS first_ns, t.last - p.start AS last_ns
FROM	thread t JOIN process p ON p.id = t.process
ORDER	BY t.process, t.tracer, t.bytes DESC, t.tid;

-- pools: by object size; peak_used: the sum of the pools' own peaks
CREATE VIEW pools AS
SELECT	process, object AS object_bytes, count(*) AS pools, sum(bytes) AS bytes,
	sum(capacity) AS objects, sum(peak_used) AS peak_used, sum(finish_seq IS NULL) AS alive
FROM	pool
WHERE	capacity > 0
GROUP	BY process, object
ORDER	BY process, object;

-- temporary: sites whose blocks die within 1 ms of their birth: what a change of the program could save
CREATE VIEW temporary AS
SELECT	b.process, count(*) AS blocks, sum(b.bytes) AS bytes,
	CAST(round(avg(b.death - b.birth)) AS INTEGER) AS mean_life_ns,
	sum(b.prior IS NOT NULL) AS from_realloc, sum(b.alloc_latency) AS inside_ns,
	coalesce(w.place, 'not recorded') AS place, b.alloc_site AS site
FROM	program_block b LEFT JOIN place w ON w.id = b.alloc_site
WHERE	b.death - b.birth < 1000000
GROUP	BY b.process, b.alloc_site
ORDER	BY b.process, blocks DESC, site;

-- export: every lifetime, with the words in place of the codes
CREATE VIEW export AS
SELECT	b.process, b.id, b.ptr AS ptr_address, b.size AS size_bytes, b.usable AS usable_bytes,
	b.birth - p.start AS birth_ns, b.death - p.start AS death_ns, b.birth_seq, b.death_seq,
	b.alloc_tid, b.free_tid, b.alloc_latency AS alloc_latency_ns,
	b.free_latency AS free_latency_ns,
	(SELECT name FROM word WHERE class = 'function' AND code = b.function) AS function,
	(SELECT name FROM word WHERE class = 'source' AND code = b.source) AS source,
	(SELECT name FROM word WHERE class = 'path' AND code = b.path) AS path,
	b.align AS align_log2, b.flags, b.prior,
	coalesce(w.place, 'not recorded') AS place, b.alloc_site AS site
FROM	program_block b JOIN process p ON p.id = b.process
	LEFT JOIN place w ON w.id = b.alloc_site
ORDER	BY b.process, b.birth_seq, b.id;

-- latency: one row per operation and kind, the words in place of the codes
CREATE VIEW latency AS
SELECT	h.process, f.name AS operation,
	CASE WHEN h.operation IN (9, 10, 11) THEN p.name ELSE s.name END AS kind,
	h.low AS low_ns, h.high AS high_ns, h.count, h.total AS total_ns, h.max AS max_ns
FROM	latency_hist h
	LEFT JOIN word f ON f.class = 'function' AND f.code = h.operation
	LEFT JOIN word s ON s.class = 'source' AND s.code = h.kind
	LEFT JOIN word p ON p.class = 'path' AND p.code = h.kind;

-- rss: resident memory split into parts that sum to RssAnon; untouched: extent never resident
CREATE VIEW rss AS
SELECT	process, seq, time, rss_anon, heap_resident, rss_anon - heap_resident AS rest,
	max(extent - heap_resident, 0) AS untouched
FROM	resident;

-- map: every interval of address x seq with its state, widest first; colour later rows over
-- earlier ones. WHERE begin_seq <= :seq AND (finish_seq IS NULL OR finish_seq > :seq)
CREATE VIEW map AS
SELECT	process, 'free' AS state, address, length, begin_seq, finish_seq, 1 AS layer FROM extent
UNION ALL
SELECT	process, 'returned', address, length, begin_seq, finish_seq, 2 FROM returned
UNION ALL
SELECT	process, CASE WHEN capacity > 0 THEN 'pool' ELSE 'headers' END, address, bytes,
	begin_seq, finish_seq, 3 FROM pool
UNION ALL
SELECT	process, 'deferred', address, length, begin_seq, finish_seq, 4 FROM deferred
UNION ALL
SELECT	process, CASE WHEN flags & 1 THEN 'tracer' ELSE 'live' END, ptr - header,
	header + usable, birth_seq, death_seq, 5 FROM block;

-- figures: those of the defined figures that are no column of timeline, at every sample; NULL where
-- a ratio has nothing to divide by
CREATE VIEW figures AS
SELECT	process, seq, time, live AS L, live + slack AS U, extent - tracer AS H,
	pool_free + deferred + bins + top AS free, extent - tracer - live AS waste,
	1.0 - 1.0 * live / nullif(live + slack, 0) AS internal,
	1.0 - 1.0 * largest_free / nullif(pool_free + deferred + bins + top, 0) AS external,
	1.0 * live / nullif(extent - tracer, 0) AS utilisation,
	1.0 * (extent - tracer - live) / nullif(live, 0) AS overhead
FROM	timeline;
