/* SPDX-License-Identifier: BSD-2-Clause */
/* engine_fill.h - fill a file kind with one size after the other. */
#ifndef TEST_LIB_ENGINE_FILL_H
#define TEST_LIB_ENGINE_FILL_H

#include <cstddef>

namespace engine {

/* The seven sizes that a pool is to be filled with. */
constexpr size_t FILL_SIZES[] = { 16, 64, 256, 1024, 4096, 65536, 1048576 };

/* For every size as the first and every other as the second: fills a fresh
 * file kind of BYTES with blocks of the first until NULL, frees all, and fills
 * it with the second. Both must obtain 99 % of the whole blocks that fit. */
void expect_fill_matrix(size_t bytes);

/* One kind filled with all sizes in turn, over and over. */
void expect_fill_in_turn(size_t bytes, unsigned rounds);

} // namespace engine

#endif /* TEST_LIB_ENGINE_FILL_H */
