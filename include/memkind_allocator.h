/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memkind_allocator.h - allocators of kinds for the containers of C++.
 *
 * libmemkind::static_kind::allocator<T>, memkind's allocator of one of the
 * static kinds, and libmemkind::kind_allocator<T>, an allocator of any kind
 * that its caller keeps alive. C++11 or later. memkindallocator(3) has the
 * whole; pmem_allocator.h and fixed_allocator.h stand on this header.
 *
 * Rules that hold for every allocator here and there:
 *
 *  - allocate(N) gives room for N objects of T, aligned as T wants it, also
 *    beyond what malloc(3) aligns to. It throws std::bad_array_new_length when
 *    N objects have more bytes than can be counted, and std::bad_alloc when
 *    the memory cannot be had. N == 0 is std::bad_alloc too, unless the kind
 *    gives blocks of 0 bytes (memkind_set_allow_zero_allocs()).
 *  - Two allocators are equal when they stand for the same kind, whatever
 *    their T: what one allocated the other may deallocate.
 *  - An allocator of another T converts to one of the same kind. Moving from an
 *    allocator leaves it as it was.
 *  - Any thread may use any allocator at any time, but not one while another
 *    thread assigns to it.
 */
#ifndef MEMKIND_ALLOCATOR_H
#define MEMKIND_ALLOCATOR_H

#include "memkind.h"

#include <cstddef>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace libmemkind {

/* The static kinds, by the names they have in memkind.h. */
enum class kinds {
	DEFAULT = 0,
	HUGETLB = 1,
	INTERLEAVE = 2,
	HBW = 3,
	HBW_ALL = 4,
	HBW_HUGETLB = 5,
	HBW_ALL_HUGETLB = 6,
	HBW_PREFERRED = 7,
	HBW_PREFERRED_HUGETLB = 8,
	HBW_INTERLEAVE = 9,
	REGULAR = 10,
	DAX_KMEM = 11,
	DAX_KMEM_ALL = 12,
	DAX_KMEM_PREFERRED = 13,
	DAX_KMEM_INTERLEAVE = 14,
	HIGHEST_CAPACITY = 15,
	HIGHEST_CAPACITY_PREFERRED = 16,
	HIGHEST_CAPACITY_LOCAL = 17,
	HIGHEST_CAPACITY_LOCAL_PREFERRED = 18,
	LOWEST_LATENCY_LOCAL = 19,
	LOWEST_LATENCY_LOCAL_PREFERRED = 20,
	HIGHEST_BANDWIDTH_LOCAL = 21,
	HIGHEST_BANDWIDTH_LOCAL_PREFERRED = 22
};

/* What the allocators share; programs do not use it. */
namespace detail {

template <class T>
T *
allocate(memkind_t kind, std::size_t n)
{
	void *block = nullptr;

	if (n > static_cast<std::size_t>(-1) / sizeof(T))
		throw std::bad_array_new_length();
	if (alignof(T) <= alignof(std::max_align_t))
		block = memkind_malloc(kind, n * sizeof(T));
	else if (memkind_posix_memalign(
		     kind, &block, alignof(T), n * sizeof(T)) != 0)
		block = nullptr;
	if (block == nullptr)
		throw std::bad_alloc();
	return static_cast<T *>(block);
}

inline memkind_t
static_kind_of(kinds kind)
{
	switch (kind) {
	case kinds::DEFAULT:
		return MEMKIND_DEFAULT;
	case kinds::HUGETLB:
		return MEMKIND_HUGETLB;
	case kinds::INTERLEAVE:
		return MEMKIND_INTERLEAVE;
	case kinds::HBW:
		return MEMKIND_HBW;
	case kinds::HBW_ALL:
		return MEMKIND_HBW_ALL;
	case kinds::HBW_HUGETLB:
		return MEMKIND_HBW_HUGETLB;
	case kinds::HBW_ALL_HUGETLB:
		return MEMKIND_HBW_ALL_HUGETLB;
	case kinds::HBW_PREFERRED:
		return MEMKIND_HBW_PREFERRED;
	case kinds::HBW_PREFERRED_HUGETLB:
		return MEMKIND_HBW_PREFERRED_HUGETLB;
	case kinds::HBW_INTERLEAVE:
		return MEMKIND_HBW_INTERLEAVE;
	case kinds::REGULAR:
		return MEMKIND_REGULAR;
	case kinds::DAX_KMEM:
		return MEMKIND_DAX_KMEM;
	case kinds::DAX_KMEM_ALL:
		return MEMKIND_DAX_KMEM_ALL;
	case kinds::DAX_KMEM_PREFERRED:
		return MEMKIND_DAX_KMEM_PREFERRED;
	case kinds::DAX_KMEM_INTERLEAVE:
		return MEMKIND_DAX_KMEM_INTERLEAVE;
	case kinds::HIGHEST_CAPACITY:
		return MEMKIND_HIGHEST_CAPACITY;
	case kinds::HIGHEST_CAPACITY_PREFERRED:
		return MEMKIND_HIGHEST_CAPACITY_PREFERRED;
	case kinds::HIGHEST_CAPACITY_LOCAL:
		return MEMKIND_HIGHEST_CAPACITY_LOCAL;
	case kinds::HIGHEST_CAPACITY_LOCAL_PREFERRED:
		return MEMKIND_HIGHEST_CAPACITY_LOCAL_PREFERRED;
	case kinds::LOWEST_LATENCY_LOCAL:
		return MEMKIND_LOWEST_LATENCY_LOCAL;
	case kinds::LOWEST_LATENCY_LOCAL_PREFERRED:
		return MEMKIND_LOWEST_LATENCY_LOCAL_PREFERRED;
	case kinds::HIGHEST_BANDWIDTH_LOCAL:
		return MEMKIND_HIGHEST_BANDWIDTH_LOCAL;
	case kinds::HIGHEST_BANDWIDTH_LOCAL_PREFERRED:
		return MEMKIND_HIGHEST_BANDWIDTH_LOCAL_PREFERRED;
	}
	throw std::runtime_error(
	    "libmemkind::static_kind::allocator: no static kind has the "
	    "number " +
	    std::to_string(static_cast<int>(kind)));
}

/* Members that std::allocator_traits has had since C++11, for who names them.
 */
template <class T> struct old_members {
	typedef T *pointer;
	typedef const T *const_pointer;
	typedef T &reference;
	typedef const T &const_reference;
	typedef std::size_t size_type;
	typedef std::ptrdiff_t difference_type;

	template <class U, class... Args>
	void
	construct(U *p, Args &&...args) const
	{
		const volatile void *place = p;

		::new (const_cast<void *>(place))
		    U(std::forward<Args>(args)...);
	}

	template <class U>
	void
	destroy(U *p) const
	{
		p->~U();
	}
};

/* Those of an allocator A<T> that has a kind(). A container keeps its kind when
 * another is assigned to it, and exchanges it when two are swapped. */
template <template <class> class A, class T> struct kind_members {
	typedef T value_type;
	typedef std::true_type propagate_on_container_swap;
	typedef std::false_type is_always_equal;

	template <class U> struct rebind {
		typedef A<U> other;
	};

	T *
	allocate(std::size_t n) const
	{
		return detail::allocate<T>(mine(), n);
	}

	void
	deallocate(T *p, std::size_t) const
	{
		memkind_free(mine(), p);
	}

	memkind_t
	mine() const noexcept
	{
		return static_cast<const A<T> *>(this)->kind();
	}
};

template <template <class> class A, class T, class U>
bool
operator==(const kind_members<A, T> &a, const kind_members<A, U> &b) noexcept
{
	return a.mine() == b.mine();
}

template <template <class> class A, class T, class U>
bool
operator!=(const kind_members<A, T> &a, const kind_members<A, U> &b) noexcept
{
	return !(a == b);
}

/* A kind that the last of its allocators destroys. */
typedef std::shared_ptr<struct memkind> shared_kind;

/* Takes over what a function that creates a kind answered. */
inline shared_kind
own(const char *allocator, int error, memkind_t kind)
{
	char reason[MEMKIND_ERROR_MESSAGE_SIZE];

	if (error == MEMKIND_SUCCESS)
		return shared_kind(kind, memkind_destroy_kind);
	memkind_error_message(error, reason, sizeof(reason));
	std::string text = std::string(allocator) + ": " + reason;
	if (error == MEMKIND_ERROR_INVALID)
		throw std::invalid_argument(text);
	throw std::runtime_error(text);
}

/* Those of an allocator that shares its kind with its copies. */
template <template <class> class A, class T>
class shared_members : public kind_members<A, T>, public old_members<T> {
public:
	shared_members(const shared_members &other) = default;
	shared_members &operator=(const shared_members &other) = default;
	~shared_members() = default;

	memkind_t
	kind() const noexcept
	{
		return kind_.get();
	}

protected:
	explicit shared_members(const shared_kind &kind) : kind_(kind) {}

	template <class U>
	explicit shared_members(const shared_members<A, U> &other) noexcept
	    : kind_(other.kind_)
	{
	}

private:
	template <template <class> class, class> friend class shared_members;

	shared_kind kind_;
};

} // namespace detail

namespace static_kind {

/* An allocator of the static kind KIND; std::runtime_error when there is none
 * of this number. */
template <class T>
class allocator : public detail::kind_members<allocator, T>,
		  public detail::old_members<T> {
public:
	explicit allocator(kinds kind) : kind_(detail::static_kind_of(kind)) {}

	template <class U>
	allocator(const allocator<U> &other) noexcept : kind_(other.kind())
	{
	}

	memkind_t
	kind() const noexcept
	{
		return kind_;
	}

private:
	memkind_t kind_;
};

} // namespace static_kind

/*
 * An allocator of KIND, which is any live kind, and which the caller keeps
 * alive for as long as a container uses it. It is one pointer: copying it
 * counts nothing, unlike the allocators that own their kind, whose kind()
 * makes a kind_allocator too. It converts from a memkind_t, so that a container
 * can be made from a kind.
 *
 * A copy of a container is of the same kind. A container keeps its kind when
 * another is assigned to it, and exchanges it when two are swapped.
 */
template <class T>
class kind_allocator : public detail::kind_members<kind_allocator, T> {
public:
	kind_allocator(memkind_t kind) noexcept : kind_(kind) {}

	template <class U>
	kind_allocator(const kind_allocator<U> &other) noexcept
	    : kind_(other.kind())
	{
	}

	memkind_t
	kind() const noexcept
	{
		return kind_;
	}

private:
	memkind_t kind_;
};

} // namespace libmemkind

#endif /* MEMKIND_ALLOCATOR_H */
