/* SPDX-License-Identifier: BSD-2-Clause */
/* What texts mean, and what is said of those that mean nothing. */
#include "spec_test.h"

#include <fstream>
#include <utility>

namespace {

struct spec
parsed(const char *text)
{
	struct spec spec;

	EXPECT_EQ(spec_parse(text, &spec), 0) << text << ": " << error_text();
	return spec;
}

} // namespace

TEST(Parse, TakesDramWithItsDefaults)
{
	struct spec spec = parsed("dram"), nothing;

	memset(&nothing, 0, sizeof(nothing));
	EXPECT_EQ(memcmp(&spec, &nothing, sizeof(spec)), 0);
	EXPECT_EQ(spec.source, SPEC_DRAM);
	EXPECT_EQ(spec.page, SPEC_PAGE_AUTO);
	EXPECT_EQ(spec.fork, SPEC_FORK_REFUSE);
}

TEST(Parse, TakesEveryOption)
{
	struct spec spec = parsed("nodes:1,page=2M,policy=interleave,size=3g,"
				  "grow=yes,reserve=yes,limit=4T,name=a_B.9-");

	EXPECT_EQ(spec.source, SPEC_NODES);
	EXPECT_EQ(spec.page, SPEC_PAGE_HUGE);
	EXPECT_EQ(spec.page_bytes, 2 * MIB);
	EXPECT_EQ(spec.policy, SPEC_INTERLEAVE);
	EXPECT_EQ(spec.size, 3 * GIB);
	EXPECT_TRUE(spec.grow);
	EXPECT_TRUE(spec.reserve);
	EXPECT_EQ(spec.limit, 4096 * GIB);
	EXPECT_STREQ(spec.name, "a_B.9-");
	EXPECT_EQ(parsed("nodes:0,policy=preferred").policy, SPEC_PREFERRED);
	EXPECT_EQ(parsed("nodes:0,policy=bind").policy, SPEC_BIND);
	EXPECT_EQ(parsed("dram,page=4K").page, SPEC_PAGE_BASE);
	EXPECT_EQ(parsed("dram,page=thp").page, SPEC_PAGE_THP);
	EXPECT_EQ(parsed("file:/d,fork=shared").fork, SPEC_FORK_SHARED);
	EXPECT_EQ(parsed("file:/d,fork=copy").fork, SPEC_FORK_COPY);
	EXPECT_EQ(parsed("file:/d,fork=refuse").fork, SPEC_FORK_REFUSE);
	EXPECT_EQ(parsed("file:/d,fork=private").fork, SPEC_FORK_PRIVATE);
	EXPECT_TRUE(parsed("file:/d,fork=shared").fork_given);
	EXPECT_FALSE(parsed("file:/d").fork_given);
	EXPECT_FALSE(parsed("dram,size=1M").grow);
	EXPECT_FALSE(parsed("dram,size=1M,grow=no,reserve=no").grow);
	EXPECT_FALSE(parsed("dram,reserve=no").reserve);
	EXPECT_TRUE(parsed("dram,size=1M,limit=1M,reserve=yes").reserve);
	EXPECT_FALSE(parsed("file:/d,trust=no").trust);
	EXPECT_TRUE(parsed("dram,background=yes").background);
	EXPECT_FALSE(parsed("dram,background=no").background);
	EXPECT_EQ(
	    normal("file:/d,limit=1M,trust=yes"), "file:/d,trust=yes,limit=1M");
}

/* Every size that huge pages have on some system; which of them this one has is
 * seen when the kind is opened. */
TEST(Parse, TakesHugePagesOfAnySize)
{
	const std::pair<const char *, size_t> sizes[] = { { "64K", 64 * KIB },
		{ "1M", MIB }, { "2M", 2 * MIB }, { "16M", 16 * MIB },
		{ "32M", 32 * MIB }, { "512M", 512 * MIB }, { "1G", GIB },
		{ "16G", 16 * GIB }, { "1T", 1024 * GIB } };

	for (auto &size : sizes) {
		std::string text = std::string("dram,page=") + size.first;
		struct spec spec = parsed(text.c_str());

		EXPECT_EQ(spec.page, SPEC_PAGE_HUGE) << text;
		EXPECT_EQ(spec.page_bytes, size.second) << text;
		EXPECT_EQ(normal(text.c_str()), text);
	}
	EXPECT_EQ(normal("dram,page=2048k"), "dram,page=2M");
	EXPECT_EQ(parsed("dram,page=thp").page_bytes, 0u);
}

TEST(Parse, TakesMemoryAttributes)
{
	EXPECT_EQ(parsed("hbw").source, SPEC_HBW);
	EXPECT_EQ(parsed("bandwidth").scope, SPEC_LOCAL);
	EXPECT_EQ(parsed("latency,scope=all").scope, SPEC_ALL);
	EXPECT_EQ(
	    parsed("capacity,page=thp,policy=preferred").source, SPEC_CAPACITY);
	EXPECT_EQ(parsed("dax-kmem,limit=1G").source, SPEC_DAX_KMEM);
	EXPECT_EQ(normal("dax-kmem,scope=local,policy=bind"), "dax-kmem");
	EXPECT_EQ(parsed("cxl,scope=all").source, SPEC_CXL);
	EXPECT_EQ(parsed("tier:22,limit=1G").source, SPEC_TIER);
	EXPECT_EQ(parsed("tier:22,limit=1G").tier, 22u);
	EXPECT_EQ(normal("tier:004,scope=local,size=1024K"), "tier:4,size=1M");
	EXPECT_EQ(normal("hbw,home=3,policy=preferred-many,scope=all"),
	    "hbw,scope=all,policy=preferred-many,home=3");
}

TEST(Parse, TakesWeights)
{
	struct spec spec = parsed(
	    "nodes:3,1,policy=weighted-interleave,weights=255:1");

	EXPECT_EQ(spec.policy, SPEC_WEIGHTED);
	EXPECT_EQ(spec.weights[0], 255);
	EXPECT_EQ(spec.weights[1], 1);
	EXPECT_EQ(spec.weights[2], 0);
	EXPECT_EQ(normal("nodes:0-1,weights=2:3,policy=weighted-interleave"),
	    "nodes:0-1,policy=weighted-interleave,weights=2:3");
}

TEST(Parse, SaysWhichWeightIsWrong)
{
	const std::string head =
	    "nodes:0-1,policy=weighted-interleave,weights=";
	const std::string form = "write a number from 1 to 255 for each node, "
				 "with colons between them: 3:1; or auto";

	for (const char *wrong : { "0", "256", "1K", "-1", "x", "" }) {
		std::string value = std::string("3:") + wrong;

		EXPECT_EQ(normal(head + value),
		    "error: weights=" + value + ": \"" + wrong +
			"\" is not a weight: " + form);
	}
}

TEST(Parse, TakesWeightsThatAreToBeFound)
{
	struct spec spec = parsed(
	    "nodes:0-1,policy=weighted-interleave,weights=auto");

	EXPECT_TRUE(spec.weights_auto);
	EXPECT_EQ(spec.weights[0], 0);
	EXPECT_TRUE(spec_is_local(&spec));
	EXPECT_TRUE(spec_reads_machine(&spec));
	for (const char *text :
	    { "nodes:0-1,policy=weighted-interleave,weights=auto",
		"nodes:all,scope=all,policy=weighted-interleave,weights=auto",
		"hbw,policy=weighted-interleave,weights=auto" })
		EXPECT_EQ(normal(text), text);
	EXPECT_EQ(normal("nodes:0-1,scope=local,weights=auto,"
			 "policy=weighted-interleave"),
	    "nodes:0-1,policy=weighted-interleave,weights=auto");
	/* What they came to is printed. */
	spec.weights[0] = 4;
	spec.weights[1] = 1;
	char text[SPEC_TEXT_MAX];
	spec_print(&spec, text, sizeof(text));
	EXPECT_STREQ(text, "nodes:0-1,policy=weighted-interleave,weights=4:1");
}

TEST(Parse, TakesWeightsUpToTheirLimit)
{
	std::string all = "1";

	for (int i = 1; i < SPEC_WEIGHTS_MAX; i++)
		all += ":1";
	EXPECT_EQ(
	    parsed(("nodes:0-63,policy=weighted-interleave,weights=" + all)
		       .c_str())
		.weights[SPEC_WEIGHTS_MAX - 1],
	    1);
	EXPECT_EQ(normal("nodes:0-64,policy=weighted-interleave,weights=" +
		      all + ":1"),
	    "error: weights=" + all.substr(0, 48) +
		"...: more than 64 weights; the system's own, without "
		"weights=, serve any number of nodes");
}

TEST(Parse, TakesDevices)
{
	EXPECT_STREQ(parsed("dax:/dev/dax0.0").path, "/dev/dax0.0");
	EXPECT_EQ(parsed("dax:/dev/dax0.0,offset=4M,size=2M").offset, 4 * MIB);
	EXPECT_EQ(parsed("dax:auto").dax, SPEC_DAX_AUTO);
	EXPECT_EQ(parsed("dax:node=7,limit=1M").dax_node, 7u);
	EXPECT_EQ(normal("dax:node=7"), "dax:node=7");
	EXPECT_EQ(normal("dax:auto,name=x"), "dax:auto,name=x");
	EXPECT_EQ(normal("dax:/dev/dax1.0,size=4M,offset=2M,fallback=y"),
	    "dax:/dev/dax1.0,offset=2M,size=4M,fallback=y");
}

TEST(Parse, TakesListsOfNodes)
{
	struct spec spec = parsed("nodes:0-2,64,1022-1023,policy=bind");

	EXPECT_EQ(spec.nodes[0], 7u);
	EXPECT_EQ(spec.nodes[1], 1u);
	EXPECT_EQ(spec.nodes[15], (uint64_t)3 << 62);
	EXPECT_EQ(normal("nodes:5,3,4,0,3-4,9"), "nodes:0,3-5,9");
	EXPECT_EQ(normal("nodes:007"), "nodes:7");
	EXPECT_EQ(normal("nodes:0-1023"), "nodes:0-1023");
}

TEST(Parse, TakesAnyPath)
{
	EXPECT_STREQ(parsed("file:/mnt/pmem,size=8G").path, "/mnt/pmem");
	EXPECT_STREQ(parsed("file:.").path, ".");
	EXPECT_STREQ(parsed("file:a:b=c d").path, "a:b=c d");
	EXPECT_STREQ(parsed("file:/a\\,b\\\\c,size=1M").path, "/a,b\\c");
	EXPECT_STREQ(parsed("file:/gr\xc3\xb6\xc3\x9f"
			    "e")
			 .path,
	    "/gr\xc3\xb6\xc3\x9f"
	    "e");
	EXPECT_EQ(normal("file:/a\\,b\\\\c"), "file:/a\\,b\\\\c");
}

TEST(Parse, SaysThatAPathIsTooLong)
{
	std::string path(PATH_MAX - 1, 'p');
	struct spec spec;

	EXPECT_EQ(parsed(("file:" + path).c_str()).path, path);
	EXPECT_EQ(spec_parse(("file:/" + path).c_str(), &spec), -1);
	EXPECT_EQ(errno, ENAMETOOLONG);
	EXPECT_NE(strstr(error_text(), "may have 4095 bytes"), nullptr);
}

TEST(Parse, SaysThatThereIsNoText)
{
	struct spec spec;

	EXPECT_EQ(spec_parse(nullptr, &spec), -1);
	EXPECT_EQ(errno, EINVAL);
	EXPECT_NE(strstr(error_text(), "NULL"), nullptr);
}

#define SOURCES \
	"dram, nodes, hbw, bandwidth, latency, capacity, dax-kmem, cxl, " \
	"tier, file, dax"
#define DRAM_OPTIONS \
	"page, policy, populate, size, grow, reserve, limit, name, fallback, " \
	"high, low, spill-from, background"
#define FILE_OPTIONS \
	"size, grow, reserve, trust, limit, fork, name, fallback, high, low, " \
	"spill-from, background"
#define NODES_OPTIONS \
	"scope, page, policy, weights, home, populate, size, grow, reserve, " \
	"limit, " \
	"name, fallback, high, low, spill-from, background"
/* What {names} stand for in the file of wrong texts. */
static const std::pair<std::string, std::string> lists[] = {
	{ "{sources}", SOURCES },
	{ "{dram's}", DRAM_OPTIONS },
	{ "{file's}", FILE_OPTIONS },
	{ "{nodes'}", NODES_OPTIONS },
	{ "{policies}",
	    "bind, preferred, preferred-many, interleave, "
	    "weighted-interleave, local" },
};

/* The sentence is what a person has to go by. */
TEST(Parse, NamesTheWordAtFaultAndWhatWouldBeValid)
{
	static const std::string arrow = "' -> ";
	std::ifstream file(WRONG_TEXTS);
	int rows = 0;

	for (std::string line; std::getline(file, line);) {
		size_t at = line.find(arrow);

		if (at == std::string::npos)
			continue;
		std::string sentence = line.substr(at + arrow.size());
		for (const auto &[name, list] : lists)
			if (size_t from = sentence.find(name);
			    from != std::string::npos)
				sentence.replace(from, name.size(), list);
		EXPECT_EQ(normal(line.substr(1, at - 1)), "error: " + sentence);
		rows++;
	}
	EXPECT_GE(rows, 120);
}

TEST(Parse, TakesNamesUpToTheirLimit)
{
	std::string name(SPEC_NAME_MAX - 1, 'n');

	EXPECT_EQ(parsed(("dram,name=" + name).c_str()).name, name);
	EXPECT_EQ(normal("dram,name=" + name + "n"),
	    "error: name=" + name.substr(0, 48) +
		"...: a name has 63 characters at most");
}

/* However long the text, the sentence ends with what would be valid. */
TEST(Parse, CutsWhatItQuotes)
{
	std::string longer(5000, 'w');

	EXPECT_EQ(normal(longer),
	    "error: unknown source \"" + longer.substr(0, 48) +
		"...\" (known: " SOURCES ")");
	EXPECT_EQ(normal("nodes:0," + longer + "=1"),
	    "error: unknown option \"" + longer.substr(0, 48) +
		"...\" (known: " NODES_OPTIONS ")");
}

TEST(ParseOptions, TakesWhatARegionCanHave)
{
	struct spec spec = {};

	spec.source = SPEC_REGION;
	spec.size = 64 * MIB;
	EXPECT_EQ(spec_parse_options(nullptr, &spec), 0);
	EXPECT_EQ(spec_parse_options("", &spec), 0);
	EXPECT_EQ(print(spec), "region,size=64M");
	EXPECT_EQ(spec_parse_options("limit=32M,name=scratch", &spec), 0);
	EXPECT_EQ(spec.limit, 32 * MIB);
	EXPECT_EQ(print(spec), "region,size=64M,limit=32M,name=scratch");
}

TEST(ParseOptions, RefusesTheRest)
{
	for (const char *text : { "size=1M", "grow=yes", "reserve=yes",
		 "fork=copy", "page=2M", "policy=bind", "background=yes" }) {
		struct spec spec = {};

		spec.source = SPEC_REGION;
		spec.size = 64 * MIB;
		errno = 0;
		EXPECT_EQ(spec_parse_options(text, &spec), -1);
		EXPECT_EQ(errno, EINVAL);
		EXPECT_NE(
		    strstr(error_text(), "which takes limit, name"), nullptr)
		    << error_text();
	}
}

TEST(ParseSize, TakesUnitsOfEitherCase)
{
	static const struct {
		const char *text;
		size_t size;
		const char *rest;
	} cases[] = {
		{ "0", 0, "" },
		{ "4096", 4096, "" },
		{ "3k", 3 * KIB, "" },
		{ "3K", 3 * KIB, "" },
		{ "7m,x", 7 * MIB, ",x" },
		{ "7M", 7 * MIB, "" },
		{ "2g", 2 * GIB, "" },
		{ "2Gi", 2 * GIB, "i" },
		{ "1t", 1024 * GIB, "" },
		{ "16777215T", 16777215 * (1024 * GIB), "" },
		{ "5 ", 5, " " },
		{ "18446744073709551615", SIZE_MAX, "" },
		{ "1.5", 1, ".5" },
	};

	for (const auto &one : cases) {
		const char *end = nullptr;
		size_t size = 1;

		EXPECT_EQ(spec_parse_size(one.text, &end, &size), 0);
		EXPECT_EQ(size, one.size) << one.text;
		EXPECT_STREQ(end, one.rest) << one.text;
		EXPECT_EQ(spec_parse_size(one.text, nullptr, &size), 0);
	}
}

TEST(ParseSize, RefusesWhatIsNoneAndLeavesTheSentence)
{
	error_set(EIO, "before");
	for (const char *text : { "", "K", "-1", "+1", " 1", "x1" }) {
		const char *end = nullptr;
		size_t size = 77;

		errno = 0;
		EXPECT_EQ(spec_parse_size(text, &end, &size), -1) << text;
		EXPECT_EQ(errno, EINVAL);
		EXPECT_EQ(end, text);
		EXPECT_EQ(size, 77u);
	}
	for (const char *text :
	    { "18446744073709551616x", "18014398509481984Kx", "17179869184Gx",
		"16777216Tx", "99999999999999999999999x" }) {
		const char *end = nullptr;
		size_t size = 77;

		errno = 0;
		EXPECT_EQ(spec_parse_size(text, &end, &size), -1) << text;
		EXPECT_EQ(errno, ERANGE);
		EXPECT_STREQ(end, "x") << text;
		EXPECT_EQ(size, 77u);
	}
	EXPECT_STREQ(error_text(), "before");
}
