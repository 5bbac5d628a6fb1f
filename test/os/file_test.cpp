/* SPDX-License-Identifier: BSD-2-Clause */
/* Files without names, their length, space and descriptors. */
#include "os_test.h"

#include <atomic>
#include <climits>
#include <csignal>
#include <pthread.h>
#include <sys/ioctl.h>
#include <thread>

namespace {

int
open_in(const std::string &path)
{
	int fd = -1;
	int err = os_open_unlinked(path.c_str(), &fd);

	if (err == 0)
		os_close(fd);
	return err;
}

/* What every way of opening promises. */
void
expect_nameless(const Directory &directory)
{
	struct stat status;
	int fd = -1;

	ASSERT_EQ(os_open_unlinked(directory.path.c_str(), &fd), 0);
	EXPECT_TRUE(directory.names().empty());
	ASSERT_EQ(fstat(fd, &status), 0);
	EXPECT_EQ(status.st_nlink, 0u);
	EXPECT_EQ(status.st_mode & 07777, 0600u);
	EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	os_close(fd);
	EXPECT_EQ(fcntl(fd, F_GETFD), -1);
}

} // namespace

TEST(OpenUnlinked, LeavesNoName)
{
	Directory directory;

	expect_nameless(directory);
}

TEST(OpenUnlinked, LeavesNoNameWithoutTmpfileEither)
{
#ifndef POOLKIND_DEBUG
	GTEST_SKIP() << "needs the fault injection of the debug library";
#endif
	Directory directory;
	sigset_t before, after;

	pthread_sigmask(SIG_SETMASK, nullptr, &before);
	for (int answer : { EOPNOTSUPP, EISDIR, ENOENT }) {
		os_fault_at(OS_OPEN, 1, answer, false);
		expect_nameless(directory);
	}
	pthread_sigmask(SIG_SETMASK, nullptr, &after);
	for (int number = 1; number < NSIG; number++)
		EXPECT_EQ(
		    sigismember(&before, number), sigismember(&after, number));
	os_fault_at(OS_OPEN, 1, EOPNOTSUPP, false);
	EXPECT_EQ(
	    open_in(directory.path + std::string(PATH_MAX, '/')), ENAMETOOLONG);
}

TEST(OpenUnlinked, SaysWhyADirectoryWillNotDo)
{
	Directory directory;
	std::string file = directory.file("file");

	EXPECT_EQ(open_in(""), ENOENT);
	EXPECT_EQ(open_in(directory.path + "/missing"), ENOENT);
	EXPECT_EQ(open_in(file), ENOTDIR);
	EXPECT_EQ(open_in(file + "/below"), ENOTDIR);
	EXPECT_EQ(open_in("/dev/null"), ENOTDIR);
	EXPECT_EQ(open_in(directory.path + "/" + std::string(256, 'n')),
	    ENAMETOOLONG);
	EXPECT_EQ(open_in(std::string(PATH_MAX, 'n')), ENAMETOOLONG);
	EXPECT_NE(open_in("/proc"), 0);
}

TEST(OpenUnlinked, ObeysPermissions)
{
	Directory directory;

	ASSERT_EQ(chmod(directory.path.c_str(), 0500), 0);
	EXPECT_EQ(in_child([&] {
		if (geteuid() == 0 && setuid(65534) != 0)
			return 1;
		return open_in(directory.path) == EACCES ? 0 : 2;
	}),
	    0);
}

TEST(OpenUnlinked, SaysThatDescriptorsAreUsedUp)
{
	Directory directory;
	int next = dup(0);

	close(next);
	Limit descriptors(RLIMIT_NOFILE, (rlim_t)next);
	EXPECT_EQ(open_in(directory.path), EMFILE);
}

/* SIGXFSZ ends a process: to get past it is the test. */
TEST(FileSizeLimit, IsAnErrorAndNoSignal)
{
	Directory directory;
	int fd = nameless(directory, 2 * MIB);
	Limit size(RLIMIT_FSIZE, MIB);
	sigset_t pending;

	EXPECT_EQ(os_set_length(fd, MIB + 1), EFBIG);
	EXPECT_EQ(os_write_file(fd, "x", 1, MIB), EFBIG);
	EXPECT_EQ(os_set_length(fd, MIB), 0);
	EXPECT_EQ(os_write_file(fd, "x", 1, MIB - 1), 0);
	sigpending(&pending);
	EXPECT_FALSE(sigismember(&pending, SIGXFSZ));
	os_close(fd);
}

TEST(SetLength, RefusesWhatNoFileCanHave)
{
	Directory directory;
	int fd = nameless(directory, 0);

	EXPECT_EQ(os_set_length(fd, -1), EFBIG);
	EXPECT_EQ(os_set_length(fd, MIB), 0);
	EXPECT_EQ(lseek(fd, 0, SEEK_END), (off_t)MIB);
	os_close(fd);
}

TEST(TakeSpace, TakesItAndKeepsTheContent)
{
	Directory directory;
	int fd = nameless(directory, MIB);
	char byte = 0;

	ASSERT_EQ(os_write_file(fd, "x", 1, 70000), 0);
	ASSERT_EQ(os_take_space(fd, 64 * KIB, 512 * KIB), 0);
	EXPECT_GE(space_of(fd), 512 * KIB);
	EXPECT_LT(space_of(fd), MIB);
	EXPECT_EQ(lseek(fd, 0, SEEK_END), (off_t)MIB);
	ASSERT_EQ(pread(fd, &byte, 1, 70000), 1);
	EXPECT_EQ(byte, 'x');
	os_close(fd);
}

TEST(TakeSpace, SaysThatTheFileSystemIsFull)
{
	Directory directory;
	uint64_t left;
	int fd;

	if (!directory.mount_here("tmpfs", "size=1M"))
		GTEST_SKIP() << "a file system cannot be mounted here";
	fd = nameless(directory, 2 * MIB);
	ASSERT_EQ(os_free_space(fd, &left), 0);
	EXPECT_EQ(left, MIB);
	ASSERT_EQ(os_take_space(fd, 0, 256 * KIB), 0);
	ASSERT_EQ(os_free_space(fd, &left), 0);
	EXPECT_EQ(left, 768 * KIB);
	EXPECT_EQ(os_take_space(fd, 0, 2 * MIB), ENOSPC);
	os_close(fd);
}

/* ramfs has no fallocate(2), and tells no size. */
TEST(TakeSpace, DoesWithoutFallocate)
{
	Directory directory;
	uint64_t left = 0;
	char byte = 0;
	int fd;

	if (!directory.mount_here("ramfs", nullptr))
		GTEST_SKIP() << "a file system cannot be mounted here";
	fd = nameless(directory, MIB);
	ASSERT_EQ(fallocate(fd, 0, 0, MIB), -1);
	ASSERT_EQ(errno, EOPNOTSUPP);
	ASSERT_EQ(os_write_file(fd, "x", 1, 4096), 0);
	EXPECT_EQ(os_take_space(fd, 0, MIB), 0);
	ASSERT_EQ(pread(fd, &byte, 1, 4096), 1);
	EXPECT_EQ(byte, 'x');
	ASSERT_EQ(os_free_space(fd, &left), 0);
	EXPECT_EQ(left, UINT64_MAX);
	{
		Limit size(RLIMIT_FSIZE, MIB / 2);

		EXPECT_EQ(os_take_space(fd, 0, MIB), EFBIG);
	}
	os_close(fd);
}

/* On tmpfs a signal undoes a fallocate(2), and a profiler sends one every few
 * milliseconds: goes on in smaller pieces, down to 2 MiB. */
TEST(TakeSpace, GoesOnInPiecesWhenItIsInterrupted)
{
#ifndef POOLKIND_DEBUG
	GTEST_SKIP() << "needs the fault injection of the debug library";
#endif
	Directory directory;
	int fd = nameless(directory, 8 * MIB);

	os_fault_at(OS_TAKE_SPACE, 1, EINTR, false);
	EXPECT_EQ(os_take_space(fd, 0, 8 * MIB), 0);
	EXPECT_GE(space_of(fd), 8 * MIB);
	os_fault_at(OS_TAKE_SPACE, 2, ENOSPC, false);
	EXPECT_EQ(os_take_space(fd, 0, 8 * MIB), 0);
	os_fault_at(OS_TAKE_SPACE, 1, EINTR, false);
	EXPECT_EQ(os_take_space(fd, 0, 2 * MIB), 0);
	os_fault_at(OS_TAKE_SPACE, 0, 0, false);
	os_close(fd);
}

TEST(WriteFile, WritesAllOfItWhereItShould)
{
	Directory directory;
	std::string data(300000, 'd'), back(300000, ' ');
	int fd = nameless(directory, MIB);

	ASSERT_EQ(os_write_file(fd, data.data(), data.size(), 12345), 0);
	ASSERT_EQ(
	    pread(fd, &back[0], back.size(), 12345), (ssize_t)back.size());
	EXPECT_EQ(back, data);
	EXPECT_EQ(os_write_file(-1, "x", 1, 0), EBADF);
	os_close(fd);
}

/* A device, as far as the lock goes, may be any file. */
TEST(Device, IsForOneAndTheNextIsToldWhoHasIt)
{
	Directory directory;
	std::string path = directory.path + "/device";
	unsigned process = 1;
	int first, second;

	close(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	EXPECT_EQ(os_lock_holder(path.c_str(), &process), ESRCH);
	EXPECT_EQ(process, 0u);
	ASSERT_EQ(os_open_device(path.c_str(), false, &first), 0);
	EXPECT_EQ(os_open_device(path.c_str(), false, &second), EBUSY);
	EXPECT_EQ(os_lock_holder(path.c_str(), &process), 0);
	EXPECT_EQ(process, (unsigned)getpid());
	ASSERT_EQ(os_open_device(path.c_str(), true, &second), 0);
	os_close(second);
	os_close(first);
	ASSERT_EQ(os_open_device(path.c_str(), false, &second), 0);
	os_close(second);
	EXPECT_EQ(os_lock_holder("/there/is/none", &process), ENOENT);
}

TEST(MoveHigh, GetsOutOfTheWayAndStaysTheSameFile)
{
	Directory directory;
	struct os_file_id before, after, other;
	int fd = nameless(directory, 0), another = nameless(directory, 0);
	int moved;

	ASSERT_EQ(os_file_id(fd, &before), 0);
	moved = os_move_high(fd);
	EXPECT_GT(moved, 256);
	EXPECT_EQ(fcntl(moved, F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(fcntl(fd, F_GETFD), -1);
	ASSERT_EQ(os_file_id(moved, &after), 0);
	EXPECT_EQ(before.device, after.device);
	EXPECT_EQ(before.inode, after.inode);
	ASSERT_EQ(os_file_id(another, &other), 0);
	EXPECT_NE(before.inode, other.inode);
	EXPECT_EQ(os_file_id(-1, &other), EBADF);
	os_close(moved);
	os_close(another);
}

TEST(MoveHigh, TakesTheHighestBandThatHasRoom)
{
	Directory directory;
	Limit descriptors(RLIMIT_NOFILE, 200);
	int fd = os_move_high(nameless(directory, 0));

	EXPECT_GE(fd, 200 - 64);
	for (int other = 200 - 64; other < 200; other++)
		ASSERT_EQ(dup2(fd, other), other);
	fd = os_move_high(nameless(directory, 0));
	EXPECT_LT(fd, 200 - 64);
	EXPECT_GE(fd, (200 - 64) / 2);
	os_close(fd);
	for (int other = 200 - 64; other < 200; other++)
		os_close(other);
}

TEST(MoveHigh, StaysWhenThereIsNoHigherNumber)
{
	Directory directory;
	int fd = nameless(directory, 0);
	Limit descriptors(RLIMIT_NOFILE, (rlim_t)fd + 1);

	EXPECT_EQ(os_move_high(fd), fd);
	EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	os_close(fd);
}

/* Signals cut write(2) short whenever the pipe is full. */
TEST(Write, WritesAllInSpiteOfSignals)
{
	std::string text(1 << 20, ' '), got;
	struct sigaction action = {}, before;
	std::vector<char> piece(7 * PAGE_BYTES);
	pthread_t writer = pthread_self();
	std::atomic<bool> written{ false };
	int ends[2];
	ssize_t length;

	for (size_t i = 0; i < text.size(); i++)
		text[i] = (char)('a' + i % 25);
	ASSERT_EQ(pipe(ends), 0);
	action.sa_handler = [](int) {};
	sigaction(SIGUSR1, &action, &before);
	std::thread reader([&] {
		for (;;) {
			int waiting = 0;

			if (got.size() < text.size() / 2) {
				do
					ioctl(ends[0], FIONREAD, &waiting);
				while (waiting < 65536 && !written);
				pthread_kill(writer, SIGUSR1);
			}
			length = read(ends[0], piece.data(), piece.size());
			if (length <= 0)
				break;
			got.append(piece.data(), (size_t)length);
		}
	});
	os_write(ends[1], text.data(), text.size());
	written = true;
	close(ends[1]);
	reader.join();
	close(ends[0]);
	sigaction(SIGUSR1, &before, nullptr);
	EXPECT_EQ(got, text);
	os_write(-1, "nobody", 6);
}

/* malloc is no point of cancellation, so nothing below it may be one. */
TEST(FileSystem, SizeIsAtLeastWhatIsFree)
{
	uint64_t size, free_bytes;
	Directory directory;
	int fd;

	ASSERT_EQ(os_file_system_size(directory.path.c_str(), &size), 0);
	ASSERT_EQ(os_open_unlinked(directory.path.c_str(), &fd), 0);
	ASSERT_EQ(os_free_space(fd, &free_bytes), 0);
	EXPECT_GE(size, free_bytes);
	EXPECT_GT(size, 0u);
	os_close(fd);
	EXPECT_EQ(os_file_system_size("/there/is/none", &size), ENOENT);
}

TEST(FileSystem, SharedMemoryIsNotDax)
{
	bool is_dax = true;
	int fd;

	ASSERT_EQ(os_open_unlinked("/dev/shm", &fd), 0);
	EXPECT_EQ(os_is_dax_file(fd, &is_dax), 0);
	EXPECT_FALSE(is_dax);
	os_close(fd);
	EXPECT_EQ(os_is_dax_file(-1, &is_dax), EBADF);
}

TEST(Text, IsReadFromItsBeginning)
{
	char text[8];

	ASSERT_EQ(os_read_text("/proc/version", text, sizeof(text)), 0);
	EXPECT_STREQ(text, "Linux v");
	EXPECT_EQ(os_read_text("/dev/null", text, sizeof(text)), ENODATA);
	EXPECT_EQ(os_read_text("/there/is/none", text, sizeof(text)), ENOENT);
	EXPECT_STREQ(text, "");
}

TEST(Sealed, IsReadAndNeverChanged)
{
	const char text[] = "what nobody changes";
	void *addr = nullptr;
	size_t bytes = 0;
	int fd = -1;

	ASSERT_EQ(os_make_sealed("test", text, sizeof(text), 100, &fd), 0);
	EXPECT_GE(fd, 100);
	EXPECT_EQ(fcntl(fd, F_GETFD), 0) << "programs inherit it";
	EXPECT_EQ(pwrite(fd, "W", 1, 0), -1);
	EXPECT_EQ(ftruncate(fd, 1), -1);
	EXPECT_EQ(ftruncate(fd, 100), -1);
	ASSERT_EQ(os_map_sealed(fd, &addr, &bytes), 0);
	EXPECT_EQ(bytes, sizeof(text));
	EXPECT_EQ(memcmp(addr, text, sizeof(text)), 0);
	os_unmap(addr, bytes);
	os_close(fd);
	ASSERT_EQ(os_make_sealed("test", text, sizeof(text), INT_MAX, &fd), 0)
	    << "any number does";
	os_close(fd);
}

TEST(Cancellation, PassesByEveryFunction)
{
	struct Shared {
		Directory directory;
		std::string done;
	} shared;
	pthread_t thread;
	void *result = nullptr;

#if defined(__SANITIZE_ADDRESS__)
	GTEST_SKIP() << "AddressSanitizer trips over a thread's cancellation";
#endif
	ASSERT_EQ(pthread_create(
		      &thread, nullptr,
		      [](void *arg) -> void * {
			      Shared *to = (Shared *)arg;
			      int fd = -1, sink = open("/dev/null", O_WRONLY);

			      pthread_cancel(pthread_self());
			      os_open_unlinked(to->directory.path.c_str(), &fd);
			      to->done += 'o';
			      os_set_length(fd, MIB);
			      os_take_space(fd, 0, MIB);
			      to->done += 't';
			      os_write_file(fd, "x", 1, 0);
			      to->done += 'f';
			      os_write(sink, "x", 1);
			      to->done += 'w';
			      os_close(os_move_high(fd));
			      to->done += 'c';
			      os_close(sink);
			      unsigned process;
			      char text[64];
			      os_lock_holder("/proc/locks", &process);
			      to->done += 'l';
			      os_read_text("/proc/self/stat", text, 64);
			      to->done += 'r';
			      pthread_testcancel();
			      to->done += '!';
			      return nullptr;
		      },
		      &shared),
	    0);
	ASSERT_EQ(pthread_join(thread, &result), 0);
	EXPECT_EQ(shared.done, "otfwclr");
	EXPECT_EQ(result, PTHREAD_CANCELED);
}
