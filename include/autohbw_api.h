/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * autohbw_api.h - switches for a program under libautohbw.
 *
 * libautohbw.so.0, in LD_PRELOAD or linked, takes malloc() and its relatives
 * over, and serves those of the sizes in AUTO_HBW_SIZE from high bandwidth
 * memory; autohbw(7) has the rest. A program that is linked with it can say
 * where that begins and ends. Both functions may be called by any thread; what
 * they say holds for all of them. They cannot fail.
 */
#ifndef AUTOHBW_API_H
#define AUTOHBW_API_H

#ifdef __cplusplus
extern "C" {
#endif

/* From now on blocks of the chosen sizes come from high bandwidth memory. So it
 * is when the program starts. */
void enableAutoHBW(void);

/* From now on all blocks come from ordinary memory. Blocks that live stay
 * where they are, and can be freed. */
void disableAutoHBW(void);

#ifdef __cplusplus
}
#endif

#endif /* AUTOHBW_API_H */
