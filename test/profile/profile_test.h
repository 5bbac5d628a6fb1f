/* SPDX-License-Identifier: BSD-2-Clause */
/* profile_test.h - what the tests of src/profile share. */
#ifndef TEST_PROFILE_PROFILE_TEST_H
#define TEST_PROFILE_PROFILE_TEST_H

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

extern "C" {
#include "base/error.h"
#include "file/whole_file.h"
#include "profile/profile.h"
}

using Profile = std::unique_ptr<struct profile, void (*)(struct profile *)>;

inline Profile
own(struct profile *profile)
{
	return Profile(profile, profile_free);
}

/* A frame in module 0. */
inline struct profile_frame
frame_at(uint64_t offset, const char *function = nullptr,
    const char *file = nullptr, unsigned line = 0)
{
	struct profile_frame frame = {};

	frame.offset = offset;
	frame.function = function;
	frame.file = file;
	frame.line = line;
	return frame;
}

/* Two sites, three snapshots. */
inline Profile
small_profile()
{
	Profile profile = own(profile_new());
	const uint8_t id[4] = { 1, 2, 3, 0xab };

	profile->program = profile_text(profile.get(), "./solver input");
	profile->sampler = profile_text(profile.get(), "dhat");
	profile->access_unit = profile_text(profile.get(), "bytes");
	profile->processes = 1;
	profile->start = 1700000000000000000;
	profile->duration = 5000;
	profile_module(profile.get(), "/usr/bin/solver", id, sizeof(id));
	profile_set_snapshots(profile.get(), 3);
	for (size_t i = 0; i < 3; i++)
		profile->snapshot_time[i] = 1000 * (i + 1);

	struct profile_frame frames[] = {
		frame_at(0x1234, "make", "solver.c", 12),
		frame_at(0x2345, "main", "solver.c", 99),
	};
	struct profile_site *hot = profile_site(
	    profile.get(), frames, 2, "fast");

	hot->blocks = 3;
	hot->bytes = 3 << 20;
	hot->peak = 2 << 20;
	hot->lifetime = 777;
	hot->threads = 2;
	hot->accesses = 123456789;
	hot->size[20] = { 3, 3 << 20, 2 << 20, 123456789 };
	hot->live[0] = 1 << 20;
	hot->live[1] = 2 << 20;
	struct profile_site *cold = profile_site(
	    profile.get(), frames + 1, 1, nullptr);

	cold->blocks = 1;
	cold->bytes = cold->peak = 5000;
	cold->live[1] = cold->live[2] = 5000;
	return profile;
}

/* A folder of its own for each test. */
class InFolder : public ::testing::Test {
protected:
	void
	SetUp() override
	{
		char name[] = "/tmp/profile_test.XXXXXX";

		folder = mkdtemp(name);
	}
	void
	TearDown() override
	{
		std::filesystem::remove_all(folder);
	}
	std::string
	path(const char *name) const
	{
		return folder + "/" + name;
	}
	static std::string
	content(const std::string &path)
	{
		std::ifstream file(path, std::ios::binary);

		return { std::istreambuf_iterator<char>(file), {} };
	}
	static void
	fill(const std::string &path, const std::string &content)
	{
		std::ofstream(path, std::ios::binary) << content;
	}
	size_t
	files() const
	{
		std::filesystem::directory_iterator all(folder);

		return (size_t)std::distance(begin(all), end(all));
	}

	std::string folder;
};

#endif /* TEST_PROFILE_PROFILE_TEST_H */
