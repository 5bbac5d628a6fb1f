/* SPDX-License-Identifier: BSD-2-Clause */
/* Folders like sys/ and proc/, made of a text. */
#include "topology_test.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;

Tree::Tree(const std::string &name)
{
	const char *temporary = getenv("TMPDIR");
	std::string folder = temporary != nullptr ? temporary : "/tmp";
	std::ifstream lines(MACHINES "/" + name + ".tree");
	std::string line;

	folder += "/topology.XXXXXX";
	EXPECT_NE(mkdtemp(folder.data()), nullptr) << folder;
	root = folder;
	EXPECT_TRUE(lines.is_open()) << name;
	while (std::getline(lines, line))
		if (!line.empty() && line[0] != '#')
			add(line);
}

Tree::~Tree()
{
	std::error_code ignored;

	fs::remove_all(root, ignored);
}

void
Tree::remove(const std::string &path)
{
	fs::remove_all(root + "/" + path);
}

void
Tree::add(const std::string &line)
{
	size_t tab = line.find('\t'), arrow = line.find(" -> ");
	fs::path path = root + "/" + line.substr(0, std::min(tab, arrow));

	fs::create_directories(path.parent_path());
	fs::remove(path);
	if (tab == std::string::npos) {
		fs::create_symlink(line.substr(arrow + 4), path);
		return;
	}
	std::string content = line.substr(tab + 1);
	for (size_t at; (at = content.find("\\n")) != std::string::npos;)
		content.replace(at, 2, "\n");
	std::ofstream(path) << content << "\n";
}
