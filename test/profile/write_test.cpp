/* SPDX-License-Identifier: BSD-2-Clause */
/* What is written is what is read, and a file has its name when it is whole. */
#include "profile_test.h"

#include <sys/stat.h>

namespace {

class Written : public InFolder {};

void
expect_same_site(const struct profile &a, const struct profile_site &x,
    const struct profile_site &y)
{
	ASSERT_EQ(x.frame_count, y.frame_count);
	for (size_t i = 0; i < x.frame_count; i++) {
		EXPECT_EQ(x.frames[i].module, y.frames[i].module);
		EXPECT_EQ(x.frames[i].offset, y.frames[i].offset);
		EXPECT_STREQ(x.frames[i].function, y.frames[i].function);
		EXPECT_STREQ(x.frames[i].file, y.frames[i].file);
		EXPECT_EQ(x.frames[i].line, y.frames[i].line);
	}
	EXPECT_STREQ(x.kind, y.kind);
	EXPECT_EQ(x.blocks, y.blocks);
	EXPECT_EQ(x.bytes, y.bytes);
	EXPECT_EQ(x.peak, y.peak);
	EXPECT_EQ(x.lifetime, y.lifetime);
	EXPECT_EQ(x.threads, y.threads);
	EXPECT_EQ(x.accesses, y.accesses);
	EXPECT_EQ(memcmp(x.size, y.size, sizeof(x.size)), 0);
	EXPECT_EQ(memcmp(x.live, y.live, a.snapshots * sizeof(*x.live)), 0);
}

void
expect_same(const struct profile &a, const struct profile &b)
{
	EXPECT_STREQ(a.program, b.program);
	EXPECT_STREQ(a.sampler, b.sampler);
	EXPECT_STREQ(a.access_unit, b.access_unit);
	EXPECT_EQ(a.processes, b.processes);
	EXPECT_EQ(a.start, b.start);
	EXPECT_EQ(a.duration, b.duration);
	ASSERT_EQ(a.snapshots, b.snapshots);
	for (size_t i = 0; i < a.snapshots; i++)
		EXPECT_EQ(a.snapshot_time[i], b.snapshot_time[i]);
	ASSERT_EQ(a.module_count, b.module_count);
	for (size_t i = 0; i < a.module_count; i++) {
		EXPECT_STREQ(a.modules[i].path, b.modules[i].path);
		EXPECT_EQ(
		    memcmp(a.modules[i].build_id, b.modules[i].build_id, 20),
		    0);
		EXPECT_EQ(
		    a.modules[i].build_id_size, b.modules[i].build_id_size);
	}
	ASSERT_EQ(a.site_count, b.site_count);
	for (size_t i = 0; i < a.site_count; i++)
		expect_same_site(a, *a.sites[i], *b.sites[i]);
}

TEST_F(Written, IsWhatIsRead)
{
	Profile before = small_profile();

	ASSERT_EQ(profile_write(before.get(), path("a").c_str()), 0)
	    << error_text();
	EXPECT_EQ(files(), 1u);
	Profile after = own(profile_read(path("a").c_str()));

	ASSERT_NE(after, nullptr) << error_text();
	expect_same(*before, *after);
}

TEST_F(Written, ProfileOfNothingIsRead)
{
	Profile before = own(profile_new());

	ASSERT_EQ(profile_write(before.get(), path("a").c_str()), 0);
	Profile after = own(profile_read(path("a").c_str()));

	ASSERT_NE(after, nullptr) << error_text();
	EXPECT_EQ(after->site_count, 0u);
}

TEST_F(Written, ManySitesAndSnapshots)
{
	Profile before = own(profile_new());

	before->processes = 1;
	profile_module(before.get(), "a", "", 0);
	profile_set_snapshots(before.get(), 200);
	for (size_t i = 0; i < 200; i++)
		before->snapshot_time[i] = i * i;
	for (size_t i = 0; i < 300; i++) {
		struct profile_frame frame = frame_at(i * 16);
		struct profile_site *site = profile_site(
		    before.get(), &frame, 1, nullptr);

		site->bytes = site->blocks = i + 1;
		for (size_t j = 0; j < 200; j++)
			site->live[j] = i * j + 1;
	}
	ASSERT_EQ(profile_write(before.get(), path("a").c_str()), 0);
	Profile after = own(profile_read(path("a").c_str()));

	ASSERT_NE(after, nullptr) << error_text();
	expect_same(*before, *after);
}

/* A clock of milliseconds has many in one. */
TEST_F(Written, SnapshotsOfOneMomentStaySeveral)
{
	Profile before = small_profile();

	before->snapshot_time[1] = before->snapshot_time[0];
	before->processes = 2;
	before->sites[0]->one[1] = 1 << 20;
	ASSERT_EQ(profile_write(before.get(), path("a").c_str()), 0);
	Profile after = own(profile_read(path("a").c_str()));

	ASSERT_NE(after, nullptr) << error_text();
	ASSERT_EQ(after->snapshots, 3u);
	EXPECT_EQ(after->sites[0]->live[0], before->sites[0]->live[0]);
	EXPECT_EQ(after->sites[0]->live[1], before->sites[0]->live[1]);
	EXPECT_EQ(profile_of_one(after.get(), after->sites[0], 1), 1u << 20);
}

TEST_F(Written, ReplacesAFileAndKeepsItsRights)
{
	Profile profile = small_profile();
	struct stat status;

	fill(path("a"), "what was there");
	chmod(path("a").c_str(), 0640);
	ASSERT_EQ(profile_write(profile.get(), path("a").c_str()), 0);
	ASSERT_EQ(stat(path("a").c_str(), &status), 0);
	EXPECT_EQ(status.st_mode & 07777, 0640u);
	EXPECT_EQ(files(), 1u);
	EXPECT_NE(own(profile_read(path("a").c_str())), nullptr);
}

TEST_F(Written, FollowsALink)
{
	Profile profile = small_profile();

	fill(path("real"), "");
	ASSERT_EQ(symlink("real", path("link").c_str()), 0);
	ASSERT_EQ(profile_write(profile.get(), path("link").c_str()), 0);
	EXPECT_TRUE(std::filesystem::is_symlink(path("link")));
	EXPECT_GT(std::filesystem::file_size(path("real")), 100u);
}

TEST_F(Written, FullDiskIsALineAndLeavesWhatWasThere)
{
	Profile profile = small_profile();

	EXPECT_EQ(profile_write(profile.get(), "/dev/full"), -1);
	EXPECT_STREQ(
	    error_text(), "cannot write /dev/full: No space left on device");
	EXPECT_EQ(profile_write(profile.get(), path("no/a").c_str()), -1);
	EXPECT_EQ(error_text(),
	    "cannot write " + path("no/a") + ": No such file or directory");
	EXPECT_EQ(profile_write(profile.get(), folder.c_str()), -1);
	EXPECT_EQ(errno, EISDIR);
	EXPECT_EQ(files(), 0u);
}

/* The site with all of its values, as pprof itself has read them. */
TEST_F(Written, IsOpenedByPprof)
{
	Profile profile = small_profile();
	const std::string raw = path("raw");

	if (system("go tool pprof -h >/dev/null 2>&1") / 256 > 2)
		GTEST_SKIP() << "go is not installed";
	ASSERT_EQ(profile_write(profile.get(), path("a").c_str()), 0);
	ASSERT_EQ(
	    system(("go tool pprof -raw " + path("a") + " >" + raw + " 2>&1")
		       .c_str()),
	    0)
	    << content(raw);
	EXPECT_NE(content(raw).find(
		      "3    3145728    2097152    2097152        777          "
		      "2  123456789          0"),
	    std::string::npos)
	    << content(raw);
	EXPECT_NE(content(raw).find("make solver.c:12"), std::string::npos)
	    << content(raw);
}

TEST_F(Written, TextIsWholeOrNotThere)
{
	fill(path("a"), "old");
	ASSERT_EQ(whole_file_write(path("a").c_str(), "new", 3), 0);
	EXPECT_EQ(content(path("a")), "new");
	EXPECT_EQ(whole_file_write("/dev/full", "new", 3), -1);
	EXPECT_EQ(errno, ENOSPC);
}

} // namespace
