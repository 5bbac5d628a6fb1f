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

#include "arena/sizeclass.h"
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

/*
 * Each block is passed over with the same chance q, so the chance that more
 * than n are is q to the n, and what lies before the chosen one is the largest
 * n for which that is not below a number drawn once. It is found bit by bit,
 * from powers of q by squaring.
 */
int32_t
sample_distance(
    struct thread *thread, size_t size, unsigned lg_mean, bool *chosen)
{
	double mean = (double)((size_t)1 << lg_mean), power[SAMPLE_LG_MOST + 1];
	double drawn, passed = 1;
	int32_t before = 0;

	*chosen = true;
	if ((double)size >= mean)
		return 1;
	drawn = (double)(draw(thread) + 1) / (double)(UINT64_C(1) << 32);
	power[0] = 1 - (double)size / mean;
	for (unsigned i = 0; i < SAMPLE_LG_MOST; i++)
		power[i + 1] = power[i] * power[i];
	*chosen = power[SAMPLE_LG_MOST] < drawn;
	if (!*chosen)
		return SAMPLE_MOST;
	for (unsigned i = SAMPLE_LG_MOST; i-- > 0;) {
		if (passed * power[i] < drawn)
			continue;
		passed *= power[i];
		before += 1 << i;
	}
	return before + 1;
}

static size_t
weight_of(size_t asked, size_t size, unsigned lg_mean)
{
	return size >> lg_mean != 0 ?
	    asked :
	    (max_size(asked, 1) << lg_mean) / max_size(size, 1);
}

bool
sample_chooses(size_t asked, size_t *weight)
{
	struct thread *thread = thread_here();
	enum sample_state state = thread->sample;

	thread->sample = SAMPLE_BY_SIZE;
	if (state == SAMPLE_CHOSEN)
		*weight = weight_of(asked, cache_bin_size[thread->sample_bin],
		    thread->sample_lg_mean);
	else if (state == SAMPLE_BY_SIZE && is_chosen(thread, asked))
		*weight = weight_of(asked, asked, SAMPLE_LG_MEAN);
	else
		return false;
	return true;
}

struct recording_choice
sample_for_recorder(void)
{
	struct thread *thread = thread_here();
	size_t size = cache_bin_size[thread->sample_bin];
	struct recording_choice choice = {
		.is_chosen = thread->sample != SAMPLE_NOT_CHOSEN,
		.weight = RECORDING_ONE_BLOCK,
	};

	if (thread->sample == SAMPLE_CHOSEN &&
	    thread->sample_lg_mean != SAMPLE_LG_ALL) {
		choice.number = thread->sample_bin;
		if (size >> thread->sample_lg_mean == 0)
			choice.weight =
			    (uint32_t)(((uint64_t)RECORDING_ONE_BLOCK
					   << thread->sample_lg_mean) /
				size);
	}
	if (!sample_is_on())
		thread->sample = SAMPLE_BY_SIZE;
	return choice;
}

void
sample_tell(const void *ptr, size_t asked, size_t weight, const char *kind)
{
	DTRACE_PROBE4(otel_memory, alloc, ptr, asked, weight, kind);
}
