/* SPDX-License-Identifier: MIT */
/*
 * ctf_write.h - writes small CTF traces as LTTng does, for tests: no daemon, no provider, the same
 * bytes on every run.
 */
#ifndef CTF_WRITE_H
#define CTF_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ctf_writer;

struct ctf_writer_spec {
	const char *directory; /* is made; the trace lies in it */
	const char *host, *program;
	uint32_t pid;        /* of the environment; 0: shared buffers, each event has its vpid */
	size_t packet_size;  /* bytes, 0: 64 KiB */
	bool plain_metadata; /* text without packets */
};

/* All events of traces/format/events.h, and some of lttng-ust's. */
struct ctf_writer *ctf_writer_open(const struct ctf_writer_spec *spec);

/* `name` without "lw:"; values in the order of the event's fields; ends with the trailing string. */
void ctf_write(struct ctf_writer *w, const char *name, uint64_t time, const uint64_t *values,
               const char *text);
/* From the next event on, in shared buffers. */
void ctf_set_vpid(struct ctf_writer *w, uint32_t vpid);
/* The packet under way will say that so many events were discarded. */
void ctf_discard(struct ctf_writer *w, uint64_t count);
/* Ends the packet under way, so that a test knows where packets begin. */
void ctf_flush(struct ctf_writer *w);
void ctf_writer_close(struct ctf_writer *w);

#endif
