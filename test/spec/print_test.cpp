/* SPDX-License-Identifier: BSD-2-Clause */
/* The normalised text, and that it says all there is to say. */
#include "spec_test.h"

#include <random>

namespace {

class Random {
public:
	explicit Random(unsigned seed) : engine(seed) {}

	size_t
	below(size_t bound)
	{
		return std::uniform_int_distribution<size_t>(0, bound - 1)(
		    engine);
	}

	/* Sizes that are exact in every unit, and those that are in none. */
	size_t
	size()
	{
		return (1 + below(5000)) << 10 * below(5);
	}

	std::string
	word(const char *letters, size_t most)
	{
		std::string made;

		for (size_t length = 1 + below(most); length > 0; length--)
			made += letters[below(strlen(letters))];
		return made;
	}

	struct spec
	spec()
	{
		struct spec made;

		memset(&made, 0, sizeof(made));
		made.source = (enum spec_source)below(SPEC_REGION);
		if (made.source == SPEC_FILE || made.source == SPEC_DAX)
			strcpy(made.path, word("a/,\\:= \xc3\n0-", 60).c_str());
		if (made.source == SPEC_FILE)
			made.fork = (enum spec_fork)below(
			    SPEC_FORK_COPY_OR_PRIVATE);
		made.fork_given = made.fork != SPEC_FORK_REFUSE;
		if (made.source == SPEC_TIER)
			made.tier = (unsigned)below(SPEC_TIERS_MAX);
		if (spec_is_anonymous(&made)) {
			made.page = (enum spec_page)below(4);
			if (made.page == SPEC_PAGE_HUGE)
				made.page_bytes = 64 * KIB << below(25);
			made.populate = (unsigned)below(4);
		}
		if (spec_has_nodes(&made))
			made.policy = (enum spec_policy)below(
			    SPEC_POLICY_LOCAL);
		if (spec_is_by_attribute(&made))
			made.scope = (enum spec_scope)below(2);
		if (made.source == SPEC_NODES)
			add_nodes(made);
		if (made.source == SPEC_DAX)
			choose_device(made);
		if (below(2)) {
			made.size = size();
			if (made.source != SPEC_DAX) {
				made.grow = below(2);
				made.reserve = below(2) &&
				    !spec_is_local(&made);
			}
		}
		made.limit = below(2) ? made.size + size() : 0;
		if (made.limit == 0 && below(2))
			made.limit_percent = (unsigned)below(101);
		else if (made.limit == 0)
			made.limit_share = below(2);
		if (below(2))
			strcpy(made.name, word("aZ09_.-", 63).c_str());
		if (below(2))
			strcpy(made.fallback, word("aZ09_.-", 63).c_str());
		if (below(2)) {
			made.high = 1 + (unsigned)below(100);
			made.low = (unsigned)below(made.high);
			made.spill_from = below(2) ? size() : 0;
		}
		made.background = below(2) && made.source != SPEC_DAX &&
		    !made.reserve;
		return made;
	}

private:
	void
	add_nodes(struct spec &made)
	{
		bool weighted = made.policy == SPEC_WEIGHTED;

		for (size_t i = 1 + below(weighted ? 10 : 40); i > 0; i--)
			made.nodes[below(16)] |= (uint64_t)7 << below(64);
		made.weights_auto = weighted && below(2);
		weighted &= !made.weights_auto;
		for (size_t i = 0; weighted && i < spec_count_nodes(&made); i++)
			made.weights[i] = (uint8_t)(1 + below(255));
		made.home_given = below(2) &&
		    (made.policy == SPEC_BIND ||
			made.policy == SPEC_PREFERRED_MANY);
		if (made.home_given)
			made.home = (unsigned)below(1024);
	}

	void
	choose_device(struct spec &made)
	{
		made.dax = (enum spec_dax)below(3);
		if (made.dax != SPEC_DAX_PATH)
			memset(made.path, 0, sizeof(made.path));
		else if (strcmp(made.path, "auto") == 0)
			made.path[0] = '/';
		if (made.dax == SPEC_DAX_NODE)
			made.dax_node = (unsigned)below(1024);
		made.offset = below(2) ? size() : 0;
	}

	std::mt19937 engine;
};

} // namespace

TEST(Print, LeavesDefaultsOutAndOrdersTheRest)
{
	static const struct {
		const char *text, *normal;
	} cases[] = {
		{ "dram,page=auto", "dram" },
		{ "dram,page=4K", "dram,page=4K" },
		{ "dram,name=x,limit=1024M,page=2M",
		    "dram,page=2M,limit=1G,name=x" },
		{ "nodes:2-3,policy=interleave",
		    "nodes:2-3,policy=interleave" },
		{ "nodes:1,0,policy=bind", "nodes:0-1" },
		{ "file:/dev/shm,grow=yes,size=1g",
		    "file:/dev/shm,size=1G,grow=yes" },
		{ "file:/x,fork=refuse,grow=no,size=5,reserve=no",
		    "file:/x,size=5" },
		{ "file:/x,fork=shared,size=5", "file:/x,size=5,fork=shared" },
		{ "file:/x,fork=copy,reserve=yes,size=1M",
		    "file:/x,size=1M,reserve=yes,fork=copy" },
	};

	for (const auto &one : cases)
		EXPECT_EQ(normal(one.text), one.normal);
}

TEST(Print, UsesTheLargestUnitThatIsExact)
{
	EXPECT_EQ(normal("dram,size=1023"), "dram,size=1023");
	EXPECT_EQ(normal("dram,size=1024"), "dram,size=1K");
	EXPECT_EQ(normal("dram,size=1536K"), "dram,size=1536K");
	EXPECT_EQ(normal("dram,size=2048G"), "dram,size=2T");
	EXPECT_EQ(normal("dram,size=4096T"), "dram,size=4096T");
	EXPECT_EQ(normal("dram,limit=18446744073709551615"),
	    "dram,limit=18446744073709551615");
}

/* The shim's own way over fork is no word of the grammar. */
TEST(Print, HasNoWordForCopyOrPrivate)
{
	struct spec spec;

	ASSERT_EQ(spec_parse("file:/x", &spec), 0);
	spec.fork = SPEC_FORK_COPY_OR_PRIVATE;
	EXPECT_EQ(print(spec), "file:/x");
}

TEST(Print, StaysInItsBufferAndTellsTheWholeLength)
{
	const char whole[] = "file:/a\\,b,size=1G,name=n";
	struct spec spec;

	ASSERT_EQ(spec_parse(whole, &spec), 0);
	for (size_t size = 0; size <= sizeof(whole) + 2; size++) {
		std::vector<char> text(sizeof(whole) + 3, '#');
		std::string part = std::string(whole).substr(
		    0, size != 0 ? size - 1 : 0);

		EXPECT_EQ(
		    spec_print(&spec, text.data(), size), sizeof(whole) - 1);
		EXPECT_EQ(text[size], '#');
		if (size != 0) {
			EXPECT_EQ(text.data(), part);
		}
	}
}

TEST(Print, IsUnderstoodAsWhatWasPrinted)
{
	Random random(20240607);

	for (int round = 0; round < 20000; round++) {
		struct spec spec = random.spec(), again;
		std::string text = print(spec);

		ASSERT_EQ(spec_parse(text.c_str(), &again), 0)
		    << text << ": " << error_text();
		ASSERT_EQ(memcmp(&spec, &again, sizeof(spec)), 0) << text;
	}
}

/* Nonsense never crashes, is always explained, and what is understood in
 * spite of it is understood again. */
TEST(Print, SettlesWhateverIsParsed)
{
	Random random(20240608);
	int understood = 0;

	for (int round = 0; round < 20000; round++) {
		std::string text = print(random.spec());
		struct spec spec, again;

		for (size_t n = random.below(3); n > 0; n--)
			text[random.below(text.size())] =
			    "a,=:\\-09KMGT\x80"[random.below(13)];
		error_set(0, "none");
		if (spec_parse(text.c_str(), &spec) != 0) {
			ASSERT_EQ(errno, EINVAL) << text;
			ASSERT_STRNE(error_text(), "none") << text;
			continue;
		}
		understood++;
		ASSERT_EQ(spec_parse(print(spec).c_str(), &again), 0) << text;
		ASSERT_EQ(memcmp(&spec, &again, sizeof(spec)), 0) << text;
	}
	EXPECT_GT(understood, 1000);
}
