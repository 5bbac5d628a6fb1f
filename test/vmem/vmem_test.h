/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmem_test.h - pools of libvmem as C++ objects, chains of their blocks, and
 * one fixture over the sorts of pool, for tests of what every pool promises.
 */
#ifndef TEST_VMEM_VMEM_TEST_H
#define TEST_VMEM_VMEM_TEST_H

#include <gtest/gtest.h>
#include <libvmem.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>

#include "../lib/engine_child.h"
#include "../lib/engine_facts.h"
#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"

namespace pools {

constexpr size_t PAGE = 4096;

struct DeletePool {
	void operator()(VMEM *pool) const;
};
using Pool = std::unique_ptr<VMEM, DeletePool>;

/* A pool of the smallest size, or of SIZE bytes, in DIRECTORY or at a region's
 * start; a failure is a failure of the test. */
Pool make_pool(const std::string &directory, size_t size = VMEM_MIN_POOL);
Pool make_pool(const engine::Region &region);

/* The address at which POOL begins. */
char *start_of(VMEM *pool);
char *start_of(const Pool &pool);

/* Whether BLOCK and BYTES from it on lie in ROOM bytes at START. */
bool lies_in(const void *block, size_t bytes, const void *start, size_t room);

/* A block by each function that gives one. */
extern void *(*const WAYS_TO_A_BLOCK[7])(VMEM *);

/* Leaves a text that no failure leaves in vmem_errormsg(), and 0 in errno. */
void forget_error();

/* That vmem_errormsg() changed since forget_error(), and is one line with each
 * of WORDS in it. */
void expect_sentence(std::initializer_list<std::string> words);

/* The sentence of a pool of SIZE bytes that is too small. */
std::string too_small(size_t size);

/* How touching the byte at ADDR ends a process: 0, or the signal's number. */
int signal_on_touch(const void *addr);

/* Blocks of a pool, of 8 bytes or more. */
class Blocks : public engine::Links {
public:
	size_t
	fill(VMEM *pool, size_t size, size_t most = SIZE_MAX)
	{
		return take([pool](size_t n) { return vmem_malloc(pool, n); },
		    size, most);
	}
	size_t
	free_all(VMEM *pool)
	{
		return give_back(
		    [pool](void *block) { vmem_free(pool, block); });
	}
	/* Whether all lie in ROOM bytes at START. */
	bool lie_in(const void *start, size_t room) const;
};

/* Fills POOL with blocks of SIZE and frees them: 99 % of the whole blocks that
 * ROOM bytes hold were had, and not one was changed. */
void expect_filled(VMEM *pool, size_t room, size_t size);

/* A pool of the smallest size in a directory, and one in a region. */
class EveryPool : public testing::TestWithParam<const char *> {
protected:
	void SetUp() override;
	VMEM *
	pool() const
	{
		return pool_.get();
	}
	/* Where its blocks may lie. */
	char *
	first() const
	{
		return start_of(pool()) + PAGE;
	}
	size_t
	room() const
	{
		return room_;
	}

private:
	std::unique_ptr<engine::Region> region_;
	Pool pool_;
	size_t room_ = 0;
};

#define VMEM_EVERY_POOL(suite) \
	INSTANTIATE_TEST_SUITE_P(Pools, suite, \
	    testing::Values("directory", "region"), engine::param_name)

} // namespace pools

/* That EXPRESSION gives NULL with ERRNUM and a sentence with these words. */
#define VMEM_REFUSED(expression, errnum, ...) \
	do { \
		SCOPED_TRACE(#expression); \
		pools::forget_error(); \
		VMEM *vmem_got = (expression); \
		int vmem_errno = errno; \
		EXPECT_EQ(nullptr, vmem_got); \
		EXPECT_EQ(errnum, vmem_errno) << vmem_errormsg(); \
		pools::expect_sentence({ __VA_ARGS__ }); \
	} while (0)

/* That EXPRESSION, an allocation, gives NULL with ERRNUM and no sentence. */
#define VMEM_NO_BLOCK(expression, errnum) \
	do { \
		SCOPED_TRACE(#expression); \
		pools::forget_error(); \
		std::string vmem_text = vmem_errormsg(); \
		void *vmem_got = (expression); \
		int vmem_errno = errno; \
		EXPECT_EQ(nullptr, vmem_got); \
		EXPECT_EQ(errnum, vmem_errno); \
		EXPECT_EQ(vmem_text, vmem_errormsg()); \
	} while (0)

#endif /* TEST_VMEM_VMEM_TEST_H */
