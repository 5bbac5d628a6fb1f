/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place.h - what is known of a return address: the rules that name it, whether
 * it lies in a function that only passes malloc on, and how the stack goes on.
 *
 * Owns a cache of places, in memory that is never given back. Called inside
 * malloc, by any thread, in signal handlers. Takes no lock, allocates nothing
 * after the start.
 *
 * A cache of 32K words, each with a return address in its upper 48 bits and in
 * the lower 16 the number of a place. A place holds nothing that depends on
 * where its module is loaded, and equal ones are one, so there are few; they
 * are written once and never changed. So a word is all that readers and writers
 * have to agree on:
 *
 *  - A reader loads the word that an address hashes to, and the next few. Of a
 *    word with its address it believes the number, as the writer had written
 *    the place before it published the word (release, acquire).
 *  - A writer puts its word where there is none by compare-and-swap, or in the
 *    place of another one, by a store: whoever finds neither works it out once
 *    more. Nothing waits, so a signal handler may come at any moment, and the
 *    child of a fork finds nothing half done.
 *  - Where places or memory are used up, a place is worked out in memory of the
 *    caller's each time: slower, and as right.
 *
 * Addresses are used again once a library was closed. dlclose() calls
 * place_closing() before it begins and place_closed() when it is done, and in
 * between nobody reads or writes the cache, which place_closed() empties. Then
 * no answer is about a library that is gone:
 *
 *  - What a thread asks for lies in a function that has not returned, and so in
 *    a module that may not be closed before that thread's malloc is done. Its
 *    word is right whenever it was written.
 *  - A thread that runs code of a library which now lies in place of a closed
 *    one was told of that by the dynamic linker, which took its own lock after
 *    the closing thread gave it up; so it sees at least what that thread had
 *    written before. It finds the closing not finished, and does not look, or
 *    finished, and the cache empty.
 *  - What looked like a return address and is none may lie in any module. A
 *    writer looks again when it has published its word, and takes it back if a
 *    library was closed since it began.
 *
 * The child of a fork that another thread's dlclose() did not see the end of
 * works everything out from then on.
 *
 * Libraries that libc closes by itself, without dlclose(), are converters of
 * iconv(3): these are not kept. Nor is an address that no module has.
 */
#ifndef PRELOAD_PLACE_H
#define PRELOAD_PLACE_H

#include <stdatomic.h>

#include "preload/frame.h"

/* Of a place that more rules name it is only said that they are too many. */
#define PLACE_RULES_MAX 240

struct place {
	struct frame frame;
	uint8_t flags; /* enum place_flag */
	uint8_t sites; /* rules for call sites; those for functions follow */
	uint8_t rules; /* all of them */
	uint8_t unused;
	uint16_t rule[]; /* each sort in its order */
};

enum place_flag {
	PLACE_WRAPPER = 1, /* operator new: the site is in its caller */
	PLACE_CROWDED = 2, /* place_each_rule() has to be asked */
};

/* Memory for a place that cannot be kept. */
union place_room {
	struct place place;
	char bytes[sizeof(struct place) + PLACE_RULES_MAX * sizeof(uint16_t)];
};

/* IS_FUNCTION: whether a rule is for functions. False if there is no memory. */
bool place_start(bool (*is_function)(uint32_t rule));

/* The place of a return address, in ROOM or not. */
const struct place *place_of(uintptr_t address, union place_room *room);

/* The same, if it is kept; NULL if it is not. */
static inline const struct place *place_kept(uintptr_t address);

/* Calls VISIT for each rule that names the address, for what is crowded. */
void place_each_rule(
    uintptr_t address, void (*visit)(void *to, uint32_t rule), void *to);

/* Around each dlclose(). */
void place_closing(void);
void place_closed(void);

/* ---- For place_kept() alone ---------------------------------------------- */

#define PLACE_WORDS ((size_t)1 << 15)
#define PLACE_LINE 8 /* words of a cache line, in which an address may be */
#define PLACE_UNIT 16

extern struct place_cache {
	_Atomic uint64_t *words;
	char *places; /* a place's number counts units, from 1 on */
	_Atomic uint64_t closings; /* begun; above 32 bits: done */
} place_cache __attribute__((visibility("hidden")));

/* How many closings were begun so far: as long as that stays, so do modules. */
static inline uint32_t
place_closings(void)
{
	return (uint32_t)atomic_load_explicit(
	    &place_cache.closings, memory_order_relaxed);
}

static inline bool
place_is_closing(uint64_t closings)
{
	return (uint32_t)closings != closings >> 32;
}

/* The words in which an address may be, and where among them to begin. */
static inline _Atomic uint64_t *
place_line(uintptr_t address, unsigned *first)
{
	uint64_t hash = address * UINT64_C(0x9e3779b97f4a7c15);

	*first = (unsigned)(hash >> 32) % PLACE_LINE;
	return &place_cache.words[hash >> 49 & ~(uint64_t)(PLACE_LINE - 1)];
}

static inline struct place *
place_at(uint64_t number)
{
	return (struct place *)(void *)&place_cache.places[number * PLACE_UNIT];
}

static inline const struct place *
place_kept(uintptr_t address)
{
	unsigned first, i;
	_Atomic uint64_t *line = place_line(address, &first);
	uint64_t word;

	if (unlikely(place_is_closing(atomic_load_explicit(
		&place_cache.closings, memory_order_acquire))))
		return NULL;
	for (i = first; i < first + PLACE_LINE; i++) {
		word = atomic_load_explicit(
		    &line[i % PLACE_LINE], memory_order_acquire);
		if (likely(word >> 16 == address))
			return place_at(word & 0xffff);
	}
	return NULL;
}

#endif /* PRELOAD_PLACE_H */
