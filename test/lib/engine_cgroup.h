/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine_cgroup.h - a memory cgroup with a limit, for a child to run in.
 */
#ifndef TEST_LIB_ENGINE_CGROUP_H
#define TEST_LIB_ENGINE_CGROUP_H

#include <cstddef>
#include <string>

namespace engine {

/* A cgroup right below the root of its hierarchy, of version 1 or 2, without
 * swap. It goes with the object, when nobody is in it any more. */
class MemoryCgroup {
public:
	explicit MemoryCgroup(size_t limit);
	~MemoryCgroup();
	MemoryCgroup(const MemoryCgroup &) = delete;
	MemoryCgroup &operator=(const MemoryCgroup &) = delete;

	/* Why there is none; "" where there is. */
	const std::string &
	why_not() const
	{
		return why_not_;
	}
	/* As /proc/self/cgroup has it. */
	const std::string &
	name() const
	{
		return name_;
	}
	/* Takes the calling process in. */
	bool enter() const;
	/* Bytes that count for it; processes in it that the kernel ended. */
	size_t usage() const;
	size_t kills() const;

private:
	std::string path_, name_, why_not_;
	bool v2_;
};

} // namespace engine

/* Of MIB mebibytes, ten times as many in builds with a sanitizer; or skips. */
#define ENGINE_CGROUP_OR_SKIP(var, mib) \
	engine::MemoryCgroup var( \
	    (size_t)(mib) * (engine::slowness() > 1 ? 10 : 1) << 20); \
	if (!var.why_not().empty()) \
	GTEST_SKIP() << "no memory cgroup of its own: " << var.why_not()

#endif /* TEST_LIB_ENGINE_CGROUP_H */
