/* SPDX-License-Identifier: BSD-2-Clause */
/* engine_cgroup.cpp - see engine_cgroup.h. */
#include "engine_cgroup.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <sys/stat.h>
#include <unistd.h>

namespace engine {

namespace {

const char *const V1 = "/sys/fs/cgroup/memory", *const V2 = "/sys/fs/cgroup";

std::string
text_of(const std::string &path)
{
	std::stringstream text;

	text << std::ifstream(path).rdbuf();
	return text.str();
}

bool
put(const std::string &path, const std::string &text)
{
	std::ofstream file(path);

	file << text << std::flush;
	return file.good();
}

size_t
number_behind(const std::string &text, const std::string &word)
{
	size_t at = text.find(word);

	return at == std::string::npos ?
	    0 :
	    strtoull(text.c_str() + at + word.size(), nullptr, 10);
}

} // namespace

MemoryCgroup::MemoryCgroup(size_t limit)
{
	v2_ = access((std::string(V1) + "/cgroup.procs").c_str(), F_OK) != 0;
	name_ = "/poolkind-test." + std::to_string(getpid());
	if (v2_ &&
	    text_of(std::string(V2) + "/cgroup.subtree_control")
		    .find("memory") == std::string::npos) {
		why_not_ = "the root does not hand memory down";
		return;
	}
	path_ = (v2_ ? V2 : V1) + name_;
	if (mkdir(path_.c_str(), 0755) != 0) {
		why_not_ = path_ + ": " + strerror(errno);
		path_.clear();
		return;
	}
	std::string bytes = std::to_string(limit);
	if (!put(path_ + (v2_ ? "/memory.max" : "/memory.limit_in_bytes"),
		bytes))
		why_not_ = path_ + " takes no limit";
	put(path_ + (v2_ ? "/memory.swap.max" : "/memory.memsw.limit_in_bytes"),
	    v2_ ? "0" : bytes);
}

MemoryCgroup::~MemoryCgroup()
{
	if (!path_.empty())
		for (int i = 0; i < 1000 && rmdir(path_.c_str()) != 0; i++)
			usleep(10000);
}

bool
MemoryCgroup::enter() const
{
	return put(path_ + "/cgroup.procs", std::to_string(getpid()));
}

size_t
MemoryCgroup::usage() const
{
	return number_behind(
	    text_of(
		path_ + (v2_ ? "/memory.current" : "/memory.usage_in_bytes")),
	    "");
}

size_t
MemoryCgroup::kills() const
{
	return number_behind(
	    text_of(path_ + (v2_ ? "/memory.events" : "/memory.oom_control")),
	    "oom_kill ");
}

} // namespace engine
