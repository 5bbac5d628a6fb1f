/* SPDX-License-Identifier: BSD-2-Clause */
/* engine_storm.cpp - see engine_storm.h. */
#include "engine_storm.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <thread>

#include <unistd.h>

#include "engine_child.h"
#include "engine_kind.h"

namespace engine {

static constexpr size_t KEPT = 5000;

/* What a thread of the parent does until told to stop. It yields to the child,
 * which is waited for. */
static void
churn(const std::vector<Kind> &kinds, unsigned seed,
    const std::atomic<bool> &stop)
{
	void *held[64] = {};
	while (!stop) {
		std::this_thread::yield();
		for (unsigned i = 0; i < 64; i++) {
			seed = seed * 1103515245 + 12345;
			poolkind *kind = kinds[seed % kinds.size()].get();
			poolkind_free(nullptr, held[i]);
			held[i] = poolkind_malloc(kind,
			    1 + (seed >> 8) % (seed % 16 ? 2000 : 100000));
		}
	}
	for (void *block : held)
		poolkind_free(nullptr, block);
}

/* The life of a child; returns its exit status, 0 when all is well. Calls
 * nothing but the engine: the malloc of libc is none of its business. */
static int
live(const std::vector<Kind> &kinds, void *const *kept)
{
	for (size_t i = 0; i < kinds.size(); i++) {
		poolkind *kind = kinds[i].get();
		if (poolkind_of(kept[i]) != kind)
			return 2;
		if (!painted(kept[i], KEPT, i))
			return 3;
		for (size_t size = 8; size < 200000; size *= 3) {
			void *block = poolkind_malloc(kind, size);
			if (!block)
				return 4;
			memset(block, 1, size);
			poolkind_free(kind, block);
		}
		poolkind_free(kind, kept[i]);
		if (poolkind_trim(kind) != 0 || poolkind_check(kind) != 0) {
			fprintf(stderr, "%s: %s\n", poolkind_text(kind),
			    poolkind_errormsg());
			return 5;
		}
	}
	poolkind *fresh = poolkind_open("dram", 0);
	if (!fresh || !poolkind_malloc(fresh, 100) ||
	    poolkind_close(fresh) != 0)
		return 6;
	return 0;
}

void
expect_forks_survive(
    const std::vector<std::string> &specs, unsigned threads, unsigned forks)
{
	std::vector<Kind> kinds;
	std::vector<void *> kept;
	for (size_t i = 0; i < specs.size(); i++) {
		kinds.push_back(open_kind(specs[i]));
		ASSERT_NE(nullptr, kinds.back().get());
		kept.push_back(poolkind_malloc(kinds[i].get(), KEPT));
		ASSERT_NE(nullptr, kept.back());
		paint(kept.back(), KEPT, i);
	}
	std::atomic<bool> stop(false);
	std::vector<std::thread> busy;
	for (unsigned i = 0; i < threads; i++)
		busy.emplace_back([&, i] { churn(kinds, i + 1, stop); });
	for (unsigned i = 0; i < forks && !testing::Test::HasFailure(); i++) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(live(kinds, kept.data()));
		ASSERT_GT(pid, 0);
		Ending ending = wait_for(pid, 30);
		EXPECT_EQ(Ending::Exited, ending.how)
		    << "child " << i << " " << ending.text();
		EXPECT_EQ(0, ending.code) << "child " << i;
	}
	stop = true;
	for (std::thread &thread : busy)
		thread.join();
	for (size_t i = 0; i < kinds.size(); i++) {
		EXPECT_TRUE(painted(kept[i], KEPT, i)) << specs[i];
		poolkind_free(kinds[i].get(), kept[i]);
		EXPECT_EQ(0u, stats_of(kinds[i].get()).live) << specs[i];
		EXPECT_EQ(0, poolkind_check(kinds[i].get()))
		    << poolkind_errormsg();
	}
}

} // namespace engine
