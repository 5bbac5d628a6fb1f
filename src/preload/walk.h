/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * walk.h - the return addresses on the calling thread's stack, one after the
 * other.
 *
 * Owns three words of each thread: where its stack begins, and how far it is
 * known to be readable.
 * Called inside malloc, by any thread, in signal handlers. Takes no lock,
 * allocates nothing.
 *
 * On x86-64 a step is what the place of the return address says (place.h), out
 * of the tables by which exceptions unwind, whatever the program was compiled
 * with. On AArch64 it is the record of two words that the procedure call
 * standard has every function keep, and compilers do. Other processors have no
 * walk (RULES_CAN_WALK).
 *
 * A walk ends at the stack's end, at the latest after WALK_MAX frames, and at
 * any doubt: at an address that is in no module (a compiler at run time made
 * that code), at tables that are not understood, where the stack would go down,
 * and at a word that cannot be read. No word is read before it is known that
 * it can be:
 *
 *  - A thread's own stack ends where the thread's descriptor begins (libc puts
 *    it there), or, for the first thread, where the kernel put 16 random bytes,
 *    above which there is nothing that a walk wants. What is between there and
 *    the stack pointer is asked of the kernel once, page by page, and from then
 *    on only what the stack has grown by. It stays readable as long as the
 *    thread is there.
 *  - Any other stack, of a signal handler or a coroutine, or one of which more
 *    than WALK_OWN_MAX is in use, may be gone the next time, and may have
 *    holes. There a page is asked for in each walk that comes to it.
 *
 * So all hangs on which of the two a stack is. That the pages up to the own
 * stack's end can be read does not say it: a program may have cut both stacks
 * out of one piece of memory (pthread_attr_setstack(3)), or have had libc leave
 * out the page between (pthread_attr_setguardsize(3)), and may unmap a part of
 * what is below, and go on below the hole. Nor do frames say it: of a
 * coroutine's first one the tables may promise another behind its stack's end,
 * where what earlier calls left on the stack above it leads on, frame by frame,
 * to those that are there. So it is asked where the own stack begins:
 *
 *  - libc's descriptor of the thread says so (own_stack.h). A stack pointer
 *    below is never the own stack's, and what is remembered is never below, but
 *    for the rest of the page in which the own stack begins. So it is memory
 *    that was given to the thread for its life.
 *  - The first thread's has no beginning: the kernel lets it grow, and keeps
 *    what is mapped where it likes away from it. What a program maps by address
 *    (MAP_FIXED) right below it passes for a part of it.
 *
 * It follows that a walk faults only where a program runs a stack inside of the
 * memory of a thread's own, or mapped by address below the first thread's, and
 * after a walk of that takes away what is above it; or where a coroutine's walk
 * goes on behind its stack's end, into a page that another thread unmaps
 * between the question and the reading.
 *
 * Through a signal handler a walk goes on with the registers that the kernel
 * saved, on whatever stack those point to. How a coroutine's first frame looks
 * is its library's choice; most have the tables or a zero, and the rest ends as
 * any doubt does.
 */
#ifndef PRELOAD_WALK_H
#define PRELOAD_WALK_H

#include "preload/place.h"

#define WALK_MAX 512
#define WALK_OWN_MAX (16 * MIB)

struct walk {
	uintptr_t address;   /* where the walk is: a return address */
	uintptr_t sp;        /* what the stack pointer is after the return */
	uintptr_t fp;        /* the frame pointer, if it is known */
	uintptr_t low, high; /* can be read */
	unsigned count;
	bool has_fp, is_own;
	const struct place *place; /* of ADDRESS, in ROOM or not */
	union place_room *room;
};

/*
 * What a walk has read, so that the next one from there need not be done.
 *
 * What a walk finds hangs on its first frame, on the words that it reads, and
 * on the modules that there are. So while that frame is where it was, all these
 * words are what they were, and no library was closed, a walk would find the
 * same again. One that was opened changes nothing, as each address but the last
 * is in a module already, and the last is where a walk ends whatever follows.
 *
 * IS_WHOLE: that is so. It is not where a walk read more than return addresses
 * and the frame pointers by which it went on, where it ended in doubt, where it
 * left the thread's own stack, as nothing else stays readable, and where it
 * came through a place that is not kept, which is gone without a word.
 */
#define WALK_TRAIL_MAX 128
struct walk_trail {
	uintptr_t frame, fp_at; /* where FP of the walk was read */
	unsigned count;
	bool is_whole;
	uint32_t offset[WALK_TRAIL_MAX]; /* from FRAME */
	uintptr_t value[WALK_TRAIL_MAX];
};

/* To be called once, by the first thread, before the others walk. */
void walk_start(void);

/* Begins with the return address of the function whose FRAME that is, as
 * __builtin_frame_address(0) says, which must not return before the walk is
 * done, as ROOM must not go. Returns its place. */
const struct place *walk_first(
    struct walk *walk, void *frame, union place_room *room);

/* The place of the next return address; NULL at the end. */
const struct place *walk_next(struct walk *walk);

/* The same, with a trail. The first call comes right behind walk_first() of
 * FRAME and walk_trail_begin(). */
void walk_trail_begin(struct walk_trail *trail, const void *frame);
const struct place *walk_next_noted(
    struct walk *walk, struct walk_trail *trail);

/* Whether a trail that is whole leads from FRAME, of the thread that noted it,
 * to where it led. */
bool walk_trail_holds(const struct walk_trail *trail, const void *frame);

/* The next one that rules name, or that is UNTIL; NULL at the end. */
const struct place *walk_next_rule(struct walk *walk, uintptr_t until);

#endif /* PRELOAD_WALK_H */
