/* SPDX-License-Identifier: BSD-2-Clause */
/* What is chosen, against all that could be. */
#include "profile_test.h"

#include <algorithm>
#include <random>

extern "C" {
#include "profile/placement.h"
}

namespace {

/* Things with what they need at each moment. */
class Things {
public:
	Things(unsigned seed, size_t count, size_t moments, unsigned memories)
	    : needs(count, std::vector<uint64_t>(moments)), memory(count)
	{
		std::mt19937 random(seed);

		placement.memories = memories;
		for (unsigned i = 0; i < memories; i++) {
			placement.room[i] = 50 + random() % 200;
			placement.gain[i] = 1.0 / (1 + i);
		}
		for (auto &need : needs) {
			uint64_t size = 1 + random() % 100;
			size_t from = random() % moments;

			for (size_t i = from; i < moments; i++)
				need[i] = random() % 4 == 0 ? 0 : size;
			things.push_back({ need.data(),
			    *std::max_element(need.begin(), need.end()),
			    (double)(random() % 1000) });
		}
		placement.things = things.data();
		placement.count = count;
		placement.moments = moments;
		placement.memory = memory.data();
	}

	bool
	fits(const std::vector<int> &where) const
	{
		for (int m = 0; m < (int)placement.memories; m++)
			for (size_t t = 0; t < placement.moments; t++) {
				uint64_t used = 0;

				for (size_t i = 0; i < needs.size(); i++)
					if (where[i] == m)
						used += needs[i][t];
				if (used > placement.room[m])
					return false;
			}
		return true;
	}

	/* The most of all placements of the things from number AT on. */
	double
	best(std::vector<int> &where, size_t at = 0) const
	{
		double most = 0;

		if (!fits(where))
			return -1;
		if (at == where.size()) {
			for (size_t i = 0; i < where.size(); i++)
				if (where[i] >= 0)
					most += things[i].value *
					    placement.gain[where[i]];
			return most;
		}
		for (int m = -1; m < (int)placement.memories; m++) {
			where[at] = m;
			most = std::max(most, best(where, at + 1));
		}
		where[at] = -1;
		return most;
	}

	std::vector<std::vector<uint64_t>> needs;
	std::vector<struct placement_thing> things;
	std::vector<int> memory;
	struct placement placement = {};
};

TEST(Placement, OfFewThingsIsTheBest)
{
	for (unsigned seed = 0; seed < 200; seed++) {
		Things all(seed, 2 + seed % 9, 1 + seed % 5, 1 + seed % 2);
		std::vector<int> none(all.memory.size(), -1);

		ASSERT_EQ(placement_find(&all.placement), 0);
		EXPECT_TRUE(all.fits(all.memory)) << seed;
		EXPECT_NEAR(
		    placement_value(&all.placement), all.best(none), 1e-6)
		    << seed;
	}
}

TEST(Placement, OfManyThingsFitsAtEveryMoment)
{
	for (unsigned seed = 0; seed < 5; seed++) {
		Things all(seed, 300, 40, 2);

		ASSERT_EQ(placement_find(&all.placement), 0);
		EXPECT_TRUE(all.fits(all.memory)) << seed;
		EXPECT_GT(placement_value(&all.placement), 0) << seed;
	}
}

/* Two that never live at once have the same memory, and one more has not. */
TEST(Placement, IsByWhatLivesAtOneTime)
{
	const uint64_t first[] = { 10, 0 }, second[] = { 0, 10 };
	const uint64_t both[] = { 1, 1 };
	const struct placement_thing things[] = { { first, 10, 5 },
		{ second, 10, 5 }, { both, 1, 9 } };
	int memory[3];
	struct placement placement = {};

	placement.things = things;
	placement.count = 3;
	placement.moments = 2;
	placement.memories = 1;
	placement.room[0] = 10;
	placement.gain[0] = 1;
	placement.memory = memory;
	ASSERT_EQ(placement_find(&placement), 0);
	EXPECT_EQ(memory[0], 0);
	EXPECT_EQ(memory[1], 0);
	EXPECT_EQ(memory[2], -1);
}

} // namespace
