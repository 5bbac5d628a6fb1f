/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.c - see entry.h. The forms are those of the Linux Standard Base's
 * "Exception Frames", as compilers and linkers write them.
 *
 * Owns nothing.
 */
#include <string.h>

#include "preload/entry.h"

/* The bytes of the entry at ADDRESS, behind its length. */
static bool
open_entry(const struct module *module, uintptr_t address, struct bytes *to)
{
	uint32_t length;

	if (!module_has(module, address, 8))
		return false;
	memcpy(&length, (const void *)address, sizeof(length));
	if (length < 4 || length >= 0xfffffff0 ||
	    !module_has(module, address, (size_t)length + 4))
		return false;
	to->at = (const uint8_t *)address + 4;
	to->end = to->at + length;
	to->bad = false;
	return true;
}

/* Reads the augmentation, whose letters say what it has. */
static void
read_augmentation(struct bytes *from, const char *letters, struct entry *to)
{
	struct bytes data;
	uint64_t length;

	to->has_augmentation = *letters == 'z';
	if (!to->has_augmentation) {
		from->bad |= *letters != '\0';
		return;
	}
	length = take_unsigned(from);
	data = *from;
	skip(from, length);
	data.end = from->at;
	while (*++letters != '\0' && !data.bad)
		if (*letters == 'R')
			to->encoding = (uint8_t)take(&data, 1);
		else if (*letters == 'L')
			take(&data, 1);
		else if (*letters == 'P')
			/* Pointers to pointers are as long as others. */
			take_address(&data, take(&data, 1) & 0x0f, true);
		else if (*letters == 'S')
			to->is_signal = true;
		else
			data.bad = true;
	from->bad |= data.bad;
}

static bool
read_common(const struct module *module, uintptr_t address, struct entry *to)
{
	struct bytes *from = &to->common;
	const char *letters;
	uint8_t version, column;

	if (!open_entry(module, address, from) || take(from, 4) != 0)
		return false;
	version = (uint8_t)take(from, 1);
	letters = (const char *)from->at;
	if ((version != 1 && version != 3) ||
	    memchr(letters, '\0', (size_t)(from->end - from->at)) == NULL)
		return false;
	skip(from, strlen(letters) + 1);
	to->code_unit = take_unsigned(from);
	to->data_unit = take_signed(from);
	/* The column of the return address: 16, as a byte or a number. */
	column = (uint8_t)take(from, 1);
	to->encoding = 0;
	to->is_signal = false;
	read_augmentation(from, letters, to);
	return !from->bad && column == 16;
}

/* Reads the entry at ADDRESS; false if it does not describe PC. */
static bool
read_entry(const struct module *module, uintptr_t address, uintptr_t pc,
    struct entry *to)
{
	uintptr_t here;
	uint64_t back;

	if (!open_entry(module, address, &to->own))
		return false;
	here = (uintptr_t)to->own.at;
	back = take(&to->own, 4);
	if (back == 0 || !read_common(module, here - back, to))
		return false;
	to->low = take_address(&to->own, to->encoding, false);
	to->length = take_address(&to->own, to->encoding, true);
	if (to->has_augmentation)
		skip(&to->own, take_unsigned(&to->own));
	return !to->own.bad && pc - to->low < to->length;
}

/* Finds the entry of the function that PC is in by .eh_frame_hdr, a table of
 * pairs, both counted from its beginning: where a function begins, its entry.
 * Linkers write it in this one form. 0: none. */
static uintptr_t
find_entry(const struct module *module, uintptr_t pc)
{
	const ElfW(Phdr) *segment = module_segment(module, PT_GNU_EH_FRAME);
	uintptr_t start;
	const uint8_t *head;
	const int32_t(*pairs)[2];
	uint32_t low = 0, high, middle;

	if (segment == NULL)
		return 0;
	start = module->base + segment->p_vaddr;
	head = (const uint8_t *)start;
	if (segment->p_memsz < 12 || start % 4 != 0 ||
	    !module_has(module, start, segment->p_memsz) ||
	    memcmp(head, "\1\x1b\3\x3b", 4) != 0)
		return 0;
	memcpy(&high, head + 8, sizeof(high));
	pairs = (const int32_t(*)[2])(start + 12);
	if (high > (segment->p_memsz - 12) / sizeof(*pairs))
		return 0;
	while (low < high) {
		middle = low + (high - low) / 2;
		if (start + (uintptr_t)(intptr_t)pairs[middle][0] <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? 0 : start + (uintptr_t)(intptr_t)pairs[low - 1][1];
}

bool
entry_find(const struct module *module, uintptr_t pc, struct entry *entry)
{
	uintptr_t at = find_entry(module, pc);

	return at != 0 && read_entry(module, at, pc, entry);
}
