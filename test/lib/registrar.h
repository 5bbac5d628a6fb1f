/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registrar.h - a function of poolkind_on_map() that knows of all memory of a
 * kind, and looks that no block lies in memory that it does not know.
 */
#ifndef TEST_LIB_REGISTRAR_H
#define TEST_LIB_REGISTRAR_H

#include <gtest/gtest.h>
#include <poolkind.h>

#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>

#include "engine_kind.h"

namespace engine {

class Registrar {
public:
	static int
	told(void *self, poolkind *, void *start, size_t bytes, int what)
	{
		return static_cast<Registrar *>(self)->hear(
		    reinterpret_cast<uintptr_t>(start), bytes, what);
	}

	/* What a block of the kind has to be, and what it was. */
	void
	handed_out(void *block, size_t bytes)
	{
		std::lock_guard<std::mutex> guard(lock_);
		auto at = reinterpret_cast<uintptr_t>(block);
		EXPECT_TRUE(all_go || covers(at, bytes))
		    << block << " " << bytes;
		blocks_[at] = bytes;
	}
	void
	given_back(void *block)
	{
		std::lock_guard<std::mutex> guard(lock_);
		auto at = reinterpret_cast<uintptr_t>(block);
		EXPECT_TRUE(all_go || covers(at, blocks_[at])) << block;
		blocks_.erase(at);
	}
	/* Whether all blocks lie in what is known. */
	bool
	knows_all()
	{
		std::lock_guard<std::mutex> guard(lock_);
		for (auto &block : blocks_)
			if (!covers(block.first, block.second))
				return false;
		return true;
	}
	bool
	knows(void *block, size_t bytes)
	{
		std::lock_guard<std::mutex> guard(lock_);
		return covers(reinterpret_cast<uintptr_t>(block), bytes);
	}
	size_t
	bytes()
	{
		std::lock_guard<std::mutex> guard(lock_);
		size_t sum = 0;
		for (auto &run : runs_)
			sum += run.second;
		return sum;
	}
	size_t
	runs()
	{
		std::lock_guard<std::mutex> guard(lock_);
		return runs_.size();
	}

	std::atomic<size_t> gets{ 0 }, losses{ 0 }, refusals{ 0 };
	std::atomic<unsigned> refuse_each{ 0 }; /* every so many; 0: none */

private:
	int
	hear(uintptr_t at, size_t bytes, int what)
	{
		std::lock_guard<std::mutex> guard(lock_);
		if (what == POOLKIND_LOSES_MEMORY) {
			losses++;
			auto run = runs_.find(at);
			if (run == runs_.end() || run->second != bytes) {
				ADD_FAILURE() << "lost, and never got";
				return 0;
			}
			auto block = blocks_.lower_bound(at);
			EXPECT_TRUE(all_go || block == blocks_.end() ||
			    block->first >= at + bytes)
			    << "a block is in what is lost";
			runs_.erase(run);
			return 0;
		}
		gets++;
		auto next = runs_.lower_bound(at);
		EXPECT_TRUE(next == runs_.end() || next->first >= at + bytes);
		EXPECT_TRUE(next == runs_.begin() ||
		    std::prev(next)->first + std::prev(next)->second <= at);
		if (refuse_each != 0 && gets % refuse_each == 0) {
			refusals++;
			return -1;
		}
		runs_[at] = bytes;
		return 0;
	}
	/* Runs lie side by side. */
	bool
	covers(uintptr_t at, size_t bytes)
	{
		uintptr_t end = at + bytes;
		while (at < end) {
			auto run = runs_.upper_bound(at);
			if (run == runs_.begin())
				return false;
			--run;
			if (run->first + run->second <= at)
				return false;
			at = run->first + run->second;
		}
		return true;
	}

	std::mutex lock_;
	std::map<uintptr_t, size_t> runs_, blocks_;

public:
	/* While pages are moved all memory is lost, with blocks in it. */
	std::atomic<bool> all_go{ false };
};

/* Takes, resizes, frees and trims, and has all noted. */
inline void
churn(poolkind *kind, Registrar &registrar, unsigned seed, int rounds)
{
	struct {
		void *block;
		size_t bytes;
	} held[64] = {};

	for (int i = 0; i < rounds; i++) {
		seed = seed * 1103515245 + 12345;
		auto &one = held[seed >> 20 & 63];
		if (one.block != nullptr) {
			registrar.given_back(one.block);
			poolkind_free(kind, one.block);
			one.block = nullptr;
			continue;
		}
		one.bytes = (seed >> 16 & 15) == 0 ?
		    (seed >> 10 & 1023) * KIB + 1 :
		    (seed >> 8 & 4095) + 1;
		one.block = seed >> 28 == 1 ?
		    poolkind_calloc(kind, 1, one.bytes) :
		    poolkind_malloc(kind, one.bytes);
		if (one.block == nullptr)
			continue;
		registrar.handed_out(one.block, one.bytes);
		memset(one.block, 1, one.bytes);
		if (seed >> 27 == 5)
			poolkind_trim(kind);
		if (seed >> 28 == 7) {
			registrar.given_back(one.block);
			void *moved = poolkind_realloc(
			    kind, one.block, 2 * one.bytes);
			if (moved != nullptr) {
				one.block = moved;
				one.bytes *= 2;
			}
			registrar.handed_out(one.block, one.bytes);
		}
	}
	for (auto &one : held)
		if (one.block != nullptr) {
			registrar.given_back(one.block);
			poolkind_free(kind, one.block);
		}
}

inline void
churn_on_threads(poolkind *kind, Registrar &registrar, int rounds)
{
	std::thread threads[4];
	unsigned seed = 1;

	for (std::thread &thread : threads)
		thread = std::thread([=, &registrar, seed = seed++] {
			churn(kind, registrar, seed, rounds);
		});
	for (std::thread &thread : threads)
		thread.join();
}

/* The registrar knows of all that there is, and of nothing in the end. */
inline void
expect_the_same(Kind &kind, Registrar &registrar)
{
	EXPECT_EQ(0, poolkind_trim(kind.get()));
	EXPECT_EQ(stats_of(kind.get()).committed, registrar.bytes());
	EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
	kind.reset();
	EXPECT_EQ(0u, registrar.runs());
	EXPECT_EQ(registrar.gets, registrar.losses);
}

} // namespace engine

#endif /* TEST_LIB_REGISTRAR_H */
