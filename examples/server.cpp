/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server.cpp - a server that gives each request memory of its own, all from one
 * kind with a limit: what a request allocates goes at once when it is answered,
 * and one that wants too much is refused, and no other.
 *
 *	c++ -std=c++17 server.cpp -o server \
 *	    $(pkg-config --cflags --libs libpoolkind)
 *	printf 'to be or not to be\nrepeat 100 words\n' | ./server [SPEC]
 */
#include <poolkind.hpp>

#include <cstring>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Words = std::pmr::map<std::pmr::string, unsigned>;

int
print_help()
{
	std::cout << "usage: server [SPEC]\n\n"
		     "Reads requests, a line each, and counts their words, in\n"
		     "memory that goes with the request. 'repeat N' asks for\n"
		     "N MiB. SPEC is the kind: dram,limit=16M if nothing else\n"
		     "is asked for.\n";
	return 0;
}

/* Containers hand the request's memory on to what is in them. */
std::string
answer(const std::string &line, std::pmr::memory_resource &memory)
{
	std::pmr::vector<char> scratch(&memory);
	Words words(&memory);
	std::istringstream in(line);
	std::string word;
	unsigned most = 0, mebibytes = 0;

	while (in >> word)
		most = std::max(most, ++words[std::pmr::string(word, &memory)]);
	if (std::istringstream(line) >> word >> mebibytes && word == "repeat")
		scratch.resize(std::size_t(mebibytes) << 20);
	return std::to_string(words.size()) + " words, the most frequent " +
	    std::to_string(most) + " times";
}

void
serve(const poolkind::kind &kind)
{
	poolkind::memory_resource all(kind);

	for (std::string line; std::getline(std::cin, line);) {
		/* Small blocks by moving a pointer; nothing is freed alone. */
		std::pmr::monotonic_buffer_resource request(&all);

		try {
			std::cout << answer(line, request) << ", "
				  << kind.stats().live << " bytes\n";
		} catch (const std::bad_alloc &) {
			std::cout << "refused: it needs too much\n";
		}
	}
}

} // namespace

int
main(int argc, char **argv)
{
	if (argc > 1 && std::strcmp(argv[1], "--help") == 0)
		return print_help();
	try {
		poolkind::kind kind(argc > 1 ? argv[1] : "dram,limit=16M");

		serve(kind);
		std::cout << "at the end " << kind.stats().live << " bytes of "
			  << kind.text() << "\n";
	} catch (const std::system_error &error) {
		std::cerr << "server: " << error.what() << "\n";
		return 1;
	}
	return 0;
}
