/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_part.c - see record_part.h.
 */
#include "preload/record_part.h"

#include "base/environment.h"
#include "base/error.h"
#include "os/os.h"
#include "preload/inherited.h"
#include "preload/log.h"

struct record_own *record_own;
struct recording_head *record_head;

static struct inherited file;
static void *part_address; /* where the process, or its parent, has it */

/* ---- The file ------------------------------------------------------------ */

/* Maps a part of the file at ADDRESS, or somewhere where that is NULL. */
static int
map_from_file(uint64_t offset, size_t bytes, void **address)
{
	int fd, error = inherited_open(&file, &fd);

	if (error != 0)
		return error;
	error = os_map_shared(fd, (off_t)offset, bytes, address);
	inherited_close(&file, fd);
	return error;
}

/* ---- A part -------------------------------------------------------------- */

static void
describe(struct recording_part *part, uint32_t parent)
{
	part->process = (uint32_t)os_process();
	part->parent_part = parent;
	part->start_ms = os_now_ms();
	part->start_ns = os_now_ns();
	os_read_link("/proc/self/exe", part->program, sizeof(part->program));
	os_read_link("/proc/self/ns/pid", part->pid_namespace,
	    sizeof(part->pid_namespace));
	atomic_store(&part->sites, 1);
	part->snapshot_skip = 1;
	atomic_thread_fence(memory_order_release);
	part->magic = RECORDING_MAGIC;
}

static struct recording_part *
fail_to_claim(const char *why)
{
	atomic_fetch_add(&record_head->parts_lost, 1);
	atomic_store(&record_own->part, RECORD_NONE);
	say_failure(
	    "the memory of process %d is not recorded: %s", os_process(), why);
	return NULL;
}

struct recording_part *
record_part_claim(void)
{
	static uint32_t number_before; /* of the parent's part, plus one */
	struct recording_part *nobodys = NULL;
	void *address = part_address;
	uint32_t number;
	int error;

	if (!atomic_compare_exchange_strong(
		&record_own->part, &nobodys, RECORD_NONE))
		return NULL;
	number = atomic_fetch_add(&record_head->parts, 1);
	if (number >= RECORDING_PARTS)
		return fail_to_claim("there are too many processes");
	error = map_from_file(recording_place(number),
	    align_up(sizeof(struct recording_part), PAGE_BYTES), &address);
	if (error != 0)
		return fail_to_claim(error_name(error));
	part_address = address;
	describe(address, number_before);
	record_own->number = number_before = number + 1;
	atomic_store(&record_own->part, address);
	return address;
}

/* ---- The start ----------------------------------------------------------- */

static bool
map_head(int fd)
{
	void *address = NULL;

	if (os_map_shared(fd, 0, PAGE_BYTES, &address) != 0)
		return false;
	record_head = address;
	return record_head->magic == RECORDING_MAGIC;
}

/* A process that another one has started may have lost the file, and says so as
 * it says other failures. */
static void
tell(const char *value, const char *problem)
{
	log_say(&preload_log,
	    file.place.process != 0 ? SAID_OF_FAILURES : SAID_ALWAYS, LOG_HEAD,
	    RECORDING_VARIABLE "=%.40s: %s; the memory of process %d is not "
			       "recorded",
	    value, problem, os_process());
}

void
record_part_start(void)
{
	const char *value = variable(RECORDING_VARIABLE), *problem;
	void *page;

	if (value == NULL)
		return;
	problem = inherited_find(&file, value, map_head);
	if (problem == NULL &&
	    (os_map(PAGE_BYTES, &page) != 0 ||
		os_wipe_in_child(page, PAGE_BYTES) != 0))
		problem = "the kernel cannot wipe a page in children";
	if (problem != NULL) {
		tell(value, problem);
		return;
	}
	__atomic_store_n(&record_own, page, __ATOMIC_RELEASE);
	record_part_claim();
}

void
record_part_end(void)
{
	struct recording_part *part;

	if (!record_is_on())
		return;
	part = atomic_load(&record_own->part);
	if (part != NULL && part != RECORD_NONE)
		atomic_store(&part->end_ns, os_now_ns());
}
