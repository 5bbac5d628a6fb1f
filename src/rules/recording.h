/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recording.h - what libpoolkind-malloc writes of a program's memory, and the
 * command `poolkind record` reads: the form of a memfd that both have mapped.
 *
 * The command makes the file and the program inherits its descriptor, whose
 * number is in POOLKIND_RECORD. The first page is the head. Behind it each
 * process has a part of its own, at a multiple of RECORDING_PART_BYTES, which
 * it claims by counting up in the head: so does every child of a fork and every
 * program that is executed. The file is sparse, and a part costs what is
 * touched of it. What a process has written stays when it ends, however it
 * does, and goes with the last who has the file.
 *
 * Nothing is locked. Counters only grow by atomic additions; a record is
 * written before the number or the address that leads to it is, so that a
 * reader who finds it finds all of it. A reader believes no number in it
 * without a look, as the program may write anywhere.
 *
 * A site is a stack of return addresses, and the kind that served it. Blocks
 * from SITES_FROM bytes on are all recorded, or from more on, in a process that
 * has many of them. Of smaller ones some are, chosen at random by their bytes,
 * and each then stands for as many as it was improbable: it has a weight, in
 * units of 1 / RECORDING_ONE. How many small blocks there were in truth is
 * counted besides: by the bins of caches that they came out of, and of others
 * by each thread.
 *
 * Owns nothing; all values are of this machine's byte order.
 */
#ifndef RULES_RECORDING_H
#define RULES_RECORDING_H

#include <stdatomic.h>
#include <stdint.h>

#include "rules/table.h"

#define RECORDING_MAGIC UINT64_C(0x3564636572646b70) /* "pkdrecd5" */
#define RECORDING_VARIABLE "POOLKIND_RECORD"         /* "FD,PID" */

#define RECORDING_ONE 1024
#define RECORDING_MODULES 1024
#define RECORDING_NO_MODULE UINT16_MAX
#define RECORDING_PATH 512
#define RECORDING_NAMESPACE 32
#define RECORDING_THREADS 512
#define RECORDING_SITES ((size_t)1 << 16)
#define RECORDING_SITE_INDEX ((size_t)1 << 17)
#define RECORDING_FRAMES ((size_t)1 << 21)
#define RECORDING_STACK 128 /* frames of one site at the most */
#define RECORDING_SIZES 40  /* class I has the sizes from 1 << I on */
#define RECORDING_BINS 64
#define RECORDING_BIN_SIZES 4 /* classes that the sizes of a bin are in */
#define RECORDING_BUCKETS ((size_t)1 << 20)
#define RECORDING_BUCKET_BLOCKS 4
#define RECORDING_MARKS ((size_t)1 << 16)
#define RECORDING_FREED ((size_t)1 << 15)
#define RECORDING_SNAPSHOTS 256
#define RECORDING_ROWS (RECORDING_SNAPSHOTS + 2) /* the peak's, twice */
#define RECORDING_PART_BYTES (UINT64_C(512) << 20)
#define RECORDING_PARTS ((uint32_t)1 << 20)

#define RECORDING_PAGE _Alignas(4096)

struct recording_head {
	uint64_t magic;
	uint64_t sites_from;
	uint64_t sample_mean; /* bytes from one sampled block to the next */
	uint64_t apart_from;  /* such blocks get mappings of their own; 0: no */
	uint32_t apart_most;  /* mappings made so, for one process */
	uint32_t has_kinds;   /* kinds of the rules are to be told apart */
	uint32_t keeps_freed; /* times are exact, and freed blocks told of */
	uint32_t sites_rise;  /* SITES_FROM grows in a process of many blocks */
	_Atomic uint32_t parts;      /* claimed */
	_Atomic uint32_t parts_lost; /* processes that could not be recorded */
};

/* A program or library. READY: the record is complete. */
struct recording_module {
	_Atomic uint32_t ready;
	uint32_t build_id_bytes;
	uint8_t build_id[RULES_BUILD_ID_MAX];
	uint64_t base; /* what offsets in it count from */
	char path[RECORDING_PATH];
};

/* What came out of a bin of blocks of SIZE bytes each, and what was asked for
 * where they were chosen, with their weight: by classes of sizes, from that of
 * SIZE downward. */
struct recording_bin {
	_Atomic uint64_t size, blocks;
	struct {
		_Atomic uint64_t blocks, bytes;
	} chosen[RECORDING_BIN_SIZES];
};

/* What threads, one after the other, have allocated in other blocks. */
struct recording_thread {
	_Atomic uint32_t is_taken;
	_Atomic uint64_t blocks[RECORDING_SIZES], bytes[RECORDING_SIZES];
};

/* Sums are of blocks times their weights; blocks in 1 / RECORDING_ONE. */
struct recording_size {
	_Atomic uint64_t blocks, bytes, live, peak, accesses;
};

struct recording_site {
	uint64_t hash;
	uint32_t first_frame;
	uint16_t frame_count;
	uint16_t kind; /* number of the rules' kind plus one; 0: ordinary */
	_Atomic uint32_t closings; /* dlclose() so far when it was last right */
	_Atomic uint64_t live, peak;
	_Atomic uint64_t lifetime;   /* ms, of blocks that were freed */
	_Atomic uint64_t threads[4]; /* a bit each, in turn */
	struct recording_size size[RECORDING_SIZES];
};

/* A block that lives. ADDRESS 0: none; 1: one is being written. */
struct recording_block {
	_Atomic uint64_t address;
	uint64_t size;
	uint64_t born; /* microseconds since the part's start */
	uint32_t weight;
	uint16_t site;
	uint16_t is_apart; /* it has a mapping of its own */
};

/* A block that was freed, for accesses that are known of only later. NUMBER:
 * how many had been freed with it, once the record is complete. */
struct recording_freed {
	_Atomic uint64_t number;
	uint64_t address, size, born, died;
	uint32_t site, weight;
};

struct recording_bucket {
	struct recording_block block[RECORDING_BUCKET_BLOCKS];
};

/* Live bytes of all sites at one moment. */
struct recording_snapshot {
	uint64_t ns, live;
	uint32_t row, sites; /* how many had been claimed */
};

/* Two of them: one is being written while the other is whole. */
struct recording_snapshots {
	uint32_t count;
	struct recording_snapshot list[RECORDING_SNAPSHOTS];
};

struct recording_part {
	uint64_t magic; /* once all else is set */
	uint32_t process;
	uint32_t parent_part; /* of which this is a fork, plus one; 0: none */
	uint64_t start_ms;    /* of the monotonic clock, as of its last tick */
	uint64_t start_ns;    /* and exactly: others may begin in that tick */
	_Atomic uint64_t end_ns; /* 0: it did not end by itself */
	char program[RECORDING_PATH];
	/* In which PROCESS is its number: see outer_pid.h. "": unknown. */
	char pid_namespace[RECORDING_NAMESPACE];
	_Atomic uint64_t live, peak; /* bytes of recorded blocks */
	_Atomic uint32_t modules, sites, site_frames;
	/* What found no room. */
	_Atomic uint64_t lost_modules, lost_sites, lost_blocks, lost_bytes;
	_Atomic uint32_t apart; /* mappings made so */
	_Atomic uint32_t threads;
	_Atomic uint64_t freed_count;
	_Atomic uint64_t chosen; /* small blocks, so far */
	_Atomic uint64_t large;  /* recorded for their size, so far, about */
	_Atomic uint32_t snapshots_are_taken, snapshot_choice, peak_choice;
	uint32_t snapshot_skip, snapshot_turn;     /* takes one of so many */
	_Atomic uint64_t snapshot_live, peak_live; /* at the last of either */
	struct recording_snapshot peak_at[2];
	struct recording_snapshots snapshots[2];

	RECORDING_PAGE struct recording_module module[RECORDING_MODULES];
	RECORDING_PAGE struct recording_bin bin[RECORDING_BINS];
	RECORDING_PAGE struct recording_thread thread[RECORDING_THREADS + 1];
	/* How many recorded blocks lie in the pages of an address; 255: many,
	 * for good. */
	RECORDING_PAGE _Atomic uint8_t mark[RECORDING_MARKS];
	RECORDING_PAGE _Atomic uint32_t site_index[RECORDING_SITE_INDEX];
	/* Site 0 is for what had no room. */
	RECORDING_PAGE struct recording_site site[RECORDING_SITES];
	RECORDING_PAGE uint64_t frame[RECORDING_FRAMES];
	RECORDING_PAGE uint16_t frame_module[RECORDING_FRAMES];
	/* A bit for each bucket: whether a block had no room in it, ever. */
	RECORDING_PAGE _Atomic uint8_t overflowed[RECORDING_BUCKETS / 8];
	RECORDING_PAGE struct recording_bucket bucket[RECORDING_BUCKETS];
	RECORDING_PAGE uint64_t row[RECORDING_ROWS][RECORDING_SITES];
	/* The last that were freed, in turn. */
	RECORDING_PAGE struct recording_freed freed[RECORDING_FREED];
};

_Static_assert(sizeof(struct recording_head) <= 4096, "the head is a page");
_Static_assert(
    sizeof(struct recording_part) <= RECORDING_PART_BYTES, "a part fits");

/* Where the part NUMBER lies in the file. */
static inline uint64_t
recording_place(uint32_t number)
{
	return (number + 1) * RECORDING_PART_BYTES;
}

static inline unsigned
recording_size_class(uint64_t size)
{
	unsigned class = size < 2 ? 0 : 63 - (unsigned)__builtin_clzll(size);

	return class < RECORDING_SIZES ? class : RECORDING_SIZES - 1;
}

#endif /* RULES_RECORDING_H */
