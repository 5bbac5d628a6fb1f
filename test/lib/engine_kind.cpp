/* SPDX-License-Identifier: BSD-2-Clause */
/* engine_kind.cpp - see engine_kind.h. */
#include "engine_kind.h"

#include <cerrno>
#include <cstring>

#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"
#include "engine_space.h"

namespace engine {

const size_t KIND_PAGE = PAGE_BYTES;

void
CloseKind::operator()(poolkind *kind) const
{
	EXPECT_EQ(0, poolkind_close(kind)) << poolkind_errormsg();
}

Kind
open_kind(const std::string &spec)
{
	Kind kind(poolkind_open(spec.c_str(), 0));
	EXPECT_NE(nullptr, kind.get())
	    << spec << ": " << strerror(errno) << ": " << poolkind_errormsg();
	return kind;
}

Region::Region(size_t bytes, bool filled, bool shared) : size_(bytes)
{
	void *addr = mmap(nullptr, bytes + KIND_PAGE, PROT_READ | PROT_WRITE,
	    (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS | MAP_NORESERVE,
	    -1, 0);
	if (addr == MAP_FAILED)
		throw std::bad_alloc();
	start_ = reinterpret_cast<char *>(
	    align_up(reinterpret_cast<uintptr_t>(addr), KIND_PAGE));
	size_t before = static_cast<size_t>(start_ - static_cast<char *>(addr));
	if (before != 0)
		munmap(addr, before);
	munmap(start_ + bytes, KIND_PAGE - before);
	if (filled)
		memset(start_, 0xa5, bytes);
}

Region::~Region()
{
	munmap(start_, size_);
}

Stats
stats_of(poolkind *kind)
{
	Stats stats;
	memset(&stats, 0xff, sizeof(stats));
	EXPECT_EQ(0, poolkind_get_stats(kind, &stats, sizeof(stats)))
	    << poolkind_errormsg();
	return stats;
}

size_t
bytes_there(const void *block)
{
	size_t bytes[1024], sum = 0;

	EXPECT_EQ(0, poolkind_block_nodes(block, bytes, 1024));
	for (size_t on_node : bytes)
		sum += on_node;
	return sum;
}

static unsigned char
shade(size_t at, unsigned seed)
{
	return static_cast<unsigned char>(at * 7 + seed * 31 + (at >> 8));
}

void
paint(void *block, size_t bytes, unsigned seed)
{
	volatile unsigned char *byte = static_cast<unsigned char *>(block);
	for (size_t i = 0; i < bytes; i++)
		byte[i] = shade(i, seed);
}

bool
painted(const void *block, size_t bytes, unsigned seed)
{
	const unsigned char *byte = static_cast<const unsigned char *>(block);
	for (size_t i = 0; i < bytes; i++)
		if (byte[i] != shade(i, seed))
			return false;
	return true;
}

bool
all_bytes_are(const void *block, size_t bytes, unsigned char value)
{
	const unsigned char *byte = static_cast<const unsigned char *>(block);
	return bytes == 0 ||
	    (byte[0] == value && memcmp(byte, byte + 1, bytes - 1) == 0);
}

void *
unknown(void *ptr)
{
	__asm__ volatile("" : "+r"(ptr));
	return ptr;
}

size_t
Links::take(const Allocate &allocate, size_t size, size_t most)
{
	size_t before = count_;
	size_ = size;
	while (count_ - before < most) {
		errno = 0;
		char *block = static_cast<char *>(allocate(size));
		if (!block) {
			EXPECT_EQ(ENOMEM, errno);
			break;
		}
		Link *link = reinterpret_cast<Link *>(block);
		if (size > sizeof(Link))
			block[size - 1] = 0x5a;
		link->next = first_;
		first_ = link;
		count_++;
	}
	return count_ - before;
}

size_t
Links::give_back(const Release &release)
{
	size_t intact = 0;
	while (first_) {
		char *block = reinterpret_cast<char *>(first_);
		intact += size_ <= sizeof(Link) || block[size_ - 1] == 0x5a;
		first_ = first_->next;
		release(block);
	}
	count_ = 0;
	return intact;
}

size_t
whole_pages(size_t size)
{
	return align_up(size, KIND_PAGE);
}

size_t
nearly_all(size_t room, size_t size)
{
	size_t whole = room / size;
	return (whole * 99 + 99) / 100;
}

void
EveryKind::SetUp()
{
	std::string source = GetParam();
	if (source == "dram") {
		kind_ = open_kind("dram");
	} else if (source == "limited") {
		kind_ = open_kind("dram,limit=128M");
	} else if (source == "nodes") {
		if (access("/sys/devices/system/node/node0", F_OK) != 0)
			GTEST_SKIP() << "this kernel has no NUMA nodes";
		kind_ = open_kind("nodes:0");
	} else if (source == "file") {
		std::string directory = place(64 * MIB);
		if (directory.empty())
			GTEST_SKIP() << "no directory with 64 MiB to spare";
		kind_ = open_kind("file:" + directory + ",size=128M");
	} else {
		region_.reset(new Region(128 * MIB));
		kind_.reset(poolkind_open_region(
		    region_->start(), region_->size(), nullptr, 0));
	}
	ASSERT_NE(nullptr, kind_.get()) << poolkind_errormsg();
}

std::string
param_name(const testing::TestParamInfo<const char *> &info)
{
	return info.param;
}

} // namespace engine
