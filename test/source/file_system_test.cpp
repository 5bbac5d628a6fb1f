/* SPDX-License-Identifier: BSD-2-Clause */
/* What is left of a block's space when others fill the file system: for each
 * file system that this machine can make in a file and mount. */
#include "source_test.h"

namespace {

struct Made {
	const char *name;
	size_t mebibytes; /* of the image */
	const char *make; /* the program that makes it there */
	bool keeps;
	bool overlaid;
};

/* mkfs.xfs makes none below 300 MiB but for its own tests. */
const Made all[] = {
	{ "ext2", 24, "mkfs.ext2 -q -F", true, false },
	{ "ext3", 24, "mkfs.ext3 -q -F", true, false },
	{ "ext4", 24, "mkfs.ext4 -q -F", true, false },
	{ "xfs", 48,
	    "env TEST_DIR=t TEST_DEV=t QA_CHECK_FS=t mkfs.xfs -q -f -m "
	    "reflink=0",
	    true, false },
	{ "xfs-reflink", 48,
	    "env TEST_DIR=t TEST_DEV=t QA_CHECK_FS=t mkfs.xfs -q -f -m "
	    "reflink=1",
	    true, false },
	{ "btrfs", 128, "mkfs.btrfs -q -f", false, false },
	{ "btrfs-mixed", 48, "mkfs.btrfs -q -f --mixed", false, false },
	{ "tmpfs", 24, nullptr, true, false },
	{ "overlay-ext2", 24, "mkfs.ext2 -q -F", true, true },
	{ "overlay-ext4", 24, "mkfs.ext4 -q -F", true, true },
	{ "overlay-xfs", 48,
	    "env TEST_DIR=t TEST_DEV=t QA_CHECK_FS=t mkfs.xfs -q -f -m "
	    "reflink=1",
	    true, true },
	{ "overlay-btrfs", 128, "mkfs.btrfs -q -f", false, true },
	{ "overlay-tmpfs", 24, nullptr, true, true },
};

bool
run(const std::string &command)
{
	return system((command + " >/dev/null 2>&1").c_str()) == 0;
}

/* Fills the file system with a file of a name. */
void
fill(const std::string &directory)
{
	std::vector<char> data(64 * KIB, 'x');
	int fd = open(
	    (directory + "/filler").c_str(), O_CREAT | O_WRONLY, 0600);

	while (write(fd, data.data(), data.size()) > 0)
		continue;
	while (write(fd, data.data(), 512) > 0)
		continue;
	fsync(fd);
	close(fd);
}

/* Writes back what is dirty, so that a page that is written next asks the file
 * system anew. */
void
write_back(const std::string &directory)
{
	int fd = open(directory.c_str(), O_RDONLY);

	syncfs(fd);
	close(fd);
}

} // namespace

class FileSystems : public testing::TestWithParam<Made> {
protected:
	void
	SetUp() override
	{
		const Made &made = GetParam();
		std::string image = base.file("image");
		std::string mounted = base.path + "/mounted";

		ASSERT_EQ(mkdir(mounted.c_str(), 0700), 0);
		if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
		    mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE,
			nullptr) != 0)
			GTEST_SKIP() << "may not mount a file system here";
		std::string size = std::to_string(made.mebibytes) + "M";
		if (made.make == nullptr ?
			!run("mount -t tmpfs -o size=" + size + " tmpfs " +
			    mounted) :
			(truncate(image.c_str(),
			     (off_t)(made.mebibytes * MIB)) != 0 ||
			    !run(made.make + (" " + image)) ||
			    !run("mount -o loop " + image + " " + mounted)))
			GTEST_SKIP() << "cannot make or mount " << made.name;
		mounts.push_back(mounted);
		directory = mounted;
		if (made.overlaid)
			overlay(mounted);
	}
	void
	overlay(const std::string &under)
	{
		directory = base.path + "/overlay";
		for (const std::string &name : { under + "/upper",
			 under + "/work", under + "/lower", directory })
			mkdir(name.c_str(), 0700);
		if (!run("mount -t overlay overlay -o lowerdir=" + under +
			"/lower,upperdir=" + under + "/upper,workdir=" + under +
			"/work " + directory))
			GTEST_SKIP() << "no overlay on " << GetParam().name;
		mounts.push_back(directory);
	}
	void
	TearDown() override
	{
		while (!mounts.empty()) {
			umount2(mounts.back().c_str(), MNT_DETACH);
			mounts.pop_back();
		}
		rmdir((base.path + "/overlay").c_str());
		rmdir((base.path + "/mounted").c_str());
	}
	std::string
	text(const std::string &options) const
	{
		return "file:" + directory + options;
	}

	/* The promise: what was handed out can be written, whoever has the
	 * rest of the space. BETWEEN runs before that is so. */
	void
	keeps_space(
	    const std::string &options,
	    const std::function<int()> &between = [] { return 0; })
	{
		EXPECT_EQ(in_child([&] {
			Source source(text(options));
			if ((struct source *)source == nullptr)
				return 1;
			std::vector<char *> spans;
			for (size_t bytes :
			    { 4 * MIB, MIB, 64 * KIB, 64 * KIB, PAGE_BYTES }) {
				char *span = source.span(bytes);
				if (span == nullptr)
					return 2;
				memset(span, 1, bytes);
				spans.push_back(span);
			}
			write_back(directory);
			if (between() != 0)
				return 3;
			fill(directory);
			write_back(directory);
			memset(spans[0], 2, 4 * MIB);
			memset(spans[1], 2, MIB);
			for (size_t i = 2; i < 4; i++)
				memset(spans[i], 2, 64 * KIB);
			memset(spans[4], 2, PAGE_BYTES);
			unlink((directory + "/filler").c_str());
			return spans[0][4 * MIB - 1] == 2 ? 0 : 4;
		}),
		    0)
		    << GetParam().name << options;
	}

	Directory base;
	std::vector<std::string> mounts;
	std::string directory;
};

TEST_P(FileSystems, KeepTheSpaceOfABlockOrAreRefused)
{
	if (GetParam().keeps) {
		keeps_space("");
		keeps_space(",size=8M");
		keeps_space(",size=8M,reserve=yes");
		return;
	}
	for (const char *options : { "", ",size=8M", ",size=8M,reserve=yes" }) {
		Source source(text(options));

		EXPECT_EQ((struct source *)source, nullptr) << options;
		EXPECT_EQ(errno, EOPNOTSUPP);
		EXPECT_NE(strstr(error_text(),
			      GetParam().overlaid ? "overlay" : "btrfs"),
		    nullptr)
		    << error_text();
	}
	Source trusted(text(",trust=yes"));
	ASSERT_NE((struct source *)trusted, nullptr) << error_text();
	memset(trusted.span(MIB), 1, MIB);
}

/* A copy that shared its blocks with the original would take the next write of
 * both sides their space. */
TEST_P(FileSystems, KeepItAfterAForkThatCopies)
{
	if (!GetParam().keeps)
		return;
	keeps_space(",fork=copy", [] {
		int error = sources_prefork();
		int ends[2];
		char byte;

		EXPECT_EQ(pipe(ends), 0);
		if (fork() == 0) {
			/* Keeps its copy until its parent is gone. */
			close(ends[1]);
			sources_postfork_child();
			_exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
		}
		sources_postfork_parent();
		return error;
	});
}

INSTANTIATE_TEST_SUITE_P(
    All, FileSystems, testing::ValuesIn(all), [](const auto &made) {
	    std::string name = made.param.name;

	    for (char &c : name)
		    c = c == '-' ? '_' : c;
	    return name;
    });
