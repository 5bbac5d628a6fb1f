/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fixed_allocator.h - an allocator in a region, for C++11 or later.
 *
 * libmemkind::fixed::allocator<T> makes a kind of memory that the caller has.
 * Its copies, for whatever T, share the kind; the last one destroys it, and
 * until then the region stays mapped. fixedallocator(3) has the whole, and the
 * rules of memkind_allocator.h hold.
 */
#ifndef FIXED_ALLOCATOR_H
#define FIXED_ALLOCATOR_H

#include "memkind_allocator.h"

namespace libmemkind {
namespace fixed {

/*
 * An allocator of a new kind of the SIZE bytes at ADDR; see
 * memkind_create_fixed(). Throws std::invalid_argument when that function
 * cannot take the region, std::runtime_error when the kind cannot be made for
 * another reason, and std::bad_alloc.
 *
 * A container keeps its kind when another is assigned to it, and exchanges it
 * when two are swapped.
 */
template <class T>
class allocator : public detail::shared_members<allocator, T> {
	typedef detail::shared_members<allocator, T> base;

public:
	allocator(void *addr, std::size_t size) : base(create(addr, size)) {}

	template <class U>
	allocator(const allocator<U> &other) noexcept : base(other)
	{
	}

private:
	static detail::shared_kind
	create(void *addr, std::size_t size)
	{
		memkind_t kind = nullptr;
		int error = memkind_create_fixed(addr, size, &kind);

		return detail::own("libmemkind::fixed::allocator", error, kind);
	}
};

} // namespace fixed
} // namespace libmemkind

#endif /* FIXED_ALLOCATOR_H */
