/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bytes.h - the forms in which numbers are in the tables for exceptions.
 *
 * Owns nothing. Nothing is read behind the end: there it is 0, and BAD is set,
 * so that whoever reads need not look until he is done. Included by entry.c and
 * frame.c.
 */
#ifndef PRELOAD_BYTES_H
#define PRELOAD_BYTES_H

#include <string.h>

#include "base/base.h"

/* What is left to read; BAD once more was wanted than there is. */
struct bytes {
	const uint8_t *at, *end;
	bool bad;
};

static inline uint64_t
take(struct bytes *from, unsigned size)
{
	uint64_t value = 0;

	if ((size_t)(from->end - from->at) < size) {
		from->bad = true;
		from->at = from->end;
		return 0;
	}
	memcpy(&value, from->at, size);
	from->at += size;
	return value;
}

static inline uint64_t
take_leb(struct bytes *from, bool is_signed)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)take(from, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (is_signed && shift < 64 && (byte & 0x40))
		value |= ~(uint64_t)0 << shift;
	return value;
}

static inline uint64_t
take_unsigned(struct bytes *from)
{
	return take_leb(from, false);
}

static inline int64_t
take_signed(struct bytes *from)
{
	return (int64_t)take_leb(from, true);
}

static inline void
skip(struct bytes *from, uint64_t count)
{
	if (count > (uint64_t)(from->end - from->at)) {
		from->bad = true;
		from->at = from->end;
	} else {
		from->at += count;
	}
}

/* An address in the form ENCODING: of 4 or 8 bytes, as it is or from the place
 * on at which it stands. IS_LENGTH: a number of bytes, in the same form. */
static inline uint64_t
take_address(struct bytes *from, uint8_t encoding, bool is_length)
{
	uint64_t here = (uintptr_t)from->at, value;

	switch (encoding & 0x0f) {
	case 0x00: /* a pointer */
	case 0x04:
	case 0x0c:
		value = take(from, 8);
		break;
	case 0x03:
		value = take(from, 4);
		break;
	case 0x0b:
		value = (uint64_t)(int64_t)(int32_t)take(from, 4);
		break;
	default:
		from->bad = true;
		return 0;
	}
	if (is_length)
		return (encoding & 0x0f) == 0x0b ? (uint32_t)value : value;
	if ((encoding & 0x70) == 0x10)
		return here + value;
	if ((encoding & 0x70) != 0)
		from->bad = true;
	return value;
}

#endif /* PRELOAD_BYTES_H */
