/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header alone, as a C++ program sees it, with the kind's life tied to an
 * object. test/api/headers compiles this as C++11 and C++17 and runs it.
 */
#include <poolkind.h>

#include <memory>
#include <new>
#include <vector>

namespace {

/* The allocator that a container on a kind needs. */
template <class T> struct Allocator {
	typedef T value_type;
	poolkind *kind;

	explicit Allocator(poolkind *k) : kind(k) {}
	template <class U>
	Allocator(const Allocator<U> &other) : kind(other.kind)
	{
	}

	T *
	allocate(std::size_t count)
	{
		void *block = poolkind_calloc(kind, count, sizeof(T));
		if (block == nullptr)
			throw std::bad_alloc();
		return static_cast<T *>(block);
	}

	void
	deallocate(T *block, std::size_t count)
	{
		poolkind_free_sized(kind, block, count * sizeof(T));
	}

	bool
	operator==(const Allocator &o) const
	{
		return kind == o.kind;
	}
	bool
	operator!=(const Allocator &o) const
	{
		return kind != o.kind;
	}
};

} // namespace

int
main()
{
	std::unique_ptr<poolkind, int (*)(poolkind *)> kind(
	    poolkind_open("dram", 0), poolkind_close);
	std::vector<int, Allocator<int>> numbers((Allocator<int>(kind.get())));

	for (int i = 0; i < 100000; i++)
		numbers.push_back(i);
	if (poolkind_of(numbers.data()) != kind.get())
		return 1;
	struct poolkind_stats stats;
	if (poolkind_get_stats(kind.get(), &stats, sizeof(stats)) != 0 ||
	    stats.live < 400000)
		return 2;
	return numbers[99999] == 99999 ? 0 : 3;
}
