/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sample.c - see sample.h.
 *
 * The probe's name, its first three arguments and SAMPLE_MEAN are those of
 * OpenTelemetry's eBPF profiler: address, size, and the bytes it stands for.
 */
#ifdef HAVE_SDT
#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>
#endif

#include "arena/sample.h"

#include "arena/lookup.h"
#include "arena/thread.h"
#include "os/os.h"

#ifdef HAVE_SDT
/* By this name the probe finds it, in this file alone. */
static unsigned short otel_memory_alloc_semaphore
    __attribute__((used, section(".probes")));
extern __typeof__(sample_listeners) sample_listeners
    __attribute__((alias("otel_memory_alloc_semaphore")));
#else
#define DTRACE_PROBE4(provider, name, a, b, c, d) \
	((void)(a), (void)(b), (void)(c), (void)(d))
#endif

/* Marsaglia's xorshift, the upper bits of a product. */
static uint64_t
draw(struct thread *thread)
{
	uint64_t x = thread->random;

	if (x == 0)
		x = ((uintptr_t)thread ^ os_now_ns()) *
			UINT64_C(0x9e3779b97f4a7c15) |
		    1;
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	thread->random = x;
	return x * UINT64_C(0x2545f4914f6cdd1d) >> 32;
}

static bool
is_chosen(struct thread *thread, size_t size)
{
	return draw(thread) * SAMPLE_MEAN >> 32 < size;
}

int32_t
sample_distance(struct thread *thread, size_t size, int32_t most, bool *chosen)
{
	for (int32_t i = 1; i <= most; i++) {
		*chosen = is_chosen(thread, size);
		if (*chosen)
			return i;
	}
	return most;
}

static size_t
weight_of(size_t asked, size_t size)
{
	return size >= SAMPLE_MEAN ?
	    asked :
	    max_size(asked, 1) * SAMPLE_MEAN / max_size(size, 1);
}

bool
sample_chooses(const void *ptr, size_t asked, size_t *weight)
{
	struct thread *thread = thread_here();
	enum sample_state state = thread->sample;

	thread->sample = SAMPLE_BY_SIZE;
	if (state == SAMPLE_CHOSEN)
		*weight = weight_of(asked, block_lookup(ptr).usable);
	else if (state == SAMPLE_BY_SIZE && is_chosen(thread, asked))
		*weight = weight_of(asked, asked);
	else
		return false;
	return true;
}

void
sample_tell(const void *ptr, size_t asked, size_t weight, const char *kind)
{
	DTRACE_PROBE4(otel_memory, alloc, ptr, asked, weight, kind);
}
