/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * calls.c - whether code calls anything. See debug_info.h and places.h.
 *
 * Code is not decoded from its beginning: at each address where a call could
 * end, the bytes before are held against the forms of a call. So data or the
 * middle of an instruction may be taken for one, but none is overlooked.
 *
 * Owns what libdw keeps of a file that calls are sought in, until it is closed.
 * Takes no lock.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "rules/debug_info.h"
#include "rules/places.h"

/* Code from BEGIN to END, offsets into a segment at BASE that is in memory. */
struct code {
	const struct debug_info *info;
	GElf_Addr base;
	const uint8_t *bytes;
	size_t begin, end;
};

/* How long FF /2 is by its ModRM byte and the one behind it; 0: it is another
 * instruction. */
static size_t
indirect_length(uint8_t mode, uint8_t scale)
{
	size_t length = (mode & 7) == 4 ? 3 : 2;

	if ((mode >> 3 & 7) != 2)
		return 0;
	switch (mode >> 6) {
	case 0:
		if ((mode & 7) == 5 || ((mode & 7) == 4 && (scale & 7) == 5))
			length += 4;
		return length;
	case 1:
		return length + 1;
	case 2:
		return length + 4;
	default:
		return 2;
	}
}

/* E8 and a distance that leads to code, or FF /2. */
static bool
x86_64_call_ends(const struct code *code, size_t at)
{
	const uint8_t *end = code->bytes + at;
	size_t room = at - code->begin;
	int32_t distance;
	GElf_Addr to;

	if (room >= 5 && end[-5] == 0xe8) {
		memcpy(&distance, end - 4, sizeof(distance));
		to = code->base + at + (GElf_Addr)(int64_t)distance;
		if (debug_info_is_code(code->info, to, to + 1))
			return true;
	}
	for (size_t length = 2; length <= 7 && length <= room; length++) {
		const uint8_t *from = end - length;

		if (from[0] == 0xff &&
		    indirect_length(from[1], length > 2 ? from[2] : 0) ==
			length)
			return true;
	}
	return false;
}

/* BL, or BLR with or without authentication. */
static bool
aarch64_call_ends(const struct code *code, size_t at)
{
	uint32_t word;

	if (at - code->begin < sizeof(word))
		return false;
	memcpy(&word, code->bytes + at - sizeof(word), sizeof(word));
	return (word & 0xfc000000) == 0x94000000 ||
	    (word & 0xfefff000) == 0xd63f0000;
}

static bool
call_ends(const struct code *code, size_t at)
{
	return code->info->machine == EM_X86_64 ? x86_64_call_ends(code, at) :
						  aarch64_call_ends(code, at);
}

static bool
may_call(const struct code *code)
{
	for (size_t at = code->begin + 1; at <= code->end; at++)
		if (call_ends(code, at))
			return true;
	return false;
}

/* Code that can be read; false where it cannot, or is not understood. */
static bool
find_code(const struct debug_info *info, GElf_Addr begin, GElf_Addr end,
    struct code *code)
{
	if (info->machine != EM_X86_64 && info->machine != EM_AARCH64)
		return false;
	for (size_t i = 0; i < info->code_count; i++) {
		GElf_Addr base = info->code[i].begin;

		*code = (struct code){ info, base, info->code[i].bytes,
			begin - base, end - base };
		if (begin >= base && end <= info->code[i].end)
			return code->bytes != NULL &&
			    code->end <= info->code[i].size;
	}
	return false;
}

bool
debug_info_may_call(
    const struct debug_info *info, GElf_Addr begin, GElf_Addr end)
{
	struct code code;

	return !find_code(info, begin, end, &code) || may_call(&code);
}

/* ---- One address --------------------------------------------------------- */

#define LONGEST_CALL 7
#define NEAR_MAX 16

struct call_finder {
	struct debug_info info;
};

struct call_finder *
calls_open(const char *path)
{
	struct call_finder *calls = calloc(1, sizeof(*calls));

	if (calls != NULL && debug_info_open(&calls->info, path))
		return calls;
	free(calls);
	return NULL;
}

void
calls_close(struct call_finder *calls)
{
	if (calls != NULL)
		debug_info_close(&calls->info);
	free(calls);
}

/* The beginning of its segment may be nearer than a call is long. */
static bool
may_return(const struct call_finder *calls, uint64_t offset)
{
	struct code code;

	for (unsigned length = LONGEST_CALL; length > 0; length--)
		if (find_code(&calls->info, offset - length, offset, &code))
			return call_ends(&code, code.end);
	return true;
}

/* Those behind come first: who has the address of a call means its end. */
bool
calls_may_return(
    const struct call_finder *calls, uint64_t offset, uint64_t *near)
{
	*near = 0;
	if (may_return(calls, offset))
		return true;
	for (unsigned away = 1; away <= NEAR_MAX && *near == 0; away++)
		if (debug_info_is_code(
			&calls->info, offset + away - 1, offset + away) &&
		    may_return(calls, offset + away))
			*near = offset + away;
	return false;
}
