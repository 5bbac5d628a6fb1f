/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine_kind.h - kinds as C++ objects, and one fixture over all the sources,
 * for tests of what every kind promises.
 */
#ifndef TEST_LIB_ENGINE_KIND_H
#define TEST_LIB_ENGINE_KIND_H

#include <gtest/gtest.h>
#include <poolkind.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace engine {

constexpr size_t KIB = 1024, MIB = 1024 * KIB, GIB = 1024 * MIB;

/* What kinds take and give back at once: the 4 KiB of poolkind(7), or the 64
 * KiB that it says of AArch64, whatever pages the system has. */
extern const size_t KIND_PAGE;

struct CloseKind {
	void operator()(poolkind *kind) const;
};
using Kind = std::unique_ptr<poolkind, CloseKind>;

/* Opens SPEC; a failure is a failure of the test. */
Kind open_kind(const std::string &spec);

/* Memory of the test's own, for region kinds, which begins at a multiple of
 * KIND_PAGE: every byte 0xa5 when FILLED. */
class Region {
public:
	explicit Region(size_t bytes, bool filled = false, bool shared = false);
	~Region();
	Region(const Region &) = delete;
	Region &operator=(const Region &) = delete;
	char *
	start() const
	{
		return start_;
	}
	size_t
	size() const
	{
		return size_;
	}

private:
	char *start_;
	size_t size_;
};

/* The struct, whose name its function hides in C++. */
using Stats = struct poolkind_stats;
Stats stats_of(poolkind *kind);

/* The bytes of a block that have pages, on whatever nodes these are. */
size_t bytes_there(const void *block);

/* Writes a pattern that depends on SEED over the block, and looks whether it
 * is still there. */
void paint(void *block, size_t bytes, unsigned seed);
bool painted(const void *block, size_t bytes, unsigned seed);
bool all_bytes_are(const void *block, size_t bytes, unsigned char value);

/* PTR, with what the compiler knows about its size forgotten. */
void *unknown(void *ptr);

/* Blocks of one size, chained through their own first bytes, so that holding
 * them takes no other memory. */
class Links {
public:
	size_t
	count() const
	{
		return count_;
	}

protected:
	using Allocate = std::function<void *(size_t size)>;
	using Release = std::function<void(void *block)>;

	/* Allocates until NULL, at most MOST blocks; returns how many. Each
	 * block is written to at both ends. */
	size_t take(const Allocate &allocate, size_t size, size_t most);
	/* Frees all; returns how many were as they had been written. */
	size_t give_back(const Release &release);

	struct Link {
		Link *next;
	};
	Link *first_ = nullptr;
	size_t count_ = 0, size_ = 0;
};

/* Blocks of a kind. */
class Chain : public Links {
public:
	size_t
	fill(poolkind *kind, size_t size, size_t most = SIZE_MAX)
	{
		return take(
		    [kind](size_t n) { return poolkind_malloc(kind, n); }, size,
		    most);
	}
	size_t
	free_all(poolkind *kind)
	{
		return give_back(
		    [kind](void *block) { poolkind_free(kind, block); });
	}
};

/* SIZE, or if that is no multiple of KIND_PAGE the next one. */
size_t whole_pages(size_t size);

/* Blocks of SIZE that 99 % of ROOM must hold, in whole blocks. */
size_t nearly_all(size_t room, size_t size);

/* A kind of each source with room for 128 MiB. */
class EveryKind : public testing::TestWithParam<const char *> {
protected:
	void SetUp() override;
	poolkind *
	kind() const
	{
		return kind_.get();
	}
	void
	close()
	{
		kind_.reset();
	}

private:
	std::unique_ptr<Region> region_;
	Kind kind_;
};

std::string param_name(const testing::TestParamInfo<const char *> &info);

#define ENGINE_EVERY_KIND(suite) \
	INSTANTIATE_TEST_SUITE_P(Sources, suite, \
	    testing::Values("dram", "file", "region", "limited", "nodes"), \
	    engine::param_name)

} // namespace engine

/* That EXPRESSION fails with ERRNUM and a sentence that names WORD. */
#define EXPECT_REFUSED(expression, errnum, word) \
	do { \
		errno = 0; \
		EXPECT_TRUE(expression) << #expression " did not fail"; \
		EXPECT_EQ(errnum, errno) << poolkind_errormsg(); \
		EXPECT_SENTENCE(word); \
	} while (0)

#define EXPECT_SENTENCE(word) \
	EXPECT_NE( \
	    std::string::npos, std::string(poolkind_errormsg()).find(word)) \
	    << "\"" << poolkind_errormsg() << "\" does not name " << (word)

#endif /* TEST_LIB_ENGINE_KIND_H */
