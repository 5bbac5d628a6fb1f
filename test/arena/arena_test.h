/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arena_test.h - heaps as C++ objects, and threads that take turns.
 */
#ifndef TEST_ARENA_ARENA_TEST_H
#define TEST_ARENA_ARENA_TEST_H

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "../lib/forked.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
extern "C" {
#include "arena_glue.h"
#include "base/error.h"
#include "os/os.h"
#include "os/records.h"
#include "source/source.h"
}
#pragma GCC diagnostic pop

/* A heap for the length of a test. */
class Heap {
public:
	explicit Heap(const char *text, bool bounded = false)
	    : rig(rig_open(text, bounded))
	{
		EXPECT_NE(rig, nullptr) << error_text();
	}
	~Heap() { close(); }
	Heap(const Heap &) = delete;
	Heap &operator=(const Heap &) = delete;

	void
	close()
	{
		if (rig != nullptr)
			rig_close(rig);
		rig = nullptr;
	}
	operator struct rig *() const { return rig; }
	struct source *
	source() const
	{
		return rig_source(rig);
	}
	char *
	malloc(size_t size) const
	{
		return static_cast<char *>(rig_malloc(rig, size));
	}
	void
	free(void *ptr) const
	{
		EXPECT_TRUE(rig_free(rig, ptr));
	}

	/* Blocks of SIZE until there are no more. */
	std::vector<char *>
	fill(size_t size, size_t most = SIZE_MAX) const
	{
		std::vector<char *> blocks;

		while (blocks.size() < most)
			if (char *block = malloc(size))
				blocks.push_back(block);
			else
				break;
		return blocks;
	}
	void
	free_all(const std::vector<char *> &blocks) const
	{
		for (char *block : blocks)
			free(block);
	}
	struct source_stats
	stats() const
	{
		struct source_stats stats;

		source_stats(source(), &stats, false);
		return stats;
	}

private:
	struct rig *rig;
};

/* A thread that does one thing after another when told, and lives on. */
class Worker {
public:
	Worker() : thread([this] { work(); }) {}
	~Worker()
	{
		if (thread.joinable())
			end();
	}
	/* Has it done, and waits for that. */
	void
	run(const std::function<void()> &task)
	{
		job = &task;
		state = 1;
		while (state != 0)
			std::this_thread::yield();
	}
	void
	end()
	{
		state = 2;
		thread.join();
	}

private:
	void
	work()
	{
		for (;; std::this_thread::yield()) {
			if (state == 2)
				return;
			if (state == 1) {
				(*job)();
				state = 0;
			}
		}
	}
	std::atomic<int> state{ 0 };
	const std::function<void()> *job = nullptr;
	std::thread thread;
};

static inline int
forked(const std::function<int()> &child_does)
{
	return forked_by(rig_fork, child_does);
}

#endif /* TEST_ARENA_ARENA_TEST_H */
