/* SPDX-License-Identifier: BSD-2-Clause */
/* What texts mean, and what is said of those that mean nothing. */
#include "spec_test.h"

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
	EXPECT_EQ(spec.page, SPEC_PAGE_BASE);
	EXPECT_EQ(spec.fork, SPEC_FORK_REFUSE);
}

TEST(Parse, TakesEveryOption)
{
	struct spec spec = parsed("nodes:1,page=2M,policy=interleave,size=3g,"
				  "grow=yes,reserve=yes,limit=4T,name=a_B.9-");

	EXPECT_EQ(spec.source, SPEC_NODES);
	EXPECT_EQ(spec.page, SPEC_PAGE_2M);
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
	EXPECT_EQ(parsed("dram,page=1G").page, SPEC_PAGE_1G);
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
	EXPECT_EQ(
	    normal("file:/d,limit=1M,trust=yes"), "file:/d,trust=yes,limit=1M");
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
	"dram, nodes, hbw, bandwidth, latency, capacity, dax-kmem, file, dax"
#define DRAM_OPTIONS \
	"page, policy, populate, size, grow, reserve, limit, name, fallback"
#define FILE_OPTIONS "size, grow, reserve, trust, limit, fork, name, fallback"
#define NODES_OPTIONS \
	"page, policy, weights, home, populate, size, grow, reserve, limit, " \
	"name, fallback"
#define BEGINS \
	"a spec begins with one, like dram, nodes:LIST, hbw or file:DIRECTORY"

/* The sentence is what a person has to go by. */
TEST(Parse, NamesTheWordAtFaultAndWhatWouldBeValid)
{
	static const struct {
		const char *text, *sentence;
	} cases[] = {
		{ "", "no source before \"\": " BEGINS },
		{ ",size=1M", "no source before \",size=1M\": " BEGINS },
		{ "drum",
		    "unknown source \"drum\": did you mean \"dram\"? "
		    "(known: " SOURCES ")" },
		{ "FILE:/x",
		    "unknown source \"FILE\": did you mean \"file\"? "
		    "(known: " SOURCES ")" },
		{ "bandwith",
		    "unknown source \"bandwith\": did you mean "
		    "\"bandwidth\"? (known: " SOURCES ")" },
		{ "hbw:1",
		    "hbw takes no location: write \"hbw\" without \":1\"" },
		{ "dax,size=1M",
		    "dax without a location: write dax:PATH, dax:auto or "
		    "dax:node=N" },
		{ "region",
		    "the source \"region\" has no text: open it with "
		    "poolkind_open_region() (known: " SOURCES ")" },
		{ "dram:0",
		    "dram takes no location: write \"dram\" without "
		    "\":0\"" },
		{ "nodes",
		    "nodes without a location: write nodes:LIST with a "
		    "list like 0-3,5" },
		{ "nodes:,policy=bind",
		    "nodes without a location: write "
		    "nodes:LIST with a list like 0-3,5" },
		{ "file", "file without a location: write file:DIRECTORY" },
		{ "file:", "file without a location: write file:DIRECTORY" },
		{ "file:,size=1M",
		    "file without a location: write "
		    "file:DIRECTORY" },
		{ "file:/a\\b",
		    "a backslash in the path of \"/a\\b\": write "
		    "\\\\ for a backslash and \\, for a comma" },
		{ "file:/a\\",
		    "a backslash in the path of \"/a\\\": write "
		    "\\\\ for a backslash and \\, for a comma" },
		{ "nodes:x",
		    "nodes: \"x\" where a number should be: a list is "
		    "like 0-3,5" },
		{ "nodes:1-,2",
		    "nodes: \"\" where a number should be: a list "
		    "is like 0-3,5" },
		{ "nodes:1x",
		    "nodes: \"x\" after a node: a list is like "
		    "0-3,5" },
		{ "nodes:1-2-3",
		    "nodes: \"-3\" after a node: a list is like "
		    "0-3,5" },
		{ "nodes:3-1", "nodes: 3-1 runs backwards: write 1-3" },
		{ "nodes:1024",
		    "nodes: 1024 is not a node: they go from 0 to "
		    "1023" },
		{ "nodes:4294967301",
		    "nodes: 4294967301 is not a node: they go "
		    "from 0 to 1023" },
		{ "nodes:99999999999999999999",
		    "nodes: 99999999999999999999 "
		    "is not a node: they go from 0 to 1023" },
		{ "dram,sise=1M",
		    "unknown option \"sise\": did you mean "
		    "\"size\"? (known: " DRAM_OPTIONS ")" },
		{ "file:/x,reserved=yes",
		    "unknown option \"reserved\": did "
		    "you mean \"reserve\"? (known: " FILE_OPTIONS ")" },
		{ "nodes:0,plicy=bind",
		    "unknown option \"plicy\": did you "
		    "mean \"policy\"? (known: " NODES_OPTIONS ")" },
		{ "dram,colour=red",
		    "unknown option \"colour\" (known: " DRAM_OPTIONS ")" },
		{ "dram,fork=copy",
		    "option \"fork\" does not fit the source "
		    "dram, which takes " DRAM_OPTIONS },
		{ "dram,policy=bind",
		    "policy=bind does not fit the source dram: without "
		    "nodes only policy=local makes sense" },
		{ "file:/x,page=2M",
		    "option \"page\" does not fit the source "
		    "file, which takes " FILE_OPTIONS },
		{ "dram,",
		    "an option is missing before \"\": options are "
		    "written name=value, with one comma between them" },
		{ "dram,,size=1M",
		    "an option is missing before \",size=1M\": "
		    "options are written name=value, with one comma between "
		    "them" },
		{ "dram,=1M",
		    "an option is missing before \"=1M\": options "
		    "are written name=value, with one comma between them" },
		{ "dram,size",
		    "option \"size\" has no value: write "
		    "size=VALUE" },
		{ "dram,size=,grow=yes",
		    "option \"size\" has no value: write "
		    "size=VALUE" },
		{ "dram,size=1M,limit=2M,size=1M",
		    "option \"size\" is given "
		    "twice: the second is size=1M" },
		{ "dram,size=1X",
		    "size=1X is not a size: write a number of "
		    "bytes, or one with K, M, G or T, below 16777216T" },
		{ "dram,size=-1",
		    "size=-1 is not a size: write a number of "
		    "bytes, or one with K, M, G or T, below 16777216T" },
		{ "dram,size=1MB",
		    "size=1MB is not a size: write a number of "
		    "bytes, or one with K, M, G or T, below 16777216T" },
		{ "dram,limit=16777216T",
		    "limit=16777216T is not a size: write a "
		    "number of bytes, or one with K, M, G or T, below "
		    "16777216T" },
		{ "dram,limit=0K",
		    "limit=0K is not a size: leave limit= out for "
		    "a kind without one" },
		{ "dram,page=2m",
		    "unknown value of page \"2m\": did you mean \"2M\"? "
		    "(known: 4K, thp, 2M, 1G)" },
		{ "nodes:0,policy=bnd",
		    "unknown value of policy \"bnd\": did you mean "
		    "\"bind\"? (known: bind, preferred, preferred-many, "
		    "interleave, weighted-interleave, local)" },
		{ "file:/x,fork=exclusive",
		    "unknown value of fork \"exclusive\" "
		    "(known: refuse, shared, copy, private)" },
		{ "dram,size=1M,grow=true",
		    "unknown value of grow \"true\" "
		    "(known: no, yes)" },
		{ "dram,size=1M,reserve=ye",
		    "unknown value of reserve \"ye\": "
		    "did you mean \"yes\"? (known: no, yes)" },
		{ "dram,name=a b",
		    "name=a b: a name has letters, digits, "
		    "\"_\", \".\" and \"-\" only" },
		{ "dram,grow=yes",
		    "grow= without size=: a kind without a size "
		    "grows as needed, write size= to begin with one" },
		{ "dram,reserve=yes",
		    "reserve=yes without size=: it takes all "
		    "of a size when the kind is opened" },
		{ "dram,limit=1M,reserve=yes,size=2M",
		    "reserve=yes takes all "
		    "of size=, which is more than limit= permits: raise limit= "
		    "to size=" },
	};

	for (const auto &one : cases)
		EXPECT_EQ(
		    normal(one.text), std::string("error: ") + one.sentence);
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
		 "fork=copy", "page=2M", "policy=bind" }) {
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
