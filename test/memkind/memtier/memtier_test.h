/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memtier_test.h - memories, builders and kinds as C++ objects.
 */
#ifndef TEST_MEMKIND_MEMTIER_TEST_H
#define TEST_MEMKIND_MEMTIER_TEST_H

#include <gtest/gtest.h>
#include <memkind_memtier.h>

#include <cerrno>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../../lib/engine_kind.h"
#include "../../lib/engine_space.h"

constexpr size_t KIB = 1 << 10, MIB = 1 << 20;

struct DeleteBuilder {
	void
	operator()(memtier_builder *builder) const
	{
		memtier_builder_delete(builder);
	}
};
using Builder = std::unique_ptr<memtier_builder, DeleteBuilder>;

struct DeleteMemory {
	void
	operator()(memtier_memory *memory) const
	{
		memtier_delete_memtier_memory(memory);
	}
};
using Memory = std::unique_ptr<memtier_memory, DeleteMemory>;

using Tiers = std::initializer_list<std::pair<memkind_t, unsigned>>;

inline Builder
make_builder(memtier_policy_t policy, Tiers tiers)
{
	Builder builder(memtier_builder_new(policy));

	for (const auto &tier : tiers)
		EXPECT_EQ(0,
		    memtier_builder_add_tier(
			builder.get(), tier.first, tier.second));
	return builder;
}

inline Memory
construct(const Builder &builder)
{
	return Memory(memtier_builder_construct_memtier_memory(builder.get()));
}

inline Memory
static_memory(Tiers tiers)
{
	return construct(make_builder(MEMTIER_POLICY_STATIC_RATIO, tiers));
}

inline Builder
dynamic_builder(Tiers tiers)
{
	return make_builder(MEMTIER_POLICY_DYNAMIC_THRESHOLD, tiers);
}

/* Sets policy.dynamic_threshold.NAME. */
template <class T>
int
set(const Builder &builder, const std::string &name, T value)
{
	return memtier_ctl_set(builder.get(),
	    ("policy.dynamic_threshold." + name).c_str(), &value);
}

template <class T>
void
must_set(const Builder &builder, const std::string &name, T value)
{
	EXPECT_EQ(0, set(builder, name, value)) << name;
}

/* A kind of the test's own, so that its account begins at zero. */
class OwnKind {
public:
	explicit OwnKind(size_t bytes = 0)
	{
		const std::string path = engine::place(64 * MIB);
		EXPECT_EQ(0, memkind_create_pmem(path.c_str(), bytes, &kind_));
	}
	~OwnKind()
	{
		if (kind_)
			memkind_destroy_kind(kind_);
	}
	OwnKind(const OwnKind &) = delete;
	OwnKind &operator=(const OwnKind &) = delete;
	operator memkind_t() const { return kind_; }
	memkind_t
	release()
	{
		return std::exchange(kind_, nullptr);
	}

private:
	memkind_t kind_ = nullptr;
};

/* Blocks that are freed with the object. */
class Blocks {
public:
	~Blocks()
	{
		for (void *block : blocks_)
			memtier_free(block);
	}
	void *
	keep(void *block)
	{
		EXPECT_NE(nullptr, block);
		blocks_.push_back(block);
		return block;
	}

private:
	std::vector<void *> blocks_;
};

inline size_t
allocated(memkind_t kind)
{
	return memtier_kind_allocated_size(kind);
}

/* The kind that a block of SIZE bytes comes from now; one call. */
inline memkind_t
next_kind(const Memory &memory, size_t size)
{
	void *block = memtier_malloc(memory.get(), size);
	memkind_t kind = memkind_detect_kind(block);

	memtier_free(block);
	return kind;
}

#endif /* TEST_MEMKIND_MEMTIER_TEST_H */
