/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_test.h - sources opened from a text, for the length of a test.
 */
#ifndef TEST_SOURCE_SOURCE_TEST_H
#define TEST_SOURCE_SOURCE_TEST_H

#include <sys/syscall.h>

#include "../os/os_test.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
extern "C" {
#include "base/error.h"
#include "os/os_fault.h"
#include "source/source.h"
#include "source_glue.h"
}
#pragma GCC diagnostic pop

/* Memory of the test's own, full of 0xa5. */
class Region {
public:
	explicit Region(size_t size) : bytes(size)
	{
		void *addr;

		EXPECT_EQ(os_reserve(bytes, PAGE_BYTES, &addr), 0);
		EXPECT_EQ(os_make_usable(addr, bytes), 0);
		start = static_cast<char *>(memset(addr, 0xa5, bytes));
	}
	~Region() { os_unreserve(start, bytes); }
	Region(const Region &) = delete;
	Region &operator=(const Region &) = delete;

	char *start;
	const size_t bytes;
};

static inline struct spec
parsed(const std::string &text)
{
	struct spec spec;

	EXPECT_EQ(spec_parse(text.c_str(), &spec), 0) << error_text();
	return spec;
}

/* An open source; null where it could not be opened. */
class Source {
public:
	explicit Source(const std::string &text, void *owner = nullptr)
	    : Source(parsed(text), nullptr, owner)
	{
	}
	explicit Source(const Region &region, const char *options = nullptr,
	    void *owner = nullptr)
	    : Source(region_spec(region, options), region.start, owner)
	{
	}
	Source(const struct spec &spec, void *region, void *owner)
	    : source(source_open(&spec, region, owner, nullptr))
	{
	}
	~Source() { close(); }
	Source(const Source &) = delete;
	Source &operator=(const Source &) = delete;

	void
	close()
	{
		if (source == nullptr)
			return;
		EXPECT_EQ(source_check(source), 0) << error_text();
		source_close(source);
		source = nullptr;
	}
	operator struct source *() const { return source; }

	/* A span; WAS_ZERO tells what the source says of its content. */
	char *
	span(size_t bytes, size_t alignment = PAGE_BYTES,
	    bool *was_zero = nullptr)
	{
		bool zero = false;
		void *addr = source_alloc(
		    source, nullptr, bytes, alignment, &zero);

		if (was_zero != nullptr)
			*was_zero = zero;
		return static_cast<char *>(addr);
	}
	char *
	zeroed(size_t bytes)
	{
		bool zero = true;

		return static_cast<char *>(
		    source_alloc(source, nullptr, bytes, PAGE_BYTES, &zero));
	}
	char *
	span_at(void *at, size_t bytes)
	{
		bool zero = false;

		return static_cast<char *>(
		    source_alloc(source, at, bytes, PAGE_BYTES, &zero));
	}
	void
	free(void *addr, size_t bytes)
	{
		source_free(source, addr, bytes);
	}

	struct source_stats
	stats(bool resident = false) const
	{
		struct source_stats stats;

		source_stats(source, &stats, resident);
		return stats;
	}
	size_t
	committed() const
	{
		return stats().committed;
	}

private:
	static struct spec
	region_spec(const Region &region, const char *options)
	{
		struct spec spec = {};

		spec.source = SPEC_REGION;
		spec.size = region.bytes;
		EXPECT_EQ(spec_parse_options(options, &spec), 0);
		return spec;
	}
	struct source *source;
};

/* The memory policy of an address: */
enum policy { UNKNOWN = -1, DEFAULT = 0, PREFERRED = 1, BIND = 2 };

/* As get_mempolicy(2) has it; PREFERRED for several preferred nodes, too. */
static inline int
policy_at(const void *addr)
{
	const unsigned long by_address = 2;
	unsigned long mask[16];
	int policy;

	if (syscall(SYS_get_mempolicy, &policy, mask, 1024, addr, by_address) !=
	    0)
		return UNKNOWN;
	policy &= ~(1 << 15); /* MPOL_F_STATIC_NODES */
	return policy == 5 ? PREFERRED : policy;
}

/* A file kind in memory: in /dev/shm, where nothing keeps a name. */
static inline std::string
in_shm(const std::string &options)
{
	return "file:/dev/shm," + options;
}

/* A tmpfs of BYTES that only this process sees, or a skipped test. */
#define SMALL_FILE_SYSTEM(directory, bytes) \
	Directory directory; \
	if (!(directory).mount_here( \
		"tmpfs", ("size=" + std::to_string(bytes)).c_str())) \
	GTEST_SKIP() << "may not mount a file system here"

/* Takes all that is left of the file system of DIRECTORY. */
static inline void
use_up(const Directory &directory)
{
	std::string name = directory.file("filler");
	std::vector<char> page(PAGE_BYTES, 'x');
	int fd = open(name.c_str(), O_WRONLY);

	while (write(fd, page.data(), page.size()) > 0)
		continue;
	close(fd);
}

/* Tests of sources by their texts, of those that this machine has. */
class SourcesOfTexts : public testing::TestWithParam<const char *> {
protected:
	void
	SetUp() override
	{
		errno = 0;
		if (!Source(GetParam()))
			GTEST_SKIP() << error_text();
	}
};

#endif /* TEST_SOURCE_SOURCE_TEST_H */
