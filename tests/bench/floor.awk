# `perf script -F comm,ip,sym,dso` -> where the samples of one program are, one line:
#   SAMPLES ALLOCATOR KERNEL
# ALLOCATOR: the innermost frame is a function of glibc's malloc. KERNEL: in a page fault, in a call
# that maps or unmaps memory, or in its release at exit; no sample counts twice.
function finish() {
	if (frames) {
		samples++
		allocator += inside && !paging
		kernel += paging
	}
	frames = inside = paging = 0
}
/^[^ \t]/ {
	finish()
	next
}
NF >= 3 {
	name = $2
	sub(/@.*/, "", name)
	sub(/\.(constprop|isra|part|cold)\..*/, "", name)
	if (!frames++)
		inside = $NF ~ /libc\.so/ && (name in functions)
	if ($NF ~ /kernel/ && name ~ paths)
		paging = 1
}
BEGIN {
	n = split("malloc free calloc realloc cfree memalign aligned_alloc posix_memalign __libc_malloc " \
		"__libc_free __libc_calloc __libc_realloc __libc_memalign _int_malloc _int_free " \
		"_int_free_merge_chunk _int_free_create_chunk _int_free_maybe_consolidate _int_realloc " \
		"_int_memalign _mid_memalign malloc_consolidate unlink_chunk sysmalloc sysmalloc_mmap " \
		"systrim heap_trim grow_heap new_heap alloc_new_heap munmap_chunk mremap_chunk " \
		"tcache_init tcache_key_initialize tcache_thread_shutdown arena_get2 arena_get_retry " \
		"get_free_list detach_arena reused_arena ptmalloc_init alloc_perturb free_perturb " \
		"malloc_usable_size mem2chunk_check checked_request2size __malloc_arena_thread_freeres " \
		"__default_morecore __glibc_morecore sbrk __sbrk brk __brk", list, " ")
	for (i = 1; i <= n; i++)
		functions[list[i]] = 1
	paths = "^((asm_)?exc_page_fault|do_user_addr_fault|do_page_fault|do_translation_fault|el0_da" \
		"|do_DataAbort|(__x64_|__arm64_)?sys_(brk|mmap|munmap|mremap|madvise)|ksys_mmap_pgoff" \
		"|__do_sys_(brk|mremap)|do_mmap|do_munmap|exit_mmap)$"
}
END {
	finish()
	print samples + 0, allocator + 0, kernel + 0
}
