/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * walk.c - see walk.h.
 *
 * Owns three words of each thread. A signal handler may walk while one is being
 * written, and write it as well: either value is true, and the one that stays
 * only has more or less to be asked for.
 */
#include <pthread.h>
#include <string.h>
#include <sys/auxv.h>
#include <ucontext.h>

#include "base/page.h"
#include "os/os.h"
#include "preload/own_stack.h"
#include "preload/walk.h"

#define WORD sizeof(uintptr_t)

static uintptr_t first_thread, first_stack_end;

/* The thread's own stack begins at OWN_FROM; 0: nobody has looked yet. From
 * KNOWN_FROM up to its end all can be read; 0: nothing is known. Below
 * KNOWN_GAP is a page that cannot be: what lies further down is another
 * stack. */
static _Thread_local uintptr_t own_from
    __attribute__((tls_model("initial-exec")));
static _Thread_local uintptr_t known_from
    __attribute__((tls_model("initial-exec")));
static _Thread_local uintptr_t known_gap
    __attribute__((tls_model("initial-exec")));

void
walk_start(void)
{
	first_thread = (uintptr_t)pthread_self();
	first_stack_end = align_down(getauxval(AT_RANDOM), WORD);
}

/* ---- What can be read ---------------------------------------------------- */

/* Where the thread's own stack ends. */
static uintptr_t
own_end(void)
{
	uintptr_t self = (uintptr_t)pthread_self();

	return self == first_thread ? first_stack_end : self;
}

/* Whether SP may be on the thread's own stack, by where that begins. */
static bool
is_above_own_begin(uintptr_t sp)
{
	uintptr_t self = (uintptr_t)pthread_self();

	if (self == first_thread)
		return true;
	if (own_from == 0)
		own_from = own_stack_from(self);
	return sp >= own_from;
}

/* Whether all pages that have an address from FROM up to TO can be read. */
static bool
can_read_pages(uintptr_t from, uintptr_t to)
{
	const size_t bytes = system_page();
	uintptr_t page;

	for (page = align_down(from, bytes); page < to; page += bytes)
		if (!os_is_readable((const void *)page)) {
			known_gap = page + bytes;
			return false;
		}
	return true;
}

/* Whether SP is on the thread's own stack, all of which up to END can be read.
 */
static bool
is_own(uintptr_t sp, uintptr_t end)
{
	if (sp >= end || end - sp > WALK_OWN_MAX)
		return false;
	if (known_from != 0 && sp >= known_from)
		return true;
	if (sp < known_gap || !is_above_own_begin(sp) ||
	    !can_read_pages(sp, known_from != 0 ? known_from : end))
		return false;
	known_from = align_down(sp, system_page());
	return true;
}

/* The walk comes to another stack, or to its first. */
static void
enter_stack(struct walk *walk)
{
	uintptr_t end = own_end();

	walk->is_own = is_own(walk->sp, end);
	walk->low = walk->sp;
	walk->high = walk->is_own ? end : walk->sp;
}

static bool
is_known(const struct walk *walk, uintptr_t address)
{
	return address >= walk->low && address < walk->high;
}

/* Whether the word at ADDRESS is on the stack and can be read. */
static bool
can_read(struct walk *walk, uintptr_t address)
{
	if (!is_aligned(address, WORD))
		return false;
	if (likely(is_known(walk, address)))
		return true;
	if (walk->is_own || !os_is_readable((const void *)address))
		return false;
	walk->low = align_down(address, system_page());
	walk->high = walk->low + system_page();
	return true;
}

static READS_STACK bool
read_word(struct walk *walk, uintptr_t address, uintptr_t *word)
{
	if (unlikely(!can_read(walk, address)))
		return false;
	*word = *(const volatile uintptr_t *)address;
	return true;
}

/* ---- Steps --------------------------------------------------------------- */

#ifdef __x86_64__

static bool
find_cfa(struct walk *walk, const struct frame *frame, uintptr_t *cfa)
{
	uintptr_t offset = (uintptr_t)(intptr_t)frame->cfa_offset;

	if (frame->cfa == FRAME_SP) {
		*cfa = walk->sp + offset;
		return true;
	}
	*cfa = walk->fp + offset;
	return walk->has_fp &&
	    (frame->cfa == FRAME_FP || read_word(walk, *cfa, cfa));
}

/* The frame pointer of the caller, whose frame begins at CFA. */
static void
step_fp(struct walk *walk, const struct frame *frame, uintptr_t cfa)
{
	uintptr_t from = frame->fp == FRAME_FP_AT_CFA ? cfa : walk->fp;

	if (frame->fp == FRAME_FP_SAME)
		return;
	walk->has_fp = frame->fp != FRAME_FP_LOST &&
	    (walk->has_fp || frame->fp == FRAME_FP_AT_CFA) &&
	    read_word(
		walk, from + (uintptr_t)(intptr_t)frame->fp_offset, &walk->fp);
}

/* Goes on with what was interrupted. The kernel left its registers where the
 * handler's frame ended. The next instruction is the address's, so the one
 * behind it stands for a return to there. */
static READS_STACK bool
step_signal(struct walk *walk)
{
	const ucontext_t *context = (const ucontext_t *)walk->sp;
	const greg_t *registers = context->uc_mcontext.gregs;

	if (!can_read(walk, (uintptr_t)&registers[REG_RBP]) ||
	    !can_read(walk, (uintptr_t)&registers[REG_RSP]) ||
	    !can_read(walk, (uintptr_t)&registers[REG_RIP]))
		return false;
	walk->fp = (uintptr_t)registers[REG_RBP];
	walk->has_fp = true;
	walk->address = (uintptr_t)registers[REG_RIP] + 1;
	walk->sp = (uintptr_t)registers[REG_RSP];
	enter_stack(walk);
	return true;
}

static bool
step(struct walk *walk, const struct frame *frame)
{
	uintptr_t cfa;

	if (unlikely(frame->cfa <= FRAME_SIGNAL))
		return frame->cfa == FRAME_SIGNAL && step_signal(walk);
	if (!find_cfa(walk, frame, &cfa) || cfa <= walk->sp ||
	    !read_word(walk, cfa - WORD, &walk->address))
		return false;
	step_fp(walk, frame, cfa);
	walk->sp = cfa;
	return walk->address != 0;
}

#elif defined(__aarch64__)

/* Without the bits by which a return address may be signed. How many these are
 * the processor knows: addresses have 48 bits in one system and 52 in another.
 * One that signs nothing takes the instruction, xpaclri, for no operation. */
static uintptr_t
without_signature(uintptr_t address)
{
	register uintptr_t signed_address __asm__("x30") = address;

	__asm__("hint #7" : "+r"(signed_address));
	return signed_address;
}

/* A record has the caller's frame pointer and the return address. */
static bool
step(struct walk *walk, const struct frame *frame)
{
	uintptr_t record = walk->fp;

	(void)frame;
	if (record < walk->sp || !read_word(walk, record, &walk->fp) ||
	    !read_word(walk, record + WORD, &walk->address))
		return false;
	walk->address = without_signature(walk->address);
	walk->sp = record + 2 * WORD;
	return walk->address != 0;
}

#else

static bool
step(struct walk *walk, const struct frame *frame)
{
	(void)walk;
	(void)frame;
	return false;
}

#endif

/* Whether the walk is where somebody wants to look. */
static inline bool
is_wanted(const struct place *place, uintptr_t address, uintptr_t until)
{
	return place->rules != 0 || (place->flags & PLACE_CROWDED) ||
	    address == until;
}

#ifdef __x86_64__

/* The CFA, if that is the plainest way to find it; 0. */
static ALWAYS_INLINE uintptr_t
plain_cfa(const struct walk *walk, const struct frame *frame)
{
	uintptr_t offset = (uintptr_t)(intptr_t)frame->cfa_offset;

	if (likely(frame->cfa == FRAME_SP))
		return walk->sp + offset;
	return frame->cfa == FRAME_FP && walk->has_fp ? walk->fp + offset : 0;
}

/* One step, if all is as it mostly is, and the place above is kept. */
static ALWAYS_INLINE READS_STACK bool
step_plainly(struct walk *walk)
{
	const struct frame *frame = &walk->place->frame;
	uintptr_t cfa = plain_cfa(walk, frame), at = cfa - WORD, fp_at, next;
	const struct place *place;

	if (frame->fp > FRAME_FP_AT_CFA || cfa <= walk->sp ||
	    !is_aligned(cfa, WORD) || !is_known(walk, at))
		return false;
	next = *(const volatile uintptr_t *)at;
	place = place_kept(next);
	if (place == NULL || next == 0)
		return false;
	if (frame->fp == FRAME_FP_AT_CFA) {
		fp_at = cfa + (uintptr_t)(intptr_t)frame->fp_offset;
		if (!is_aligned(fp_at, WORD) || !is_known(walk, fp_at))
			return false;
		walk->fp = *(const volatile uintptr_t *)fp_at;
		walk->has_fp = true;
	}
	walk->place = place;
	walk->address = next;
	walk->sp = cfa;
	walk->count++;
	return true;
}

/* Takes plain steps up to where somebody wants to look; false if it cannot get
 * there so. This is most of a walk, and its state is in registers meanwhile. */
static READS_STACK bool
run(struct walk *walk, uintptr_t until)
{
	struct walk now = *walk;
	bool found = false;

	while (!found && now.count < WALK_MAX - 1 && step_plainly(&now))
		found = is_wanted(now.place, now.address, until);
	*walk = now;
	return found;
}

#else

static bool
step_plainly(struct walk *walk)
{
	(void)walk;
	return false;
}

static bool
run(struct walk *walk, uintptr_t until)
{
	(void)walk;
	(void)until;
	return false;
}

#endif

/* A frame pointer is kept as the tables and the standard want it: the caller's,
 * and above it the return address. */
const struct place *
walk_first(struct walk *walk, void *frame, union place_room *room)
{
	const uintptr_t *record = frame;

	walk->room = room;
	walk->fp = record[0];
	walk->has_fp = true;
	walk->address = record[1];
	walk->sp = (uintptr_t)(record + 2);
	walk->count = 0;
	enter_stack(walk);
#ifdef __aarch64__
	walk->address = without_signature(walk->address);
#endif
	return walk->place = place_of(walk->address, walk->room);
}

const struct place *
walk_next(struct walk *walk)
{
	if (walk->count < WALK_MAX - 1 && step_plainly(walk))
		return walk->place;
	if (++walk->count == WALK_MAX || !step(walk, &walk->place->frame))
		return NULL;
	return walk->place = place_of(walk->address, walk->room);
}

const struct place *
walk_next_rule(struct walk *walk, uintptr_t until)
{
	while (!run(walk, until))
		if (walk_next(walk) == NULL)
			return NULL;
		else if (is_wanted(walk->place, walk->address, until))
			break;
	return walk->place;
}

/* ---- Trails -------------------------------------------------------------- */

static void
note(struct walk_trail *trail, uintptr_t at, uintptr_t value)
{
	if (trail->count == WALK_TRAIL_MAX) {
		trail->is_whole = false;
		return;
	}
	trail->offset[trail->count] = (uint32_t)(at - trail->frame);
	trail->value[trail->count++] = value;
}

void
walk_trail_begin(struct walk_trail *trail, const void *frame)
{
	trail->frame = trail->fp_at = (uintptr_t)frame;
	trail->count = 0;
	trail->is_whole = true;
	note(trail, trail->frame + WORD, ((const uintptr_t *)frame)[1]);
}

READS_STACK bool
walk_trail_holds(const struct walk_trail *trail, const void *frame)
{
	if (!trail->is_whole || trail->frame != (uintptr_t)frame)
		return false;
	for (unsigned i = 0; i < trail->count; i++)
		if (*(const volatile uintptr_t *)(trail->frame +
			trail->offset[i]) != trail->value[i])
			return false;
	return true;
}

#ifdef __x86_64__

/* A step from WAS, whose place was that of a function with FRAME. */
static void
note_step(struct walk_trail *trail, const struct walk *was,
    const struct frame *frame, const struct walk *now)
{
	if (now->sp == was->sp || frame->cfa < FRAME_SP ||
	    frame->cfa == FRAME_AT_FP || frame->fp == FRAME_FP_AT_FP) {
		trail->is_whole &= frame->cfa == FRAME_END;
		return;
	}
	if (frame->cfa == FRAME_FP)
		note(trail, trail->fp_at, was->fp);
	note(trail, now->sp - WORD, now->address);
	if (frame->fp == FRAME_FP_AT_CFA)
		trail->fp_at = now->sp + (uintptr_t)(intptr_t)frame->fp_offset;
}

#else

/* The address as it lies there, which may be signed. */
static READS_STACK void
note_step(struct walk_trail *trail, const struct walk *was,
    const struct frame *frame, const struct walk *now)
{
	(void)frame;
	note(trail, trail->fp_at, was->fp);
	if (now->sp == was->sp) {
		trail->is_whole &= was->fp < was->sp;
		return;
	}
	note(trail, was->fp + WORD,
	    *(const volatile uintptr_t *)(was->fp + WORD));
	trail->fp_at = was->fp;
}

#endif

const struct place *
walk_next_noted(struct walk *walk, struct walk_trail *trail)
{
	const struct frame frame = walk->place->frame;
	const struct walk was = *walk;
	const struct place *place = walk_next(walk);

	note_step(trail, &was, &frame, walk);
	trail->is_whole &= walk->is_own && place_kept(was.address) != NULL;
	return place;
}
