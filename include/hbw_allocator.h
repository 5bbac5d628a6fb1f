/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hbw_allocator.h - an allocator of high bandwidth memory, for C++98 or later.
 *
 * hbw::allocator<T> allocates by hbwmalloc.h, so from where the policy of the
 * process says. It holds nothing: all are equal, for whatever T, and any thread
 * may use any of them at any time. hbwallocator(3) has the whole.
 */
#ifndef HBW_ALLOCATOR_H
#define HBW_ALLOCATOR_H

#include "hbwmalloc.h"

#include <cstddef>
#include <new>
#if __cplusplus >= 201103L
#include <type_traits>
#include <utility>
#endif

namespace hbw {

/*
 * allocate(N) gives room for N objects of T, since C++11 aligned as T wants it
 * also beyond what malloc(3) aligns to. It throws std::bad_alloc when N is 0 or
 * the memory cannot be had, and when N is above max_size() (since C++11 as
 * std::bad_array_new_length).
 */
template <class T> class allocator {
public:
	typedef T value_type;
	typedef T *pointer;
	typedef const T *const_pointer;
	typedef T &reference;
	typedef const T &const_reference;
	typedef std::size_t size_type;
	typedef std::ptrdiff_t difference_type;

	template <class U> struct rebind {
		typedef hbw::allocator<U> other;
	};

#if __cplusplus >= 201103L
	typedef std::true_type is_always_equal;
	typedef std::true_type propagate_on_container_move_assignment;

	allocator() noexcept = default;

	template <class U> allocator(const allocator<U> &) noexcept
	{
	}

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
#else
	allocator() throw()
	{
	}

	template <class U> allocator(const allocator<U> &) throw()
	{
	}

	void
	construct(pointer p, const value_type &value) const
	{
		::new (static_cast<void *>(p)) T(value);
	}

	void
	destroy(pointer p) const
	{
		p->~T();
	}
#endif

	pointer
	address(reference x) const
	{
		return &x;
	}

	const_pointer
	address(const_reference x) const
	{
		return &x;
	}

	size_type
	max_size() const
	{
		return static_cast<size_type>(-1) / sizeof(T);
	}

	pointer
	allocate(size_type n) const
	{
		if (n > max_size())
			refuse();
		void *block = take(n * sizeof(T));
		if (!block)
			throw std::bad_alloc();
		return static_cast<pointer>(block);
	}

	pointer
	allocate(size_type n, const void *) const
	{
		return allocate(n);
	}

	void
	deallocate(pointer p, size_type) const
	{
		hbw_free(p);
	}

private:
#if __cplusplus >= 201103L
	static void
	refuse()
	{
		throw std::bad_array_new_length();
	}

	static void *
	take(size_type size)
	{
		void *block = nullptr;

		if (alignof(T) <= alignof(std::max_align_t))
			return hbw_malloc(size);
		if (hbw_posix_memalign(&block, alignof(T), size) != 0)
			return nullptr;
		return block;
	}
#else
	static void
	refuse()
	{
		throw std::bad_alloc();
	}

	static void *
	take(size_type size)
	{
		return hbw_malloc(size);
	}
#endif
};

template <class T, class U>
bool
operator==(const allocator<T> &, const allocator<U> &)
{
	return true;
}

template <class T, class U>
bool
operator!=(const allocator<T> &, const allocator<U> &)
{
	return false;
}

} // namespace hbw

#endif /* HBW_ALLOCATOR_H */
