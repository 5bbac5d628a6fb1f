/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pmem_allocator.h - an allocator with a kind in a file, for C++11 or later.
 *
 * libmemkind::pmem::allocator<T> makes a kind in a directory. Its copies, for
 * whatever T, share the kind; the last one destroys it, so the kind lives as
 * long as any container that uses it. pmemallocator(3) has the whole, and the
 * rules of memkind_allocator.h hold. Where the copies are many and short-lived,
 * libmemkind::kind_allocator<T> of kind() saves the counting.
 */
#ifndef PMEM_ALLOCATOR_H
#define PMEM_ALLOCATOR_H

#include "memkind_allocator.h"

namespace libmemkind {

/* The usage policies, by the names they have in memkind.h. */
enum class allocation_policy {
	DEFAULT = MEMKIND_MEM_USAGE_POLICY_DEFAULT,
	CONSERVATIVE = MEMKIND_MEM_USAGE_POLICY_CONSERVATIVE,
	MAX
};

namespace pmem {

/*
 * An allocator of a new kind in a file without a name in the directory DIR,
 * with at most MAX_SIZE bytes (0: what the file system has) and the usage
 * policy POLICY; see memkind_create_pmem(). Throws std::invalid_argument when
 * the size is below MEMKIND_PMEM_MIN_SIZE, no file can be made there or POLICY
 * is none, std::runtime_error when the kind cannot be made for another reason,
 * and std::bad_alloc.
 *
 * A container keeps its kind when another is assigned to it, and exchanges it
 * when two are swapped.
 */
template <class T> class allocator : public detail::allocator_types<T> {
public:
	typedef std::true_type propagate_on_container_swap;

	template <class U> struct rebind {
		typedef allocator<U> other;
	};

	allocator(const char *dir, std::size_t max_size)
	    : kind_(create(dir, max_size, allocation_policy::DEFAULT))
	{
	}

	allocator(
	    const char *dir, std::size_t max_size, allocation_policy policy)
	    : kind_(create(dir, max_size, policy))
	{
	}

	allocator(const std::string &dir, std::size_t max_size)
	    : allocator(dir.c_str(), max_size)
	{
	}

	allocator(const std::string &dir, std::size_t max_size,
	    allocation_policy policy)
	    : allocator(dir.c_str(), max_size, policy)
	{
	}

	allocator(const allocator &other) = default;
	allocator &operator=(const allocator &other) = default;
	~allocator() = default;

	template <class U>
	allocator(const allocator<U> &other) noexcept : kind_(other.kind_)
	{
	}

	T *
	allocate(std::size_t n) const
	{
		return detail::allocate<T>(kind_.get(), n);
	}

	void
	deallocate(T *p, std::size_t) const
	{
		memkind_free(kind_.get(), p);
	}

	memkind_t
	kind() const noexcept
	{
		return kind_.get();
	}

private:
	template <class U> friend class allocator;

	static detail::shared_kind
	create(const char *dir, std::size_t max_size, allocation_policy policy)
	{
		memkind_t kind = nullptr;
		struct memkind_config *config = memkind_config_new();

		if (config == nullptr)
			throw std::bad_alloc();
		memkind_config_set_path(config, dir);
		memkind_config_set_size(config, max_size);
		memkind_config_set_memory_usage_policy(
		    config, static_cast<memkind_mem_usage_policy>(policy));
		int error = memkind_create_pmem_with_config(config, &kind);
		memkind_config_delete(config);
		return detail::own("libmemkind::pmem::allocator", error, kind);
	}

	detail::shared_kind kind_;
};

template <class T, class U>
bool
operator==(const allocator<T> &a, const allocator<U> &b) noexcept
{
	return a.kind() == b.kind();
}

template <class T, class U>
bool
operator!=(const allocator<T> &a, const allocator<U> &b) noexcept
{
	return !(a == b);
}

} // namespace pmem
} // namespace libmemkind

#endif /* PMEM_ALLOCATOR_H */
