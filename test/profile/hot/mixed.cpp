// SPDX-License-Identifier: BSD-2-Clause
// Containers of C++: what allocates is in headers, so the sites have their
// names from the functions that fill them.
#include <cstdint>
#include <vector>

#include "hot.h"

namespace {

#define NOINLINE __attribute__((noinline))

using Numbers = std::vector<std::uint32_t>;

hot *h_table, *h_prices, *h_orders, *h_archive, *h_ranks, *h_small, *h_outer;

/* A container that was just made has all of its memory in one block. */
template <typename Container>
hot *
announce(const char *name, const char *function, Container &one)
{
	hot *row = hot_structure(name, function, 0);

	hot_change(
	    row, (long)(one.size() * sizeof(typename Container::value_type)));
	hot_block(row, one.data());
	return row;
}

NOINLINE Numbers
make_table(std::size_t size)
{
	Numbers made(size);

	h_table = announce("table", "make_table", made);
	return made;
}

NOINLINE Numbers
make_prices(std::size_t size)
{
	Numbers made(size);

	h_prices = announce("prices", "make_prices", made);
	return made;
}

NOINLINE Numbers
make_orders(std::size_t size)
{
	Numbers made(size);

	h_orders = announce("orders", "make_orders", made);
	return made;
}

NOINLINE Numbers
make_archive(std::size_t size)
{
	Numbers made(size);

	h_archive = announce("archive", "make_archive", made);
	return made;
}

NOINLINE std::vector<double>
make_ranks(std::size_t size)
{
	std::vector<double> made(size);

	h_ranks = announce("ranks", "make_ranks", made);
	return made;
}

NOINLINE std::vector<Numbers>
make_small(std::size_t count)
{
	std::vector<Numbers> all(count);

	h_outer = announce("outer", "make_small", all);
	for (auto &one : all) {
		one.resize(64);
		h_small = announce("small", "make_small", one);
	}
	return all;
}

} // namespace

int
main()
{
	Numbers table = make_table(16384), prices = make_prices(65536);
	Numbers orders = make_orders(262144), archive = make_archive(524288);
	std::vector<double> ranks = make_ranks(8192);
	std::vector<Numbers> small = make_small(512);
	double sum = 0;
	int rounds = 3 * hot_again();

	for (std::size_t i = 0; i < orders.size(); i++)
		WR(h_orders, orders[i], (std::uint32_t)hot_random());
	for (int round = 0; round < rounds; round++)
		for (std::size_t i = 0; i < orders.size(); i++) {
			std::uint32_t order = RD(h_orders, orders[i]);
			std::uint32_t slot = RD(h_table, table[order % 16384]);

			WR(h_table, table[order % 16384], slot + 1);
			WR(h_table, table[order / 7 % 16384], slot);
			WR(h_ranks, ranks[order % 8192],
			    RD(h_ranks, ranks[order % 8192]) +
				RD(h_prices, prices[order % 65536]));
			auto &one = small[order % small.size()];
			h_outer->accesses += sizeof(void *);
			sum += RD(h_small, one[order % 64]);
		}
	for (std::size_t i = 0; i < archive.size(); i += 8)
		WR(h_archive, archive[i], 1);
	hot_end();
	return sum < 0;
}
