/* SPDX-License-Identifier: BSD-2-Clause */
/* Several processes become one profile. */
#include "profile_test.h"

namespace {

TEST(Merged, SitesOfOneStackAreOne)
{
	Profile all = own(profile_new());

	for (int i = 0; i < 2; i++) {
		Profile one = small_profile();

		ASSERT_EQ(profile_merge(all.get(), one.get()), 0);
	}
	EXPECT_EQ(all->processes, 2u);
	EXPECT_STREQ(all->sampler, "dhat");
	ASSERT_EQ(all->site_count, 2u);
	EXPECT_EQ(all->module_count, 1u);
	EXPECT_EQ(all->sites[0]->bytes, 6u << 20);
	EXPECT_EQ(all->sites[0]->accesses, 2 * 123456789u);
	EXPECT_EQ(all->sites[0]->size[20].blocks, 6u);
	ASSERT_EQ(all->snapshots, 3u);
	EXPECT_EQ(all->sites[0]->live[1], 4u << 20);
	EXPECT_EQ(profile_of_one(all.get(), all->sites[0], 1), 2u << 20);
	EXPECT_EQ(all->sites[1]->live[2], 10000u);
}

TEST(Merged, FilesOfOneBuildIdAreOneModule)
{
	Profile all = own(profile_new()), one = small_profile();

	profile_module(all.get(), "/elsewhere/solver", "\1\2\3\xab", 4);
	ASSERT_EQ(profile_merge(all.get(), one.get()), 0);
	EXPECT_EQ(all->module_count, 1u);
	EXPECT_EQ(profile_module(all.get(), "/usr/bin/solver", "", 0), 1u);
}

/* One starts 1500 ns later, and ends 5000 ns after that. */
TEST(Merged, WhatLivedAtOneTimeIsAdded)
{
	Profile all = own(profile_new()), one = small_profile(),
		two = small_profile();
	const uint64_t times[] = { 1000, 2000, 2500, 3000, 3500, 4500 };
	const uint64_t mib = 1 << 20;
	const uint64_t live[] = { mib, 2 * mib, 3 * mib, mib, 2 * mib, 0 };

	two->start += 1500;
	ASSERT_EQ(profile_merge(all.get(), two.get()), 0);
	ASSERT_EQ(profile_merge(all.get(), one.get()), 0);
	EXPECT_EQ(all->start, 1700000000000000000u);
	EXPECT_EQ(all->duration, 6500u);
	ASSERT_EQ(all->snapshots, 6u);
	for (size_t i = 0; i < 6; i++) {
		EXPECT_EQ(all->snapshot_time[i], times[i]) << i;
		EXPECT_EQ(all->sites[0]->live[i], live[i]) << i;
		EXPECT_EQ(profile_of_one(all.get(), all->sites[0], i),
		    live[i] < 3 * mib ? live[i] : 2 * mib)
		    << i;
	}
	EXPECT_EQ(profile_peak_snapshot(all.get()), 2u);
}

/* Two that ran one after the other never had both. */
TEST(Merged, WhatEndedDoesNotLiveOn)
{
	Profile all = own(profile_new()), one = small_profile(),
		two = small_profile();

	two->start += 10000;
	ASSERT_EQ(profile_merge(all.get(), one.get()), 0);
	ASSERT_EQ(profile_merge(all.get(), two.get()), 0);
	ASSERT_EQ(all->snapshots, 6u);
	EXPECT_EQ(profile_live(all.get(), 2), 5000u);
	EXPECT_EQ(profile_live(all.get(), 3), 1u << 20);
}

/* A job of many ranks has no more snapshots than one may have. */
TEST(Merged, SnapshotsStayFew)
{
	Profile all = own(profile_new());

	for (uint64_t i = 0; i < 200; i++) {
		Profile one = small_profile();

		one->start += i;
		ASSERT_EQ(profile_merge(all.get(), one.get()), 0);
	}
	EXPECT_LE(all->snapshots, (size_t)PROFILE_SNAPSHOTS);
	EXPECT_EQ(profile_live(all.get(), profile_peak_snapshot(all.get())),
	    200 * ((2u << 20) + 5000));
}

} // namespace
