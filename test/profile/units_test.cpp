/* SPDX-License-Identifier: BSD-2-Clause */
/* What rules can tell apart. */
#include "profile_test.h"

#include <map>

extern "C" {
#include "profile/place.h"
#include "profile/units.h"
}

namespace {

class Units : public ::testing::Test {
protected:
	void
	SetUp() override
	{
		profile_module(profile.get(), "/usr/bin/solver", "", 0);
		profile_set_snapshots(profile.get(), 1);
	}
	void
	TearDown() override
	{
		units_free(&units);
	}
	struct profile_site *
	site(std::vector<struct profile_frame> frames, uint64_t bytes,
	    uint64_t accesses)
	{
		struct profile_site *made = profile_site(
		    profile.get(), frames.data(), frames.size(), nullptr);

		made->blocks = 1;
		made->bytes = made->peak = made->live[0] = bytes;
		made->accesses = accesses;
		made->size[profile_size_class(bytes)] = { 1, bytes, bytes,
			accesses };
		return made;
	}
	/* Condition, and "LOW..HIGH" where it has sizes, to accesses. */
	std::map<std::string, uint64_t>
	find()
	{
		std::map<std::string, uint64_t> all;

		EXPECT_EQ(units_find(&units, profile.get()), 0);
		for (size_t i = 0; i < units.count; i++) {
			const struct unit &unit = units.list[i];
			std::string text = unit.condition != nullptr ?
			    unit.condition :
			    "?";

			if (unit.is_sized)
				text += " " + std::to_string(unit.low) + ".." +
				    std::to_string(unit.high);
			if (unit.site_count > 0)
				all[text] += unit.accesses;
		}
		return all;
	}
	using All = std::map<std::string, uint64_t>;

	Profile profile = own(profile_new());
	struct units units = {};
};

TEST_F(Units, LineWhereItIsKnownElseOffset)
{
	site({ frame_at(0x10, "a", "/src/one.c", 5) }, 4096, 10);
	site({ frame_at(0x20, "b") }, 4096, 20);
	EXPECT_EQ(find(),
	    (All{ { "site one.c:5", 10 }, { "site solver+0x20", 20 } }));
}

TEST_F(Units, StacksOfOnePlaceAreTogether)
{
	site({ frame_at(0x10, "a", "one.c", 5), frame_at(0x30, "x") }, 100, 10);
	site({ frame_at(0x10, "a", "one.c", 5), frame_at(0x40, "y") }, 100, 12);
	EXPECT_EQ(find(), (All{ { "site one.c:5", 22 } }));
	EXPECT_EQ(units.list[0].peak, 200u);
}

TEST_F(Units, TwoCallsOnALineAreOffsets)
{
	site({ frame_at(0x10, "a", "one.c", 5) }, 4096, 10);
	site({ frame_at(0x20, "a", "one.c", 5) }, 4096, 20);
	EXPECT_EQ(find(),
	    (All{ { "site solver+0x10", 10 }, { "site solver+0x20", 20 } }));
}

/* A header's line is everybody's; that of who called it inline is not. */
TEST_F(Units, LineOfTheCallerOfAnInlineFunction)
{
	site({ frame_at(0x10, "allocate", "alloc.h", 9),
		 frame_at(0x10, "a", "one.cpp", 5) },
	    4096, 10);
	site({ frame_at(0x20, "allocate", "alloc.h", 9),
		 frame_at(0x20, "b", "one.cpp", 8) },
	    4096, 20);
	EXPECT_EQ(find(),
	    (All{ { "site one.cpp:5", 10 }, { "site one.cpp:8", 20 } }));
}

TEST_F(Units, OperatorNewIsNoSite)
{
	site({ frame_at(0x99, "operator new", "new.cc", 1),
		 frame_at(0x10, "a", "one.cpp", 5) },
	    4096, 10);
	EXPECT_EQ(find(), (All{ { "site one.cpp:5", 10 } }));
}

TEST_F(Units, FunctionWhereStacksDiffer)
{
	const auto make = frame_at(0x10, "make", "one.c", 5);

	site({ make, frame_at(0x30, "hot one"), frame_at(0x80, "main") }, 4096,
	    1000);
	site({ make, frame_at(0x40, "cold"), frame_at(0x90, "main") }, 4096, 1);
	EXPECT_EQ(find(),
	    (All{ { "function \"hot one\"", 1000 }, { "function cold", 1 } }));
}

/* As in a program without symbols, in which one function calls malloc for all
 * others. */
TEST_F(Units, CallsWhereNoFunctionIsKnown)
{
	const auto make = frame_at(0x10, nullptr);

	site({ make, frame_at(0x30, nullptr), frame_at(0x80, nullptr) }, 4096,
	    1000);
	site({ make, frame_at(0x40, nullptr), frame_at(0x80, nullptr) }, 4096,
	    1);
	EXPECT_EQ(find(),
	    (All{ { "function solver+0x30", 1000 },
		{ "function solver+0x40", 1 } }));
	EXPECT_STREQ(units.list[1].function, "solver+0x30");
}

/* One function that is called at two places. */
TEST_F(Units, CallsWhereFunctionsAreTheSame)
{
	const auto make = frame_at(0x10, "make", "one.c", 5);

	site({ make, frame_at(0x30, "twice") }, 4096, 1000);
	site({ make, frame_at(0x40, "twice") }, 4096, 1);
	EXPECT_EQ(find(),
	    (All{ { "function solver+0x30", 1000 },
		{ "function solver+0x40", 1 } }));
}

/* 0x30 is on two stacks, which differ further out; 0x99 is on others, too. */
TEST_F(Units, PartsHaveParts)
{
	const auto make = frame_at(0x10, nullptr);
	const auto both = frame_at(0x99, nullptr);

	site({ make, frame_at(0x30, nullptr), both }, 4096, 10);
	site({ make, frame_at(0x30, nullptr), frame_at(0x50, nullptr) }, 4096,
	    1000);
	site({ make, both }, 4096, 1);
	EXPECT_EQ(find(),
	    (All{ { "function solver+0x30", 10 },
		{ "function solver+0x50", 1000 }, { "site solver+0x10", 1 } }));
	for (size_t i = 0; i < units.count; i++)
		EXPECT_EQ(units.list[i].level,
		    units.list[i].accesses == 1000   ? 2u :
			units.list[i].accesses == 10 ? 1u :
						       0u);
}

/* Of stacks that are equally hot nothing is to be told apart. */
TEST_F(Units, CallsAreNotToldApartForNothing)
{
	const auto make = frame_at(0x10, nullptr);

	site({ make, frame_at(0x30, nullptr) }, 4096, 10);
	site({ make, frame_at(0x40, nullptr) }, 4096, 11);
	EXPECT_EQ(find(), (All{ { "site solver+0x10", 21 } }));
}

/* "both" is on the hot stack and the cold one. */
TEST_F(Units, RemainderWithoutAFunctionOfItsOwn)
{
	const auto make = frame_at(0x10, "make", "one.c", 5);
	const auto both = frame_at(0x30, "both");

	site({ make, frame_at(0x40, "only"), both }, 4096, 1000);
	site({ make, both }, 4096, 1);
	EXPECT_EQ(
	    find(), (All{ { "function only", 1000 }, { "site one.c:5", 1 } }));
	EXPECT_EQ(units.list[0].by, UNIT_REMAINDER);
}

/* Of main() there is more than what was recorded. */
TEST_F(Units, NoRuleIsAboutAllOfAProgram)
{
	const auto make = frame_at(0x10, "make", "one.c", 5);

	site({ make, frame_at(0x30, "hot"), frame_at(0x90, "_start") }, 4096,
	    1000);
	site({ make, frame_at(0x40, "main") }, 4096, 1);
	EXPECT_EQ(
	    find(), (All{ { "function hot", 1000 }, { "site one.c:5", 1 } }));
}

TEST_F(Units, SizesWhereTheyDiffer)
{
	struct profile_site *made = site(
	    { frame_at(0x10, "a", "one.c", 5) }, 4096, 10);

	made->size[20] = { 1, 1 << 20, 1 << 20, 100000000 };
	made->peak += 1 << 20;
	made->live[0] += 1 << 20;
	made->accesses += 100000000;
	made->size[12].peak = made->size[12].bytes = 1 << 18;
	EXPECT_EQ(find(),
	    (All{ { "site one.c:5 0..8191", 10 },
		{ "site one.c:5 8192.." + std::to_string(UINT64_MAX),
		    100000000 } }));
}

TEST_F(Units, NothingKnownIsNoRule)
{
	struct profile_frame frame = {};

	frame.module = PROFILE_NO_MODULE;
	frame.offset = 0x1234;
	site({ frame }, 4096, 10);
	site({}, 4096, 5);
	EXPECT_EQ(find(), (All{ { "?", 15 } }));
	EXPECT_EQ(units.list[0].by, UNIT_UNKNOWN);
}

/* As dhat has it of programs without debug information. */
TEST_F(Units, FunctionWhereNoLineAndNoModuleIsKnown)
{
	struct profile_frame frames[] = { frame_at(0x10, "make_table"),
		frame_at(0x20, "in /usr/bin/solver") };

	frames[0].module = frames[1].module = PROFILE_NO_MODULE;
	site({ frames[0] }, 4096, 10);
	site({ frames[1] }, 4096, 5);
	EXPECT_EQ(find(), (All{ { "function make_table", 10 }, { "?", 5 } }));
}

TEST_F(Units, BlocksTakeWhatTheEngineRoundsTo)
{
	EXPECT_EQ(unit_class_bytes(1), 8u);
	EXPECT_EQ(unit_class_bytes(17), 32u);
	EXPECT_EQ(unit_class_bytes(129), 160u);
	EXPECT_EQ(unit_class_bytes(1025), 1280u);
	EXPECT_EQ(unit_class_bytes(131080), 135168u);
}

} // namespace
