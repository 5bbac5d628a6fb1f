/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * poolkind.hpp - kinds of memory for C++17 and later, on <poolkind.h>.
 *
 * All names are members of the class poolkind, which is also the type that
 * handles point to: poolkind::kind, poolkind::allocator<T>. There is no
 * namespace, as <poolkind.h> has that name already; `using pk = poolkind;'
 * makes a short one. No poolkind can be made: a handle points to nothing.
 *
 * Rules that hold for every function here:
 *
 *  - Threads: what <poolkind.h> says. Any thread may call any function at any
 *    time, except that a kind is closed by its owner alone, when nobody uses it
 *    any more. An object of a class here is, as those of the standard library,
 *    not changed by one thread while another uses it.
 *  - Ownership: a poolkind::kind owns a kind and closes it. Everything else
 *    (allocators, memory resources, deleters, scopes) refers to a kind, which
 *    has to be open as long as they, and the blocks from it, are used.
 *  - Errors: an allocation for which the kind has no room throws
 *    std::bad_alloc, as it is an answer and not a fault. All else throws
 *    std::system_error: code() is errno in std::generic_category(), and what()
 *    begins with the sentence of poolkind_errormsg(). What takes a
 *    std::error_code as its last argument throws nothing: it sets that, or
 *    clears it on success, and poolkind_errormsg() has the sentence.
 *  - Without exceptions (-fno-exceptions) what would throw calls
 *    std::terminate() instead, except that constructors of poolkind::kind and
 *    poolkind::scope that would throw are not there. All files of a program are
 *    compiled one way or the other.
 */
#ifndef POOLKIND_HPP
#define POOLKIND_HPP

#include <poolkind.h>

#include <cerrno>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#if __has_include(<memory_resource>)
#include <memory_resource>
#endif

#if defined(__cpp_exceptions)
#define POOLKIND_THROW(...) throw __VA_ARGS__
#else
#define POOLKIND_THROW(...) std::terminate()
#endif

struct poolkind {
	poolkind() = delete;
	poolkind(const poolkind &) = delete;
	poolkind &operator=(const poolkind &) = delete;
	~poolkind() = delete;

	class kind;
	template <class T> class allocator;
	class memory_resource;
	template <class T> class deleter;
	class scope;

	/* Points to an object, or with T[] to an array of them, in a kind. */
	template <class T> using unique_ptr = std::unique_ptr<T, deleter<T>>;

	/*
	 * An object made of ARGUMENTS in KIND; with T[] an array of COUNT
	 * objects that are value-initialised. What their constructors throw is
	 * passed on, after what was made is destroyed and freed.
	 *
	 * Throws besides: as allocator<T>::allocate().
	 */
	template <class T, class... Arguments>
	static std::enable_if_t<!std::is_array_v<T>, unique_ptr<T>> make_unique(
	    const kind &from, Arguments &&...arguments);
	template <class T>
	static std::enable_if_t<std::is_array_v<T>, unique_ptr<T>> make_unique(
	    const kind &from, std::size_t count);

	/* The same, but an empty pointer where allocate() would throw, with
	 * errno set: ENOMEM, or as poolkind_malloc() says. */
	template <class T, class... Arguments>
	static std::enable_if_t<!std::is_array_v<T>, unique_ptr<T>>
	try_make_unique(const kind &from, Arguments &&...arguments);
	template <class T>
	static std::enable_if_t<std::is_array_v<T>, unique_ptr<T>>
	try_make_unique(const kind &from, std::size_t count);

private:
	template <class T> class unfinished;

	/* The last error of this thread. */
	static std::error_code
	last_error() noexcept
	{
		return std::error_code(errno, std::generic_category());
	}

	[[noreturn]] static void
	fail()
	{
		POOLKIND_THROW(
		    std::system_error(last_error(), poolkind_errormsg()));
	}

	/* No block was had. */
	[[noreturn]] static void
	lack()
	{
		if (errno != ENOMEM)
			fail();
		POOLKIND_THROW(std::bad_alloc());
	}

	static void
	require(int result)
	{
		if (result != 0)
			fail();
	}

	/* malloc gives 16 bytes of alignment, but 8 to blocks of up to 8. */
	static void *
	take(poolkind *from, std::size_t size, std::size_t alignment) noexcept
	{
		if (alignment <= 8 || (alignment <= 16 && size > 8))
			return poolkind_malloc(from, size);
		return poolkind_aligned_alloc(from, alignment, size);
	}

	static void *
	take_or_throw(poolkind *from, std::size_t size, std::size_t alignment)
	{
		void *block = take(from, size, alignment);

		if (block == nullptr)
			lack();
		return block;
	}
};

/*
 * An open kind and its owner, which closes it at its end; or none, after
 * default construction, a move, release() or an error. Can be moved, not
 * copied. With none, allocate() and all that asks a kind fail with EINVAL.
 */
class poolkind::kind {
public:
	kind() noexcept = default;

#if defined(__cpp_exceptions)
	/* poolkind_open(SPEC, 0). Throws std::system_error, for what
	 * poolkind_open() says. */
	explicit kind(const char *spec) : handle_(poolkind_open(spec, 0))
	{
		if (handle_ == nullptr)
			fail();
	}
	explicit kind(const std::string &spec) : kind(spec.c_str())
	{
	}

	/* poolkind_open_region(): the region stays the caller's, mapped until
	 * the kind is closed. Throws std::system_error. */
	kind(void *address, std::size_t size, const char *options = nullptr)
	    : handle_(poolkind_open_region(address, size, options, 0))
	{
		if (handle_ == nullptr)
			fail();
	}
#endif

	/* The same without an exception: none, and ERROR set. */
	kind(const char *spec, std::error_code &error) noexcept
	    : handle_(poolkind_open(spec, 0))
	{
		error = handle_ ? std::error_code() : last_error();
	}
	kind(void *address, std::size_t size, const char *options,
	    std::error_code &error) noexcept
	    : handle_(poolkind_open_region(address, size, options, 0))
	{
		error = handle_ ? std::error_code() : last_error();
	}

	kind(kind &&other) noexcept : handle_(other.release())
	{
	}

	kind &
	operator=(kind &&other) noexcept
	{
		kind taken(std::move(other));

		std::swap(handle_, taken.handle_);
		return *this;
	}

	/* Closes the kind. One that another kind has as its fallback= cannot be
	 * closed before that one and stays open; close() tells. Leaves errno
	 * alone. */
	~kind()
	{
		int before = errno;

		poolkind_close(handle_);
		errno = before;
	}

	/* Takes over what poolkind_open() gave; NULL makes none. */
	[[nodiscard]] static kind
	adopt(poolkind *handle) noexcept
	{
		kind owner;

		owner.handle_ = handle;
		return owner;
	}

	/* Gives up the kind, which stays open: the caller closes it. */
	[[nodiscard]] poolkind *
	release() noexcept
	{
		return std::exchange(handle_, nullptr);
	}

	/* What the functions of <poolkind.h> take; NULL for none. */
	poolkind *
	handle() const noexcept
	{
		return handle_;
	}

	explicit operator bool() const noexcept
	{
		return handle_ != nullptr;
	}

	/* poolkind_close(): there is none afterwards. Throws std::system_error
	 * and stays as it is where it cannot be closed (EBUSY). */
	void
	close()
	{
		require(poolkind_close(handle_));
		handle_ = nullptr;
	}
	void
	close(std::error_code &error) noexcept
	{
		error.clear();
		if (poolkind_close(handle_) == 0)
			handle_ = nullptr;
		else
			error = last_error();
	}

	/* poolkind_name(), poolkind_text(), poolkind_resolved(): strings that
	 * live as long as the kind; NULL for none. */
	const char *
	name() const noexcept
	{
		return poolkind_name(handle_);
	}
	const char *
	text() const noexcept
	{
		return poolkind_text(handle_);
	}
	const char *
	resolved() const noexcept
	{
		return poolkind_resolved(handle_);
	}

	/* A block of SIZE bytes, content undefined, owned by the caller.
	 * ALIGNMENT is a power of two. Throws std::bad_alloc where there is no
	 * room, std::system_error for all else, see poolkind_malloc(). */
	[[nodiscard]] void *
	allocate(std::size_t size,
	    std::size_t alignment = alignof(std::max_align_t)) const
	{
		return take_or_throw(handle_, size, alignment);
	}

	/* The same, NULL with errno set in place of an exception. */
	[[nodiscard]] void *
	try_allocate(std::size_t size,
	    std::size_t alignment = alignof(std::max_align_t)) const noexcept
	{
		return take(handle_, size, alignment);
	}

	/* Frees a block of this kind, or NULL. */
	void
	deallocate(void *block) const noexcept
	{
		poolkind_free(handle_, block);
	}

	/* poolkind_get_stats(), poolkind_get_room(). Throw std::system_error
	 * (EINVAL: there is no kind). */
	poolkind_stats
	stats() const
	{
		poolkind_stats all;

		require(poolkind_get_stats(handle_, &all, sizeof(all)));
		return all;
	}
	poolkind_room
	room() const
	{
		poolkind_room all;

		require(poolkind_get_room(handle_, &all, sizeof(all)));
		return all;
	}

	/* poolkind_move(): the bytes that it moved. Throws std::system_error
	 * where some stayed, too; poolkind_move() says how many and why. */
	std::size_t
	move(const std::string &to, std::size_t rate = 0) const
	{
		poolkind_moved all;

		require(poolkind_move(
		    handle_, to.c_str(), rate, &all, sizeof(all)));
		return all.moved;
	}

	/* poolkind_set_limit(), poolkind_trim(), poolkind_check(). Throw
	 * std::system_error (EINVAL: there is no kind; check(): EIO). */
	void
	set_limit(std::size_t limit) const
	{
		require(poolkind_set_limit(handle_, limit));
	}
	void
	trim() const
	{
		require(poolkind_trim(handle_));
	}
	void
	check() const
	{
		require(poolkind_check(handle_));
	}

	/* poolkind_populate(): takes the pages of part PART of PARTS of BYTES
	 * at PTR. Throws std::system_error (ENOMEM: no room for them). */
	void
	populate(void *ptr, std::size_t bytes, unsigned part = 0,
	    unsigned parts = 1) const
	{
		require(poolkind_populate(handle_, ptr, bytes, part, parts));
	}

	/* poolkind_on_map(): TOLD, which does not throw, is told of memory as
	 * the kind gets and loses it; NULL for nobody. Throws
	 * std::system_error. */
	void
	on_map(poolkind_map_function *told, void *arg = nullptr) const
	{
		require(poolkind_on_map(handle_, told, arg));
	}

private:
	poolkind *handle_ = nullptr;
};

/*
 * Allocates objects of T from a kind, for containers and
 * std::allocate_shared(). Two are equal if they have the same kind. There is no
 * default: a container is always told its kind.
 *
 * Which kind a container has after it was copied, assigned or swapped:
 *
 *  - A copy that is constructed has the kind of its original
 *    (select_on_container_copy_construction), as there is no default to go back
 *    to. One for another kind is constructed with an allocator.
 *  - Assignment leaves a container in its kind and copies or moves the elements
 *    there (propagate_on_container_copy_assignment and _move_assignment are
 *    false), as with std::pmr: a table that was put in fast memory stays there,
 *    whatever is assigned to it. A move between kinds takes as long as a copy
 *    and may throw; within a kind it takes the blocks.
 *  - swap() exchanges the kinds together with the blocks
 *    (propagate_on_container_swap is true): pointers to elements stay valid,
 *    and nothing is copied. std::pmr leaves it undefined for two resources.
 *
 * std::scoped_allocator_adaptor<poolkind::allocator<T>> hands the kind on to
 * elements that have allocators of this sort themselves, such as strings in a
 * map; the elements of a plain container get it by their constructors only.
 */
template <class T> class poolkind::allocator {
public:
	using value_type = T;
	using propagate_on_container_copy_assignment = std::false_type;
	using propagate_on_container_move_assignment = std::false_type;
	using propagate_on_container_swap = std::true_type;
	using is_always_equal = std::false_type;

	/* From a kind that outlives all that is allocated; not a temporary. */
	allocator(const kind &from) noexcept : handle_(from.handle()) {}
	allocator(const kind &&) = delete;

	/* From a handle, which must not be NULL. */
	allocator(poolkind *from) noexcept : handle_(from) {}
	allocator(std::nullptr_t) = delete;

	template <class U>
	allocator(const allocator<U> &other) noexcept : handle_(other.handle())
	{
	}

	/* Room for COUNT objects, aligned as T is, also beyond 16 bytes. Throws
	 * std::bad_array_new_length where the bytes cannot be counted,
	 * std::bad_alloc where there is no room, std::system_error for all else
	 * (ENODEV: the nodes of the kind have no memory any more; EPERM: a
	 * child that was refused it; EINVAL: it is closed or none). */
	[[nodiscard]] T *
	allocate(std::size_t count)
	{
		if (count > static_cast<std::size_t>(-1) / sizeof(T))
			POOLKIND_THROW(std::bad_array_new_length());
		return static_cast<T *>(
		    take_or_throw(handle_, count * sizeof(T), alignof(T)));
	}

	/* Frees what allocate(COUNT) of an equal allocator gave. */
	void
	deallocate(T *block, std::size_t count) noexcept
	{
		poolkind_free_sized(handle_, block, count * sizeof(T));
	}

	allocator
	select_on_container_copy_construction() const noexcept
	{
		return *this;
	}

	/* The kind, as <poolkind.h> takes it. */
	poolkind *
	handle() const noexcept
	{
		return handle_;
	}

	template <class U>
	bool
	operator==(const allocator<U> &other) const noexcept
	{
		return handle_ == other.handle();
	}
	template <class U>
	bool
	operator!=(const allocator<U> &other) const noexcept
	{
		return handle_ != other.handle();
	}

private:
	poolkind *handle_;
};

#if defined(__cpp_lib_memory_resource)
/*
 * A kind as a std::pmr::memory_resource: for the containers of std::pmr, and as
 * what is behind a std::pmr::monotonic_buffer_resource or a pool resource.
 * Any thread may use it at any time. It refers to a kind, which has to be open
 * as long as the resource is used, and is neither copied nor moved, as others
 * have its address.
 *
 * allocate() throws as that of poolkind::kind, deallocate() nothing.
 * Two are equal (is_equal()) if they have the same kind, so that containers may
 * take each other's blocks; without RTTI only a resource and itself are.
 */
class poolkind::memory_resource : public std::pmr::memory_resource {
public:
	explicit memory_resource(const kind &from) noexcept
	    : handle_(from.handle())
	{
	}
	explicit memory_resource(const kind &&) = delete;
	explicit memory_resource(poolkind *from) noexcept : handle_(from) {}
	memory_resource(const memory_resource &) = delete;
	memory_resource &operator=(const memory_resource &) = delete;

	/* The kind, as <poolkind.h> takes it. */
	poolkind *
	handle() const noexcept
	{
		return handle_;
	}

private:
	void *
	do_allocate(std::size_t size, std::size_t alignment) override
	{
		return take_or_throw(handle_, size, alignment);
	}

	void
	do_deallocate(void *block, std::size_t size, std::size_t) override
	{
		poolkind_free_sized(handle_, block, size);
	}

	bool
	do_is_equal(
	    const std::pmr::memory_resource &other) const noexcept override
	{
		if (this == &other)
			return true;
#if defined(__cpp_rtti)
		auto *ours = dynamic_cast<const memory_resource *>(&other);

		return ours != nullptr && ours->handle_ == handle_;
#else
		return false;
#endif
	}

	poolkind *handle_;
};
#endif

/*
 * Destroys an object that was made in a kind and frees its block. The object is
 * of T itself and not of a class derived from it, whose block may begin
 * elsewhere; std::allocate_shared() has pointers to base classes. Any thread
 * may call it. A default one is for empty pointers.
 */
template <class T> class poolkind::deleter {
public:
	deleter() noexcept = default;
	explicit deleter(poolkind *from) noexcept : handle_(from) {}

	void
	operator()(T *object) const noexcept
	{
		std::destroy_at(object);
		poolkind_free_sized(handle_,
		    const_cast<std::remove_cv_t<T> *>(object), sizeof(T));
	}

private:
	poolkind *handle_ = nullptr;
};

/* The same for an array, of which it knows the length. */
template <class T> class poolkind::deleter<T[]> {
public:
	deleter() noexcept = default;
	deleter(poolkind *from, std::size_t count) noexcept
	    : handle_(from), count_(count)
	{
	}

	/* How many objects there are. */
	std::size_t
	count() const noexcept
	{
		return count_;
	}

	/* The last is destroyed first, as those of C++'s own arrays. */
	void
	operator()(T *objects) const noexcept
	{
		for (std::size_t left = count_; left > 0; left--)
			std::destroy_at(objects + left - 1);
		poolkind_free_sized(handle_,
		    const_cast<std::remove_cv_t<T> *>(objects),
		    count_ * sizeof(T));
	}

private:
	poolkind *handle_ = nullptr;
	std::size_t count_ = 0;
};

/* Objects while they are made, so that nothing is lost where a constructor
 * throws. */
template <class T> class poolkind::unfinished {
public:
	unfinished(poolkind *from, std::size_t count) noexcept
	    : handle_(from), count_(count),
	      objects_(count > static_cast<std::size_t>(-1) / sizeof(T) ?
		      too_many() :
		      static_cast<T *>(
			  take(from, count * sizeof(T), alignof(T))))
	{
	}
	unfinished(const unfinished &) = delete;
	unfinished &operator=(const unfinished &) = delete;

	~unfinished()
	{
		if (objects_ == nullptr)
			return;
		while (made_ > 0)
			std::destroy_at(objects_ + --made_);
		poolkind_free_sized(handle_, objects_, count_ * sizeof(T));
	}

	explicit operator bool() const noexcept { return objects_ != nullptr; }

	template <class... Arguments>
	void
	add(Arguments &&...arguments)
	{
		::new (static_cast<void *>(objects_ + made_))
		    T(std::forward<Arguments>(arguments)...);
		made_++;
	}

	T *
	finish() noexcept
	{
		return std::exchange(objects_, nullptr);
	}

private:
	static T *
	too_many() noexcept
	{
		errno = ENOMEM;
		return nullptr;
	}

	poolkind *handle_;
	std::size_t count_;
	std::size_t made_ = 0;
	T *objects_;
};

template <class T, class... Arguments>
std::enable_if_t<!std::is_array_v<T>, poolkind::unique_ptr<T>>
poolkind::try_make_unique(const kind &from, Arguments &&...arguments)
{
	unfinished<std::remove_cv_t<T>> object(from.handle(), 1);

	if (!object)
		return unique_ptr<T>();
	object.add(std::forward<Arguments>(arguments)...);
	return unique_ptr<T>(object.finish(), deleter<T>(from.handle()));
}

template <class T>
std::enable_if_t<std::is_array_v<T>, poolkind::unique_ptr<T>>
poolkind::try_make_unique(const kind &from, std::size_t count)
{
	static_assert(std::extent_v<T> == 0, "the length is an argument");
	unfinished<std::remove_cv_t<std::remove_extent_t<T>>> objects(
	    from.handle(), count);

	if (!objects)
		return unique_ptr<T>();
	for (std::size_t i = 0; i < count; i++)
		objects.add();
	return unique_ptr<T>(
	    objects.finish(), deleter<T>(from.handle(), count));
}

template <class T, class... Arguments>
std::enable_if_t<!std::is_array_v<T>, poolkind::unique_ptr<T>>
poolkind::make_unique(const kind &from, Arguments &&...arguments)
{
	auto made = try_make_unique<T>(
	    from, std::forward<Arguments>(arguments)...);

	if (!made)
		lack();
	return made;
}

template <class T>
std::enable_if_t<std::is_array_v<T>, poolkind::unique_ptr<T>>
poolkind::make_unique(const kind &from, std::size_t count)
{
	auto made = try_make_unique<T>(from, count);

	if (!made)
		lack();
	return made;
}

/*
 * While it lives, malloc and all that stands on it takes its blocks from a kind
 * in the thread that made it: poolkind_enter() and poolkind_leave(). So new and
 * the containers of libraries that know of no kinds do. The process has to have
 * libpoolkind-malloc as its malloc (poolkind run, or -lpoolkind-malloc). Scopes
 * of a thread end in the reverse of the order in which they began, in that
 * thread; a scope is a local variable. The kind stays open until then, and as
 * long as the blocks are used.
 */
class [[nodiscard]] poolkind::scope {
public:
#if defined(__cpp_exceptions)
	/* Throws std::system_error: ENOTSUP, EINVAL or E2BIG, as
	 * poolkind_enter() says. */
	explicit scope(const kind &from) : scope(from.handle())
	{
	}
	explicit scope(poolkind *from) : inside_(true)
	{
		require(poolkind_enter(from));
	}
#endif

	/* The same without an exception: where it cannot begin, ERROR is set,
	 * and malloc goes on as before. */
	scope(const kind &from, std::error_code &error) noexcept
	    : scope(from.handle(), error)
	{
	}
	scope(poolkind *from, std::error_code &error) noexcept
	    : inside_(poolkind_enter(from) == 0)
	{
		error = inside_ ? std::error_code() : last_error();
	}
	explicit scope(const kind &&) = delete;
	scope(const kind &&, std::error_code &) = delete;
	scope(const scope &) = delete;
	scope &operator=(const scope &) = delete;

	/* Whether it began. */
	explicit operator bool() const noexcept
	{
		return inside_;
	}

	/* Leaves errno alone. */
	~scope()
	{
		int before = errno;

		if (inside_)
			poolkind_leave();
		errno = before;
	}

private:
	bool inside_;
};

#undef POOLKIND_THROW

#endif /* POOLKIND_HPP */
