/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of functions and of source files, as compilers write them and as people
 * do; and files that are no programs. */
#include "rules_test.h"

#include <sys/auxv.h>
#include <unistd.h>

extern "C" {
#include "rules/elf_file.h"
#include "rules/function_name.h"
#include "rules/ld_cache.h"
#include "rules/ld_path.h"
#include "rules/source_path.h"
}

namespace {

TEST(FunctionName, IsKnownByItsLastComponents)
{
	EXPECT_TRUE(function_name_is("init", "init"));
	EXPECT_TRUE(function_name_is("app::Solver::init", "init"));
	EXPECT_TRUE(function_name_is("app::Solver::init", "Solver::init"));
	EXPECT_TRUE(function_name_is("app::Solver::init", "app::Solver::init"));
	EXPECT_FALSE(function_name_is("app::Solver::init", "Sol::init"));
	EXPECT_FALSE(function_name_is("app::Solver::init", "Solver"));
	EXPECT_FALSE(function_name_is("app::Solver::reinit", "init"));
	EXPECT_FALSE(function_name_is("init", "Solver::init"));
	EXPECT_FALSE(function_name_is("init", "initialise"));
}

TEST(FunctionName, WithoutTemplateArgumentsMeansAllInstances)
{
	EXPECT_TRUE(function_name_is("make<a::b<int>, (x::y)0>", "make"));
	EXPECT_TRUE(function_name_is("V<a::b>::push<int>", "V::push"));
	EXPECT_TRUE(function_name_is("V<a::b>::push<int>", "V<a::b>::push"));
	EXPECT_FALSE(function_name_is("V<a::b>::push<int>", "V<a::c>::push"));
	EXPECT_FALSE(function_name_is("V<a::b>::push<int>", "b"));
	EXPECT_FALSE(function_name_is("V<a::b>::push<int>", "push<char>"));
}

TEST(FunctionName, MayBeAnOperator)
{
	EXPECT_TRUE(function_name_is("A::operator<", "operator<"));
	EXPECT_TRUE(function_name_is("A::operator<<", "A::operator<<"));
	EXPECT_FALSE(function_name_is("A::operator<<", "operator<"));
	EXPECT_TRUE(function_name_is("A::operator->", "operator->"));
	EXPECT_TRUE(function_name_is("A<int>::operator()", "A::operator()"));
	EXPECT_TRUE(function_name_is("a::operator new", "operator new"));
}

std::string
bare(std::string demangled)
{
	return function_name_bare(&demangled[0]);
}

TEST(FunctionName, IsWithoutWhatADemanglerAdds)
{
	EXPECT_EQ(bare("init()"), "init");
	EXPECT_EQ(bare("app::S::init(int, char*) const"), "app::S::init");
	EXPECT_EQ(bare("double* app::make<double>(f<int> (*)(int))"),
	    "app::make<double>");
	EXPECT_EQ(bare("(anonymous namespace)::S::f(int)"), "S::f");
	EXPECT_EQ(bare("S::operator()(int) const"), "S::operator()");
	EXPECT_EQ(bare("operator new(unsigned long)"), "operator new");
	EXPECT_EQ(bare("S::operator unsigned long() const"),
	    "S::operator unsigned long");
	EXPECT_EQ(bare("non-virtual thunk to S::f()"), "S::f");
	EXPECT_EQ(bare("f[abi:cxx11](int) [clone .cold]"), "f");
	EXPECT_EQ(bare("init"), "init");
	EXPECT_EQ(bare(""), "");
}

std::string
of_symbol(const char *symbol)
{
	char *name = function_name_of_symbol(symbol);
	std::string copy = name;

	free(name);
	return copy;
}

TEST(FunctionName, OfASymbol)
{
	EXPECT_EQ(of_symbol("init"), "init");
	EXPECT_EQ(of_symbol("init.constprop.0"), "init");
	EXPECT_EQ(of_symbol("init.part.0.cold"), "init");
	EXPECT_EQ(of_symbol("main.main"), "main.main");
	EXPECT_EQ(of_symbol("qsort@@GLIBC_2.2.5"), "qsort");
	EXPECT_EQ(of_symbol("init_"), "init");
	EXPECT_EQ(of_symbol("__grid_MOD_init"), "grid::init");
	EXPECT_EQ(of_symbol("_ZN3app6Solver4initEi"), "app::Solver::init");
	EXPECT_EQ(of_symbol("_Zx"), "_Zx");
}

TEST(SourcePath, IsKnownByItsLastComponents)
{
	EXPECT_TRUE(source_path_is("/home/me/src/solver.c", "solver.c"));
	EXPECT_TRUE(source_path_is("/home/me/src/solver.c", "src/solver.c"));
	EXPECT_TRUE(source_path_is("/a/solver.c", "/a/solver.c"));
	EXPECT_TRUE(source_path_is("/b/../a/./solver.c", "/a/solver.c"));
	EXPECT_TRUE(source_path_is("/x/a/b/../solver.c", "a//solver.c"));
	EXPECT_TRUE(source_path_is("solver.c", "./solver.c"));
	EXPECT_TRUE(source_path_is("../solver.c", "../solver.c"));
	EXPECT_FALSE(source_path_is("/home/me/src/solver.c", "olver.c"));
	EXPECT_FALSE(source_path_is("/home/me/src/solver.c", "me/solver.c"));
	EXPECT_FALSE(source_path_is("/b/a/solver.c", "/a/solver.c"));
	EXPECT_FALSE(source_path_is("solver.c", "src/solver.c"));
	EXPECT_FALSE(source_path_is("", "solver.c"));
}

/* ---- Files --------------------------------------------------------------- */

class ElfFile : public testing::Test {
protected:
	void
	SetUp() override
	{
		FILE *file = fopen("/proc/self/exe", "r");

		path = testing::TempDir() + "elf." + std::to_string(getpid());
		whole.resize(1 << 16);
		whole.resize(fread(&whole[0], 1, whole.size(), file));
		fclose(file);
	}
	void
	TearDown() override
	{
		unlink(path.c_str());
	}

	int
	read(const std::string &content)
	{
		FILE *file = fopen(path.c_str(), "w");
		struct elf_file elf;

		fwrite(content.data(), 1, content.size(), file);
		fclose(file);
		int error = elf_file_read(path.c_str(), &elf);
		elf_file_end(&elf);
		return error;
	}

	std::string path, whole;
};

TEST_F(ElfFile, SaysWhatItNeeds)
{
	struct elf_file elf;
	bool needs_libc = false;

	ASSERT_EQ(elf_file_read("/proc/self/exe", &elf), 0);
	EXPECT_TRUE(elf.is_program);
	EXPECT_FALSE(elf.is_foreign);
	EXPECT_NE(elf.interpreter, nullptr);
	for (size_t i = 0; i < elf.needed_count; i++)
		needs_libc |= strncmp(elf.needed[i], "libc.so", 7) == 0;
	EXPECT_TRUE(needs_libc);
	elf_file_end(&elf);
}

TEST_F(ElfFile, ThatIsNoneOrIsCutIsAnswered)
{
	struct elf_file elf;

	EXPECT_EQ(elf_file_read("/no/such", &elf), ENOENT);
	EXPECT_EQ(read(""), ENOEXEC);
	EXPECT_EQ(read("#!/bin/sh\n"), ENOEXEC);
	for (size_t length = 1; length < 2000; length += 7)
		read(whole.substr(0, length));
}

/* What is wrong in a file may be anything, but nothing that is read. */
TEST_F(ElfFile, ThatWasDamagedIsAnswered)
{
	for (size_t at = 16; at < 1000; at++) {
		std::string damaged = whole;

		damaged[at] = (char)0xff;
		read(damaged);
		damaged[at] = (char)~whole[at];
		read(damaged);
	}
}

TEST(LdCache, OfNoiseHasNothing)
{
	std::string path = testing::TempDir() + "cache." +
	    std::to_string(getpid());
	std::string head = "glibc-ld.so.cache1.1";

	for (std::string content : { std::string(), std::string("noise"), head,
		 head + std::string(28, '\xff'),
		 head + std::string(2000, '\xff'),
		 head + "\1" + std::string(27 + 24, '\0') }) {
		FILE *file = fopen(path.c_str(), "w");
		struct ld_cache cache;
		size_t at = 0;

		fwrite(content.data(), 1, content.size(), file);
		fclose(file);
		ld_cache_open(&cache, path.c_str());
		EXPECT_EQ(ld_cache_find(&cache, "libc.so.6", "", &at), nullptr);
		at = 0;
		EXPECT_EQ(ld_cache_find(&cache, "libc.so.6", "x86-64-v2", &at),
		    nullptr);
		ld_cache_close(&cache);
	}
	unlink(path.c_str());
}

/* A cache as ldconfig(8) writes it, with two entries of one name, one of them
 * for certain processors; cut anywhere it leads nowhere. */
TEST(Cache, HasEntriesForProcessors)
{
	struct {
		char magic[20];
		uint32_t count, text_bytes, flags, extension, unused[3];
		struct {
			int32_t flags;
			uint32_t name, path, version;
			uint32_t processors, how;
		} entry[2];
		uint32_t extension_magic, sections;
		uint32_t tag, section_flags, offset, bytes;
		uint32_t processor;
		char text[40];
	} image = { "glibc-ld.so.cache1.", 2, 40, 2, 96, {},
		{ { 3, 124, 131, 0, 0, 1u << 30 }, { 3, 124, 138, 0, 0, 0 } },
		0xeaa42174, 1, 1, 0, 120, 4, 142, {} };
	const std::string content = [&] {
		image.magic[19] = '1';
		memcpy(image.text, "lib.so\0/v2/so\0/so\0x86-64-v2", 28);
		return std::string((const char *)&image, sizeof(image));
	}();
	std::string found, other;

	static_assert(sizeof(image) == 164, "it has no holes");
	for (size_t bytes = content.size() + 1; bytes-- > 0;) {
		struct ld_cache cache = { (char *)calloc(1, bytes + 1), bytes };
		size_t at = 0;

		memcpy(cache.content, content.data(), bytes);
		const char *one = ld_cache_find(
		    &cache, "lib.so", "x86-64-v2", &at);
		if (bytes == content.size()) {
			found = one != nullptr ? one : "";
			at = 0;
			one = ld_cache_find(&cache, "lib.so", "", &at);
			other = one != nullptr ? one : "";
			EXPECT_EQ(
			    ld_cache_find(&cache, "lib.so", "", &at), nullptr);
		}
		ld_cache_close(&cache);
	}
	EXPECT_EQ(found, "/v2/so");
	EXPECT_EQ(other, "/so");
}

std::string
expanded(const std::string &text)
{
	const struct ld_tokens tokens = { "/home/me", "lib64" };
	char path[PATH_MAX];

	return ld_expand({ text.data(), text.size() }, &tokens, path) ? path :
									"none";
}

TEST(Path, HasTokensReplaced)
{
	EXPECT_EQ(expanded("/usr/lib"), "/usr/lib");
	EXPECT_EQ(expanded("$ORIGIN"), "/home/me");
	EXPECT_EQ(expanded("${ORIGIN}/../$LIB/x"), "/home/me/../lib64/x");
	EXPECT_EQ(expanded("/opt/${LIB}"), "/opt/lib64");
	EXPECT_EQ(expanded("/opt/$PLATFORM"), "none");
	EXPECT_EQ(expanded("/opt/${LIB"), "none");
	EXPECT_EQ(expanded("/opt/$"), "none");
	EXPECT_EQ(expanded("/" + std::string(PATH_MAX, 'x')), "none");
	EXPECT_STREQ(ld_lib("/usr/lib64"), "lib64");
	EXPECT_STREQ(
	    ld_lib("/usr/lib/x86_64-linux-gnu"), "lib/x86_64-linux-gnu");
	EXPECT_STREQ(ld_lib("/nix/store/glibc/lib"), "lib");
}

} // namespace
