/* SPDX-License-Identifier: BSD-2-Clause */
/* vmem_test.cpp - see vmem_test.h. */
#include "vmem_test.h"

#include <csignal>

namespace pools {

using engine::Ending;

void
DeletePool::operator()(VMEM *pool) const
{
	errno = 0;
	vmem_delete(pool);
	EXPECT_EQ(0, errno) << vmem_errormsg();
}

Pool
make_pool(const std::string &directory, size_t size)
{
	Pool pool(vmem_create(directory.c_str(), size));
	EXPECT_NE(nullptr, pool.get())
	    << directory << ": " << strerror(errno) << ": " << vmem_errormsg();
	return pool;
}

Pool
make_pool(const engine::Region &region)
{
	Pool pool(vmem_create_in_region(region.start(), region.size()));
	EXPECT_NE(nullptr, pool.get())
	    << strerror(errno) << ": " << vmem_errormsg();
	return pool;
}

char *
start_of(VMEM *pool)
{
	return reinterpret_cast<char *>(pool);
}

char *
start_of(const Pool &pool)
{
	return start_of(pool.get());
}

bool
lies_in(const void *block, size_t bytes, const void *start, size_t room)
{
	uintptr_t at = reinterpret_cast<uintptr_t>(block);
	uintptr_t from = reinterpret_cast<uintptr_t>(start);
	return at >= from && bytes <= room && at - from <= room - bytes;
}

void *(*const WAYS_TO_A_BLOCK[7])(VMEM *) = {
	[](VMEM *pool) { return vmem_malloc(pool, 8); },
	[](VMEM *pool) { return vmem_malloc(pool, engine::MIB); },
	[](VMEM *pool) { return vmem_calloc(pool, 3, 8); },
	[](VMEM *pool) { return vmem_realloc(pool, nullptr, 8); },
	[](VMEM *pool) { return vmem_aligned_alloc(pool, 64, 8); },
	[](VMEM *pool) { return (void *)vmem_strdup(pool, "a"); },
	[](VMEM *pool) { return (void *)vmem_wcsdup(pool, L"a"); },
};

void
forget_error()
{
	vmem_check_version(4711, 0);
	errno = 0;
}

void
expect_sentence(std::initializer_list<std::string> words)
{
	std::string text = vmem_errormsg();
	EXPECT_EQ(std::string::npos, text.find("4711")) << "no new text";
	EXPECT_NE("", text);
	EXPECT_EQ(std::string::npos, text.find('\n')) << text;
	for (const std::string &word : words)
		EXPECT_NE(std::string::npos, text.find(word))
		    << "\"" << text << "\" does not name \"" << word << "\"";
}

int
signal_on_touch(const void *addr)
{
	Ending ending = engine::run_in_child(10, [&] {
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		(void)*static_cast<const volatile char *>(addr);
		_exit(0);
	});
	EXPECT_NE(Ending::TimedOut, ending.how);
	return ending.how == Ending::Signalled ? ending.code : 0;
}

std::string
too_small(size_t size)
{
	return "size " + std::to_string(size) + " smaller than 14680064";
}

bool
Blocks::lie_in(const void *start, size_t room) const
{
	for (Link *link = first_; link; link = link->next)
		if (!lies_in(link, size_, start, room))
			return false;
	return true;
}

void
expect_filled(VMEM *pool, size_t room, size_t size)
{
	Blocks blocks;
	size_t count = blocks.fill(pool, size);
	EXPECT_GE(count, engine::nearly_all(room, size))
	    << count * size * 100.0 / room << " % of " << room
	    << " bytes in blocks of " << size;
	EXPECT_EQ(count, blocks.free_all(pool)) << "a block was changed";
}

void
EveryPool::SetUp()
{
	if (std::string(GetParam()) == "directory") {
		std::string directory = engine::place(VMEM_MIN_POOL);
		if (directory.empty())
			GTEST_SKIP() << "no directory with 14 MiB to spare";
		pool_ = make_pool(directory);
		room_ = VMEM_MIN_POOL;
	} else {
		region_.reset(new engine::Region(VMEM_MIN_POOL, true));
		pool_ = make_pool(*region_);
		room_ = VMEM_MIN_POOL - PAGE;
	}
	ASSERT_NE(nullptr, pool());
}

} // namespace pools
