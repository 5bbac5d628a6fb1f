/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_memo.c - see record_memo.h.
 */
#include "preload/record_memo.h"

#include "os/os.h"

#define MEMOS 32
#define MEMO_BYTES (MEMOS * sizeof(struct record_memo))
#define MEMO_FROM 32

static _Thread_local struct {
	struct record_memo *memo;
	unsigned walks; /* up to MEMO_FROM; 0: the thread's end is not seen */
} memos __attribute__((tls_model("initial-exec")));

void
record_memo_begin_thread(void)
{
	memos.walks = memos.walks == 0 ? 1 : memos.walks;
}

void
record_memo_end_thread(void)
{
	void *table = memos.memo;

	memos.walks = 0;
	memos.memo = NULL;
	if (table != NULL)
		os_unmap(table, MEMO_BYTES);
}

static __attribute__((noinline, cold)) void
make_table(void)
{
	void *table;

	if (memos.walks == 0 || ++memos.walks < MEMO_FROM)
		return;
	memos.walks = 1;
	if (os_map(MEMO_BYTES, &table) == 0)
		memos.memo = table;
}

struct record_memo *
record_memo_of(const void *frame, const void *caller)
{
	uint64_t hash = ((uintptr_t)frame ^ (uintptr_t)caller << 8) *
	    UINT64_C(0x9e3779b97f4a7c15);

	if (unlikely(memos.memo == NULL))
		make_table();
	return memos.memo == NULL ? NULL : &memos.memo[(hash >> 32) % MEMOS];
}

bool
record_memo_holds(const struct record_memo *memo, const void *frame,
    const void *caller, uint32_t part, uint16_t kind)
{
	return memo->caller == caller && memo->kind == kind &&
	    memo->part == part && memo->closings == place_closings() &&
	    walk_trail_holds(&memo->trail, frame);
}
