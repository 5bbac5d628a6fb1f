/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place.c - see place.h, which has the argument.
 *
 * Owns the cache, the places, and an index by which equal ones are found. A
 * place's number counts units of 16 bytes; number 0 is none.
 */
#include <string.h>

#include "os/os.h"
#include "preload/place.h"
#include "preload/ranges.h"

#define UNITS ((size_t)1 << 16)
#define INDEX ((size_t)1 << 15)
#define INDEX_TRIES 16

struct store {
	_Atomic uint64_t word[PLACE_WORDS];
	char place[UNITS * PLACE_UNIT];
	_Atomic uint16_t index[INDEX];
};

struct place_cache place_cache;
static _Atomic uint16_t *index_of_places;
static _Atomic uint32_t units_used = 1;
static _Atomic bool is_used; /* there are words */
static bool (*is_function)(uint32_t rule);

/* What passes malloc on: operator new and new[], plain, that do not throw, and
 * for an alignment. */
static struct wrapper {
	const char *name;
	uint32_t hash;
} wrappers[] = {
	{ .name = "_Znwm" },
	{ .name = "_Znam" },
	{ .name = "_ZnwmRKSt9nothrow_t" },
	{ .name = "_ZnamRKSt9nothrow_t" },
	{ .name = "_ZnwmSt11align_val_t" },
	{ .name = "_ZnamSt11align_val_t" },
	{ .name = "_ZnwmSt11align_val_tRKSt9nothrow_t" },
	{ .name = "_ZnamSt11align_val_tRKSt9nothrow_t" },
};

bool
place_start(bool (*of_function)(uint32_t rule))
{
	struct store *store;
	void *memory;
	size_t i;

	if (os_map(align_up(sizeof(*store), PAGE_BYTES), &memory) != 0)
		return false;
	for (i = 0; i < ARRAY_SIZE(wrappers); i++)
		wrappers[i].hash = module_hash(wrappers[i].name);
	module_start();
	is_function = of_function;
	/* All of the words, as addresses are scattered over them, and the first
	 * of the places: a fault costs more than what it is for. */
	os_populate(
	    memory, offsetof(struct store, place) + sizeof(store->place) / 16);
	store = memory;
	place_cache.words = store->word;
	place_cache.places = store->place;
	index_of_places = store->index;
	return true;
}

/* ---- The cache ----------------------------------------------------------- */

/* Publishes a word, and takes it back if a library was closed meanwhile. */
static void
enter(uintptr_t address, uint32_t number, uint64_t closings_before)
{
	unsigned first, i;
	_Atomic uint64_t *line = place_line(address, &first),
			 *to = &line[first];
	uint64_t word = (uint64_t)address << 16 | number, none;

	atomic_store(&is_used, true);
	for (i = first; i < first + PLACE_LINE; i++) {
		none = 0;
		if (atomic_compare_exchange_strong(
			&line[i % PLACE_LINE], &none, word)) {
			to = &line[i % PLACE_LINE];
			break;
		}
	}
	if (i == first + PLACE_LINE)
		atomic_store(to, word);
	if (atomic_load(&place_cache.closings) != closings_before)
		atomic_compare_exchange_strong(to, &word, 0);
}

/* ---- Places -------------------------------------------------------------- */

static size_t
bytes_of(const struct place *place)
{
	return sizeof(*place) + place->rules * sizeof(*place->rule);
}

static uint64_t
hash_place(const struct place *place)
{
	const uint8_t *at = (const uint8_t *)place;
	const uint8_t *end = at + bytes_of(place);
	uint64_t hash = 0;

	for (; at < end; at++)
		hash = (hash + *at + 1) * UINT64_C(0x9e3779b97f4a7c15);
	return hash >> 32;
}

/* Copies a place to where it will stay; its number, 0 if there is no room. */
static uint32_t
copy(const struct place *place)
{
	size_t units = align_up(bytes_of(place), PLACE_UNIT) / PLACE_UNIT;
	uint32_t number = atomic_load(&units_used);

	do {
		if (number + units > UNITS)
			return 0;
	} while (!atomic_compare_exchange_weak(
	    &units_used, &number, number + (uint32_t)units));
	memcpy(place_at(number), place, bytes_of(place));
	return number;
}

/* The number of the place that equals PLACE, which is copied if there is none
 * yet. Two threads may copy the same one, and one copy is lost then. 0: no room
 * for it. */
static uint32_t
number_of(const struct place *place)
{
	uint64_t hash = hash_place(place);
	uint32_t copied = 0, i;
	uint16_t found;

	for (i = 0; i < INDEX_TRIES; i++) {
		_Atomic uint16_t *at = &index_of_places[(hash + i) % INDEX];

		found = atomic_load_explicit(at, memory_order_acquire);
		if (found == 0) {
			if (copied == 0)
				copied = copy(place);
			if (copied == 0 ||
			    atomic_compare_exchange_strong(
				at, &found, (uint16_t)copied))
				return copied;
		}
		if (memcmp(place_at(found), place, sizeof(*place)) == 0 &&
		    memcmp(place_at(found), place, bytes_of(place)) == 0)
			return found;
	}
	return 0;
}

/* ---- Working one out ----------------------------------------------------- */

#define FUNCTION 0x8000 /* sorts rules for functions behind those for sites */

/* Adds a rule where it belongs, if it is not there yet. */
static void
add_rule(void *to, uint32_t rule)
{
	struct place *place = &((union place_room *)to)->place;
	uint16_t key = (uint16_t)(rule | (is_function(rule) ? FUNCTION : 0));
	unsigned i = place->rules;

	while (i > 0 && place->rule[i - 1] > key)
		i--;
	if (i > 0 && place->rule[i - 1] == key)
		return;
	if (place->rules == PLACE_RULES_MAX) {
		place->flags |= PLACE_CROWDED;
		return;
	}
	memmove(&place->rule[i + 1], &place->rule[i],
	    (place->rules - i) * sizeof(key));
	place->rule[i] = key;
	place->rules++;
}

static void
finish_rules(struct place *place)
{
	unsigned i;

	if (place->flags & PLACE_CROWDED)
		place->rules = 0;
	for (i = 0; i < place->rules; i++) {
		place->sites += place->rule[i] < FUNCTION;
		place->rule[i] &= FUNCTION - 1;
	}
}

static bool
is_wrapper(const struct module *module, uintptr_t address)
{
	struct module_symbols symbols;
	size_t i;

	if (!module_read_symbols(module, &symbols))
		return false;
	for (i = 0; i < ARRAY_SIZE(wrappers); i++)
		if (module_is_in(&symbols, wrappers[i].name, wrappers[i].hash,
			address - 1))
			return true;
	return false;
}

static bool
closes_by_itself(const struct module *module)
{
	return strstr(module->name, "/gconv/") != NULL;
}

/* Works a place out, and says whether it may be kept. */
static bool
make(uintptr_t address, union place_room *room)
{
	struct place *place = &room->place;
	struct module module;

	memset(place, 0, sizeof(*place));
	if (!module_find(address - 1, &module))
		return false;
	ranges_each(&module, address, add_rule, room);
	finish_rules(place);
	if (is_wrapper(&module, address))
		place->flags |= PLACE_WRAPPER;
#ifdef __x86_64__
	frame_read(&module, address, &place->frame);
#endif
	return !closes_by_itself(&module);
}

static __attribute__((noinline)) const struct place *
make_and_keep(uintptr_t address, union place_room *room)
{
	uint64_t closings = atomic_load(&place_cache.closings);
	uint32_t number;

	if (!make(address, room) || place_is_closing(closings) ||
	    address >> 48 != 0)
		return &room->place;
	number = number_of(&room->place);
	if (number == 0)
		return &room->place;
	enter(address, number, closings);
	return place_at(number);
}

const struct place *
place_of(uintptr_t address, union place_room *room)
{
	const struct place *place = place_kept(address);

	return likely(place != NULL) ? place : make_and_keep(address, room);
}

void
place_each_rule(
    uintptr_t address, void (*visit)(void *to, uint32_t rule), void *to)
{
	struct module module;

	if (module_find(address - 1, &module))
		ranges_each(&module, address, visit, to);
}

/* ---- Libraries that go --------------------------------------------------- */

void
place_closing(void)
{
	atomic_fetch_add(&place_cache.closings, 1);
}

void
place_closed(void)
{
	size_t i;

	if (atomic_exchange(&is_used, false))
		for (i = 0; i < PLACE_WORDS; i++)
			atomic_store_explicit(
			    &place_cache.words[i], 0, memory_order_relaxed);
	atomic_fetch_add(&place_cache.closings, (uint64_t)1 << 32);
}
