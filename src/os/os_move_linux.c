/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * os_move_linux.c - on which nodes pages are, and pages that go to others, of
 * os.h, on Linux.
 *
 * Owns nothing. Called by source/, and by outside/ for another process. Takes
 * no lock. Directly, as os_numa_linux.c: libc has no wrapper.
 *
 * What may fail is told by an error number: see os.h. Where the kernel has no
 * move_pages(2), or a filter refuses it, nothing can be known, nor moved.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/page.h"
#include "os/direct.h"
#include "os/os.h"
#include "os/os_fault.h"

#define MPOL_MF_MOVE 2 /* of move_pages(2) */

/*
 * move_pages(2), without nodes, says for each page on which node it is; with
 * nodes it moves pages there first. It works on lists of addresses, so ranges
 * are done in batches, whose arrays take 2 KiB of a stack that may have 16 KiB
 * in all.
 */
#define BATCH 128

struct batch {
	void *page[BATCH];
	int node[BATCH];
	int status[BATCH];
};

/* What is left of a batch: in PAGE those that are elsewhere still, in order,
 * and in WHY, for each, what kept it the last time. */
struct moving {
	struct batch batch;
	unsigned char why[BATCH];
	size_t left, page_bytes, slice;
	int process, pagemap; /* that of another one, open */
	const uint64_t *mask;
	unsigned bits;
};

static int
move_call(struct moving *moving, size_t count, int *node)
{
	struct batch *batch = &moving->batch;

	return os_direct_error(SYS_move_pages, moving->process, count,
	    batch->page, node, batch->status, node == NULL ? 0 : MPOL_MF_MOVE);
}

/* ---- Pages that are passed over ------------------------------------------ */

/*
 * From Linux 6.1 to 6.5 move_pages(2) takes a page for absent that the kernel's
 * balancing between nodes (kernel.numa_balancing) has marked, to see who
 * touches it next: of memory without a policy that may be most. Any kernel does
 * so while it moves a page itself, as to make room for a huge one. mincore(2)
 * and, of marked pages, /proc/PID/pagemap know that it is there. One of this
 * process is touched by advice, which fails where the page may not be read;
 * that of another process counts as busy until it touches it itself. The page
 * of zeroes is on no node: it is touched in vain here, and of another process
 * told by not being its own.
 */

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif
#define PAGEMAP_PRESENT_OWN ((uint64_t)1 << 63 | (uint64_t)1 << 56)

/* Writes to THERE whether each of COUNT pages from AT on is in memory. */
static bool
look_for_pages(
    const struct moving *moving, void *at, size_t count, unsigned char *there)
{
	uint64_t entry[BATCH];
	size_t page = system_page(), bytes = count * sizeof(entry[0]);
	long offset = (long)((uintptr_t)at / page * sizeof(entry[0]));

	if (moving->process == 0)
		return os_direct(SYS_mincore, at, count * page, there) == 0;
	if (os_direct(SYS_pread64, moving->pagemap, entry, bytes, offset) !=
	    (long)bytes)
		return false;
	for (size_t i = 0; i < count; i++)
		there[i] = (~entry[i] & PAGEMAP_PRESENT_OWN) == 0;
	return true;
}

/* The second is said of huge pages. */
static bool
is_absent(int status)
{
	return status == -ENOENT || status == -EFAULT;
}

/* How many pages from FROM on lie side by side and are taken for absent. */
static size_t
count_absent(const struct batch *batch, size_t from, size_t count)
{
	char *at = batch->page[from];
	size_t i = from;

	while (i < count && is_absent(batch->status[i]) &&
	    batch->page[i] == at + (i - from) * system_page())
		i++;
	return i - from;
}

/* COUNT pages from FROM on, all of which are there. Whether they were touched.
 */
static bool
touch(struct moving *moving, size_t from, size_t count)
{
	struct batch *batch = &moving->batch;

	if (count == 0)
		return false;
	if (moving->process == 0)
		return os_direct(SYS_madvise, batch->page[from],
			   count * system_page(), MADV_POPULATE_READ) == 0;
	for (size_t i = from; i < from + count; i++)
		batch->status[i] = -EBUSY;
	return false;
}

/* Touches those that are there of COUNT pages from FROM on; whether any was. */
static bool
touch_absent(struct moving *moving, size_t from, size_t count)
{
	unsigned char there[BATCH];
	bool touched = false;
	size_t i, end;

	if (count == 0 ||
	    !look_for_pages(moving, moving->batch.page[from], count, there))
		return false;
	for (i = 0; i < count; i = end + 1) {
		for (end = i; end < count && (there[end] & 1) != 0; end++)
			;
		touched |= touch(moving, from + i, end - i);
	}
	return touched;
}

/* Asks where the pages of the batch are. */
static int
ask(struct moving *moving, size_t count)
{
	int err = move_call(moving, count, NULL);
	bool touched = false;

	if (err != 0 || moving->page_bytes != system_page())
		return err;
	for (size_t i = 0, absent; i < count; i += max_size(absent, 1)) {
		absent = count_absent(&moving->batch, i, count);
		touched |= touch_absent(moving, i, absent);
	}
	return touched ? move_call(moving, count, NULL) : 0;
}

/* ---- A batch ------------------------------------------------------------- */

/* Sorts the pages by what the kernel says of them. Those that are elsewhere
 * stay in the batch, and *HERE and *ABSENT say how many did not. */
static void
sort_out(struct moving *moving, size_t *here, size_t *absent)
{
	struct batch *batch = &moving->batch;
	size_t left = 0;

	*here = *absent = 0;
	for (size_t i = 0; i < moving->left; i++) {
		int status = batch->status[i];

		if (is_absent(status))
			++*absent;
		else if (status >= 0 && (unsigned)status < moving->bits &&
		    bits_test(moving->mask, (unsigned)status))
			++*here;
		else {
			batch->page[left] = batch->page[i];
			moving->why[left++] = status < 0 ?
			    (unsigned char)-status :
			    moving->why[i];
		}
	}
	moving->left = left;
}

/* The node of the mask that a page is to go to, after TURN others. */
static unsigned
node_for(const struct moving *moving, const void *page, size_t turn)
{
	size_t nodes = bits_count(moving->mask, 0, moving->bits);
	size_t which = ((uintptr_t)page / moving->slice + turn) % nodes;
	size_t node = bits_find(moving->mask, 0, moving->bits, true);

	while (which-- > 0)
		node = bits_find(moving->mask, node + 1, moving->bits, true);
	return (unsigned)node;
}

/* Puts the pages that go to the same node side by side: the kernel moves at
 * once what it is asked for in a row. */
static void
set_targets(struct moving *moving, size_t turn)
{
	struct batch *batch = &moving->batch;

	for (size_t i = 0; i < moving->left; i++) {
		void *page = batch->page[i];
		int node = (int)node_for(moving, page, turn);
		unsigned char why = moving->why[i];
		size_t at = i;

		for (; at > 0 && batch->node[at - 1] > node; at--) {
			batch->node[at] = batch->node[at - 1];
			batch->page[at] = batch->page[at - 1];
			moving->why[at] = moving->why[at - 1];
		}
		batch->node[at] = node;
		batch->page[at] = page;
		moving->why[at] = why;
	}
}

/* A status that the kernel did not get to. */
#define UNTOLD (-4096)

/*
 * Asks the kernel once to move what is left. It ends at a group of pages of
 * which it could not move all, without a word on any: with ENOMEM where the
 * node has none free, else with how many they were. And of a transparent huge
 * page it says EBUSY for all but the first. So where it left anything open it
 * is asked where the pages are.
 */
static int
move_once(struct moving *moving, size_t *here, size_t *absent)
{
	struct batch *batch = &moving->batch;
	bool open = false;
	int err;

	for (size_t i = 0; i < moving->left; i++)
		batch->status[i] = UNTOLD;
	err = move_call(moving, moving->left, batch->node);
	if (err != 0 && err != ENOMEM && err != ENOENT)
		return err;
	for (size_t i = 0; i < moving->left; i++) {
		int status = batch->status[i];

		open |= status == UNTOLD || status == -EBUSY ||
		    is_absent(status);
		if (status == UNTOLD)
			moving->why[i] = err == ENOMEM ? ENOMEM : EBUSY;
	}
	err = open ? ask(moving, moving->left) : 0;
	if (err == 0)
		sort_out(moving, here, absent);
	return err;
}

/* Adds what kept each of the pages that are left, at the last try. */
static void
count_left(const struct moving *moving, struct os_moved *moved)
{
	for (size_t i = 0; i < moving->left; i++)
		if (moving->why[i] == ENOMEM)
			moved->full += moving->page_bytes;
		else if (moving->why[i] == EACCES)
			moved->shared += moving->page_bytes;
		else
			moved->busy += moving->page_bytes;
}

/* Sets the batch to COUNT pages from AT on, and asks where they are. */
static int
set_batch(struct moving *moving, char *at, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		moving->batch.page[i] = at + i * moving->page_bytes;
		moving->why[i] = EBUSY;
	}
	moving->left = count;
	return ask(moving, count);
}

/* As long as pages go each target is tried again, as the kernel ends at the
 * first group that it cannot move all of. */
static int
move_batch_of(struct moving *moving, char *at, size_t count)
{
	size_t nodes = bits_count(moving->mask, 0, moving->bits);
	size_t here, absent, before;
	int err = set_batch(moving, at, count);

	if (err == 0)
		sort_out(moving, &here, &absent);
	for (size_t turn = 0; turn < nodes && moving->left != 0; turn++)
		do {
			before = moving->left;
			set_targets(moving, turn);
			if (err == 0)
				err = move_once(moving, &here, &absent);
			if (err != 0)
				return err;
		} while (moving->left != 0 && moving->left < before);
	return err;
}

/* The size of a transparent huge page. */
#define MOVE_WINDOW (2 * MIB)

static char *
end_of_window(const struct moving *moving, const char *at, char *end)
{
	char *next = (char *)align_down((uintptr_t)at, MOVE_WINDOW) +
	    max_size(MOVE_WINDOW, moving->page_bytes);

	return next < end ? next : end;
}

/*
 * A window of 2 MiB is looked at as a whole before any of it moves: with one
 * page of a transparent huge page all of that goes.
 */
static int
move_window(
    struct moving *moving, char *at, size_t pages, struct os_moved *moved)
{
	size_t here, absent, away = 0, before = os_stayed(moved), step;
	int err = 0;

	for (size_t i = 0; i < pages && err == 0; i += step) {
		step = min_size(pages - i, BATCH);
		err = set_batch(moving, at + i * moving->page_bytes, step);
		if (err != 0)
			return err;
		sort_out(moving, &here, &absent);
		moved->there += here * moving->page_bytes;
		moved->absent += absent * moving->page_bytes;
		away += moving->left * moving->page_bytes;
	}
	for (size_t i = 0; i < pages && away != 0 && err == 0; i += step) {
		step = min_size(pages - i, BATCH);
		err = move_batch_of(moving, at + i * moving->page_bytes, step);
		if (err == 0)
			count_left(moving, moved);
	}
	before = os_stayed(moved) - before;
	moved->moved += err != 0 || away < before ? 0 : away - before;
	return err;
}

/* What an injected fault stands for: an answer to the whole call, or the same
 * reason for each page. */
static int
move_fault(int fault, size_t bytes, struct os_moved *moved)
{
	if (fault == ENOMEM)
		moved->full += bytes;
	else if (fault == EBUSY)
		moved->busy += bytes;
	else if (fault == EMLINK)
		moved->shared += bytes;
	else
		return fault;
	return 0;
}

/* That of another process, or -1. */
static int
open_pagemap(int process)
{
	char path[sizeof("/proc/-2147483648/pagemap")];

	if (process == 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", process);
	return (int)os_direct(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
}

int
os_move_pages(int process, void *addr, size_t bytes, size_t page, size_t slice,
    const uint64_t *mask, unsigned bits, struct os_moved *moved)
{
	struct moving moving = {
		.page_bytes = page != 0 ? page : system_page(),
		.slice = slice,
		.process = process,
		.mask = mask,
		.bits = bits,
	};
	char *at = addr, *end = at + bytes, *next;
	int err = 0;

	moving.pagemap = open_pagemap(process);
	for (; at < end && err == 0; at = next) {
		next = end_of_window(&moving, at, end);
		err = os_fault(OS_MOVE_PAGES);
		err = err != 0 ?
		    move_fault(err, (size_t)(next - at), moved) :
		    move_window(&moving, at,
			(size_t)(next - at) / moving.page_bytes, moved);
	}
	if (moving.pagemap >= 0)
		os_direct(SYS_close, moving.pagemap);
	return err;
}

/* To the first of the nodes that has room. Where move_pages(2) is refused
 * nothing can be known and nothing moved: pages are taken to be where the
 * policy "preferred" has put them. */
int
os_move_to_nodes(void *addr, size_t bytes, const uint64_t *mask, unsigned bits)
{
	struct moving moving = {
		.page_bytes = system_page(),
		.slice = SIZE_MAX,
		.mask = mask,
		.bits = bits,
	};
	struct os_moved moved = { 0 };
	char *at = addr, *end = at + bytes, *next;
	int err = os_fault(OS_MOVE_TO_NODES);

	for (; at < end && err == 0; at = next) {
		next = end_of_window(&moving, at, end);
		err = move_window(&moving, at,
		    (size_t)(next - at) / moving.page_bytes, &moved);
		if (err == 0 && os_stayed(&moved) + moved.absent != 0)
			err = ENOMEM;
	}
	return os_is_refused(err) ? 0 : err;
}

int
os_count_on_nodes(void *addr, size_t bytes, size_t *bytes_on, unsigned nodes)
{
	struct moving moving = { .page_bytes = system_page() };
	size_t left = bytes / moving.page_bytes, step;
	char *at = addr;
	int err = 0;

	for (; left != 0 && err == 0; left -= step) {
		step = min_size(left, BATCH);
		err = set_batch(&moving, at, step);
		at += step * moving.page_bytes;
		for (size_t i = 0; i < step && err == 0; i++) {
			int node = moving.batch.status[i];

			if (node >= 0 && (unsigned)node < nodes)
				bytes_on[node] += moving.page_bytes;
		}
	}
	return err;
}
