/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frame.h - how a stack goes on above a return address.
 *
 * Owns nothing. The answer is read out of the module's .eh_frame, the tables by
 * which exceptions unwind: found by halving .eh_frame_hdr, then run up to the
 * address. It takes some hundred nanoseconds, and is worth keeping (place.h).
 * Called inside malloc, in signal handlers. Allocates nothing, takes no lock.
 * Tables may be broken: each byte is looked for in the module's segments before
 * it is read, and what is not understood is FRAME_UNKNOWN.
 *
 * Of the registers only the stack pointer and the frame pointer (rsp and rbp)
 * are followed. Compilers describe every function by these two that calls
 * another; assembler that keeps its frame elsewhere is where a walk ends.
 */
#ifndef PRELOAD_FRAME_H
#define PRELOAD_FRAME_H

#include "preload/module.h"

/* How the CFA is found, which is what the stack pointer is once the function
 * has returned. */
enum frame_cfa {
	FRAME_UNKNOWN,
	FRAME_END,    /* nobody called this: where a thread begins */
	FRAME_SIGNAL, /* the kernel called: registers lie on the stack */
	FRAME_SP,     /* stack pointer + CFA_OFFSET */
	FRAME_FP,     /* frame pointer + CFA_OFFSET */
	FRAME_AT_FP,  /* what lies there */
};

/* Where the frame pointer of the caller is. */
enum frame_fp {
	FRAME_FP_SAME,
	FRAME_FP_AT_CFA, /* at CFA + FP_OFFSET */
	FRAME_FP_AT_FP,  /* at frame pointer + FP_OFFSET */
	FRAME_FP_LOST,
};

/* One step. The return address is at CFA - 8. */
struct frame {
	int32_t cfa_offset, fp_offset;
	uint8_t cfa, fp;
	uint16_t unused; /* no byte is padding: frames are compared as bytes */
};

/* The frame of the function to which ADDRESS, in MODULE, is a return. */
void frame_read(
    const struct module *module, uintptr_t address, struct frame *frame);

#endif /* PRELOAD_FRAME_H */
