/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * numbers.h - numbers, sizes and switches from a whole text.
 *
 * The text is the value and nothing else: "1x", "1.5G", "1GiB", " 1" and "" are
 * no values, so that nobody gets one byte who asked for one and a half
 * gigabytes. Each returns 0, EINVAL for a text that is none, or ERANGE for one
 * that is too small or too large; what is to be stored is stored with 0 alone.
 *
 * Owns nothing. Allocates nothing, takes no lock.
 */
#ifndef SUPPORT_NUMBERS_H
#define SUPPORT_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/word.h"

/* A whole number in digits, from MIN to MAX. */
int number_read(const char *text, uint64_t min, uint64_t max, uint64_t *number);

/* A number of bytes, or one with K, M, G or T of either case behind it. */
int size_read(const char *text, size_t *bytes);

/* An address in hexadecimal, with or without 0x. */
int address_read(const char *text, uintptr_t *address);

/* 0 or 1. */
int switch_read(const char *text, bool *on);

/* A whole number up to MAX, and a size, that are one word of a text; false if
 * it is neither. */
bool word_number(struct word word, size_t max, size_t *number);
bool word_size(struct word word, size_t *size);

#endif /* SUPPORT_NUMBERS_H */
