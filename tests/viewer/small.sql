-- A heap small enough to check by hand. At fact 9:
--	brk     0x10000..0x12000, 8192 bytes
--	        0x10000 a pool of 1024 bytes: 64 of header, 60 objects of 16; two of them live
--	        0x10400 a chunk of 2048: header 8, usable 2040, asked 2000
--	        0x10c00 a deferred chunk of 512
--	        0x10e00 free, 512
--	        0x11000 a chunk of 1024: header 8, usable 1016, asked 1016, of the tracer
--	        0x11400 top, 3072
--	mapped  0x7f0000000000, 4096 bytes, one block: header 16, usable 4080, asked 4000
INSERT INTO word VALUES
	('function', 0, 'malloc'), ('function', 1, 'calloc'), ('function', 9, 'free'),
	('source', 0, 'pool'), ('source', 3, 'bin'), ('source', 5, 'mmap'),
	('path', 0, 'local'), ('path', 2, 'deferred');
INSERT INTO process (id, pid, ppid, host, name, allocator, allocator_version, page_size, header,
	clock_cost, clock_offset, start, finish, facts, last_seq, lost, unknown_frees, violations,
	implied, complete)
VALUES (1, 42, 1, 'board', 'small', 'liblw', 1, 4096, 8, 20, 0, 1000000, 1010000, 10, 10, 0, 0, 0,
	0, 1);
INSERT INTO extent VALUES
	(1, 0x10000, 8192, 'brk', 1000000, NULL, 1, NULL),
	(1, 0x7f0000000000, 4096, 'map', 1006000, NULL, 7, NULL);
INSERT INTO pool (process, address, bytes, object, capacity, offset, tid, begin, begin_seq, peak_used)
VALUES (1, 0x10000, 1024, 16, 60, 64, 42, 1001000, 2, 3);
INSERT INTO block (process, ptr, size, usable, birth, death, birth_seq, death_seq, alloc_tid,
	free_tid, alloc_latency, free_latency, source, function, path, align, header, flags)
VALUES
	(1, 0x10040, 10, 16, 1002000, NULL, 2, NULL, 42, NULL, 30, NULL, 0, 0, NULL, 0, 0, 0),
	(1, 0x10050, 16, 16, 1003000, NULL, 3, NULL, 42, NULL, 10, NULL, 0, 0, NULL, 0, 0, 0),
	(1, 0x10060, 12, 16, 1003500, 1009000, 4, 10, 42, 42, 31, 25, 0, 0, 0, 0, 0, 0),
	(1, 0x10408, 2000, 2040, 1004000, NULL, 5, NULL, 42, NULL, 150, NULL, 3, 0, NULL, 0, 8, 0),
	(1, 0x10c08, 500, 504, 1005000, 1008000, 6, 9, 42, 42, 160, 45, 3, 1, 2, 0, 8, 0),
	(1, 0x7f0000000010, 4000, 4080, 1006000, NULL, 7, NULL, 42, NULL, 9000, NULL, 5, 0, NULL, 0,
	 16, 0),
	(1, 0x11008, 1016, 1016, 1007000, NULL, 8, NULL, 43, NULL, 70, NULL, 3, 0, NULL, 0, 8, 1);
INSERT INTO deferred VALUES (1, 0x10c00, 512, 1008000, NULL, 9, NULL);
INSERT INTO latency_hist VALUES
	(1, 0, 0, 10, 11, 1, 10, 10), (1, 0, 0, 30, 31, 1, 30, 30), (1, 0, 0, 31, 32, 1, 31, 31),
	(1, 0, 3, 144, 152, 1, 150, 150), (1, 0, 5, 8704, 9216, 1, 9000, 9000),
	(1, 1, 3, 160, 168, 1, 160, 160),
	(1, 9, 0, 25, 26, 1, 25, 25), (1, 9, 2, 44, 46, 1, 45, 45);
-- live slack tracer headers pool_free deferred bins top extent largest asked rss resident blocks
INSERT INTO timeline VALUES
	(1, 2, 1002000, 10, 6, 0, 64, 944, 0, 0, 7168, 8192, 7168, 10, NULL, NULL, 1),
	(1, 5, 1004000, 2038, 50, 0, 72, 912, 0, 0, 5120, 8192, 5120, 2038, 20480, 4096, 4),
	(1, 7, 1006000, 6538, 134, 0, 96, 912, 0, 0, 4608, 12288, 4608, 6538, 20480, 4096, 6),
	(1, 9, 1008000, 6038, 130, 1016, 96, 912, 512, 512, 3072, 12288, 3072, 6538, 24576, 8192, 5),
	(1, 10, 1009000, 6026, 126, 1016, 96, 928, 512, 512, 3072, 12288, 3072, 6538, 24576, 8192, 4);
INSERT INTO peak VALUES
	(1, 'live', 6538, 7, 1006000), (1, 'usable', 6672, 7, 1006000),
	(1, 'extent', 12288, 7, 1006000), (1, 'heap', 12288, 7, 1006000),
	(1, 'blocks', 6, 7, 1006000), (1, 'headers', 96, 7, 1006000),
	(1, 'rss_anon', 24576, 9, 1008000), (1, 'heap_resident', 8192, 9, 1008000);
INSERT INTO resident VALUES (1, 5, 1004000, 8192, 20480, 4096), (1, 9, 1008000, 12288, 24576, 8192);
INSERT INTO calls VALUES (1, 0, 0, 5, 6038, 0, 9221), (1, 1, 0, 1, 500, 0, 160),
	(1, 9, 0, 2, 0, 0, 70), (1, 0, 1, 1, 1016, 0, 70);
INSERT INTO thread VALUES (1, 42, 1000000, 1009000, 6, 2, 6538, 9451, 0);
