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
template <class T>
class allocator : public detail::shared_members<allocator, T> {
	typedef detail::shared_members<allocator, T> base;

public:
	allocator(const char *dir, std::size_t max_size,
	    allocation_policy policy = allocation_policy::DEFAULT)
	    : base(create(dir, max_size, policy))
	{
	}

	allocator(const std::string &dir, std::size_t max_size,
	    allocation_policy policy = allocation_policy::DEFAULT)
	    : allocator(dir.c_str(), max_size, policy)
	{
	}

	template <class U>
	allocator(const allocator<U> &other) noexcept : base(other)
	{
	}

private:
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
};

} // namespace pmem
} // namespace libmemkind

#endif /* PMEM_ALLOCATOR_H */
