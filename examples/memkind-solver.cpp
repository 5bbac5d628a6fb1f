/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memkind-solver.cpp - currents in a net of wires, by conjugate gradients, with
 * the containers of C++: vectors in high bandwidth memory; the net, rows within
 * a vector that hand their kind on, and a map of names in the largest memory.
 *
 *	c++ -std=c++17 -O2 memkind-solver.cpp -o memkind-solver -lmemkind
 *	./memkind-solver [NODES]	by default 20000
 *
 * It runs on any machine: what there is no memory of is taken from the rest.
 */
#include <hbwmalloc.h>
#include <memkind.h>
#include <memkind_allocator.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <scoped_allocator>
#include <string>
#include <vector>

/* An allocator has the kind that it was made with, and containers hand it on to
 * what they allocate. */
template <class T> using Allocator = libmemkind::static_kind::allocator<T>;
using Kind = libmemkind::kinds;

using Vector = std::vector<double, Allocator<double>>;

/* A wire to another node. */
struct Wire {
	std::size_t to;
	double conductance;
};

/* With the adaptor a row that is added gets the allocator of the whole. */
using Row = std::vector<Wire, Allocator<Wire>>;
using Net = std::vector<Row, std::scoped_allocator_adaptor<Allocator<Row>>>;

/* The names of some nodes, in the same kind as the net. */
using Name = std::basic_string<char, std::char_traits<char>, Allocator<char>>;
using Names = std::map<Name, std::size_t, std::less<>,
    std::scoped_allocator_adaptor<
	Allocator<std::pair<const Name, std::size_t>>>>;

/* KIND, or the usual memory where this machine has no such. */
static Kind
or_default(memkind_t there, Kind kind)
{
	return memkind_check_available(there) == 0 ? kind : Kind::DEFAULT;
}

/* A ring of nodes, each with wires to others further on. */
static void
connect(Net &net, std::size_t from, std::size_t to, double conductance)
{
	net[from].push_back({ to, conductance });
	net[to].push_back({ from, conductance });
}

static Net
make_net(std::size_t nodes, Kind kind)
{
	Net net(Allocator<Row>{ kind });
	for (std::size_t i = 0; i < nodes; i++)
		net.emplace_back(); /* in the same kind */
	for (std::size_t i = 0; i < nodes; i++) {
		connect(net, i, (i + 1) % nodes, 1.0);
		connect(net, i, (i * 7 + 3) % nodes, 0.25);
	}
	return net;
}

/* y = A x: the current into each node at the voltages x, where each node leaks
 * a little to the ground. */
static void
apply(const Net &net, const Vector &x, Vector &y)
{
	for (std::size_t i = 0; i < net.size(); i++) {
		double current = 0.01 * x[i];
		for (const Wire &wire : net[i])
			current += wire.conductance * (x[i] - x[wire.to]);
		y[i] = current;
	}
}

static double
dot(const Vector &a, const Vector &b)
{
	double sum = 0;
	for (std::size_t i = 0; i < a.size(); i++)
		sum += a[i] * b[i];
	return sum;
}

/* Solves A x = b from x = 0; returns the steps that it took. */
static int
solve(const Net &net, const Vector &b, Vector &x)
{
	Vector r(b), p(b), ap(b.size(), 0.0, b.get_allocator());
	double first = dot(r, r), now = first;
	int step = 0;
	for (; step < 10000 && now > 1e-24 * first; step++) {
		apply(net, p, ap);
		double alpha = now / dot(p, ap), before = now;
		for (std::size_t i = 0; i < x.size(); i++) {
			x[i] += alpha * p[i];
			r[i] -= alpha * ap[i];
		}
		now = dot(r, r);
		for (std::size_t i = 0; i < x.size(); i++)
			p[i] = r[i] + now / before * p[i];
	}
	return step;
}

/* Whether a block is of a kind, as the library sees it. */
static const char *
place(const void *block, memkind_t fast, memkind_t large)
{
	memkind_t kind = memkind_detect_kind(const_cast<void *>(block));
	return kind == fast ? "fast" : kind == large ? "large" : "usual";
}

static int
print_help()
{
	std::cout
	    << "usage: memkind-solver [NODES]\n\n"
	       "Solves for the voltages in a net of wires with NODES\n"
	       "nodes (20000). Vectors lie in high bandwidth memory, the\n"
	       "net and its names in the largest; at the end it says\n"
	       "where they are.\n";
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc > 1 && std::string(argv[1]) == "--help")
		return print_help();
	std::size_t nodes = argc > 1 ? std::strtoul(argv[1], nullptr, 10) :
				       20000;
	if (nodes < 10 || nodes > 100000000) {
		std::cerr << "usage: " << argv[0] << " [NODES from 10]\n";
		return 2;
	}
	Kind fast = or_default(MEMKIND_HBW_PREFERRED, Kind::HBW_PREFERRED);
	Kind large = or_default(MEMKIND_HIGHEST_CAPACITY_PREFERRED,
	    Kind::HIGHEST_CAPACITY_PREFERRED);

	Net net = make_net(nodes, large);
	Names names(Allocator<char>{ large });
	names.emplace("the first of all nodes of this net", 0);
	names.emplace("the one on the other side of the ring", nodes / 2);

	/* Voltages that are known give the currents, and those the voltages. */
	Vector truth(nodes, 0.0, Allocator<double>{ fast });
	for (std::size_t i = 0; i < nodes; i++)
		truth[i] = std::sin(0.001 * static_cast<double>(i));
	Vector b(truth), x(nodes, 0.0, truth.get_allocator());
	apply(net, truth, b);
	int steps = solve(net, b, x);

	double error = 0;
	for (std::size_t i = 0; i < nodes; i++)
		error = std::fmax(error, std::fabs(x[i] - truth[i]));
	for (const auto &[name, node] : names)
		std::cout << name << ": " << x[node] << " V\n";
	auto where = [&](const void *block) {
		return place(block, MEMKIND_HBW_PREFERRED,
		    MEMKIND_HIGHEST_CAPACITY_PREFERRED);
	};
	std::cout << "vectors in " << where(x.data()) << " memory, rows in "
		  << where(net.data()) << ", a row's wires in "
		  << where(net.back().data()) << ", names in "
		  << where(names.begin()->first.data()) << "\n"
		  << steps << " steps, largest error " << error << ": "
		  << (error < 1e-8 ? "right" : "wrong") << "\n";
	return error < 1e-8 ? 0 : 1;
}
