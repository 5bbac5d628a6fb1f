/* SPDX-License-Identifier: BSD-2-Clause */
/* That the tables of sources and options are what poolkind(7) says, and what
 * the parser and the printer do. */
#include "spec_test.h"

#include <fstream>
#include <map>
#include <regex>
#include <sstream>

extern "C" {
#include "spec/table.h"
}

namespace {

std::vector<std::string>
lines_of(const char *path)
{
	std::ifstream file(path);
	std::vector<std::string> lines;

	for (std::string line; std::getline(file, line);)
		lines.push_back(line);
	return lines;
}

const std::vector<std::string> manual = lines_of(MANUAL);

/* What a reader sees of a cell: "kind Ns Ar N" is kindN, "Cm scope=" scope. */
std::string
plain(std::string text)
{
	for (const char *macro : { " Ns ", "Cm ", "Em ", "Ar ", "\\&", "=" })
		for (size_t at; (at = text.find(macro)) != std::string::npos;)
			text.erase(at, strlen(macro));
	return text;
}

std::vector<std::string>
cells(const std::string &row)
{
	static const std::regex separator(" Ta ");
	std::string text = row.substr(strlen(".It "));
	std::vector<std::string> found;

	for (std::sregex_token_iterator
		 at(text.begin(), text.end(), separator, -1),
	     end;
	     at != end; ++at)
		found.push_back(plain(*at));
	return found;
}

/* The rows of the table of options, the line of titles first. */
std::vector<std::vector<std::string>>
option_table()
{
	std::vector<std::vector<std::string>> rows;

	for (const std::string &line : manual)
		if (line.find(" Ta ") != std::string::npos)
			rows.push_back(cells(line));
	return rows;
}

/* Whether sources that the title stands for take the option; all of them, or
 * none. */
bool
takes(const struct spec_option &option, const std::string &title)
{
	int yes = 0, no = 0;

	for (unsigned i = 0; i < SPEC_SOURCE_COUNT; i++) {
		bool named = title == spec_sources[i].word ||
		    (title == "attribute" &&
			spec_sources[i].traits & SPEC_BY_ATTRIBUTE);

		if (named)
			++(option_fits(&option, (enum spec_source)i) ? yes :
								       no);
	}
	EXPECT_NE(yes == 0, no == 0) << option.word << " and " << title;
	return yes > 0;
}

bool
has_line(const std::string &wanted)
{
	for (const std::string &line : manual)
		if (line == wanted)
			return true;
	return false;
}

/* A spec of the source, with what it needs behind its colon. */
std::string
text_of(const struct spec_source_row &source)
{
	static const std::map<const struct spec_where *, std::string> where = {
		{ &spec_where_nothing, "" }, { &spec_where_nodes, ":1-2,4" },
		{ &spec_where_tier, ":4" },
		{ &spec_where_directory, ":/a\\,b" },
		{ &spec_where_device, ":node=3" }
	};

	return source.word + where.at(source.where);
}

/* Values of an option, by the form that its row has. Some need others. */
std::vector<std::string>
values_of(const struct spec_option &option, bool has_nodes)
{
	std::vector<std::string> values;
	std::stringstream words(option.form);

	if (strcmp(option.word, "policy") == 0)
		return has_nodes ? std::vector<std::string>(option.words,
				       option.words + option.word_count - 1) :
				   std::vector<std::string>({ "local" });
	if (strcmp(option.word, "page") == 0)
		return { "auto", "4K", "thp", "64K", "2M", "512M", "16G" };
	if (strcmp(option.form, "SIZE|N%|share") == 0)
		return { "3M", "5", "2T", "1%", "100%", "share" };
	if (strcmp(option.word, "low") == 0)
		return { "3%,high=50%", "99%,high=100%" };
	if (strcmp(option.word, "spill-from") == 0)
		return { "3M,high=50%", "5,high=1%" };
	if (strcmp(option.form, "SIZE") == 0)
		return { "3M", "5", "2T" };
	if (strcmp(option.form, "yes|no|N") == 0)
		return { "yes", "no", "1", "2", "256" };
	if (strcmp(option.form, "N%") == 0)
		return { "1%", "100%" };
	if (strcmp(option.form, "NAME") == 0)
		return { "a_B.9-" };
	if (strcmp(option.form, "N") == 0)
		return { "0", "7" };
	if (strcmp(option.word, "weights") == 0)
		return { "auto,policy=weighted-interleave" };
	for (std::string word; std::getline(words, word, '|');)
		values.push_back(word);
	return values;
}

std::string
companions_of(const struct spec_option &option, enum spec_source source)
{
	std::string text;

	if (strcmp(option.word, "grow") == 0 ||
	    strcmp(option.word, "reserve") == 0)
		text = ",size=1G";
	if (strcmp(option.word, "reserve") == 0 &&
	    spec_sources[source].traits & SPEC_BY_ATTRIBUTE)
		text += ",scope=all";
	return text;
}

} // namespace

TEST(Manual, HasTheTableOfOptions)
{
	auto rows = option_table();

	ASSERT_EQ(rows.size(), 1u + SPEC_OPTION_COUNT);
	for (size_t i = 0; i < SPEC_OPTION_COUNT; i++) {
		const struct spec_option &option = spec_options[i];
		const auto &titles = rows[0], &row = rows[i + 1];

		ASSERT_EQ(row.size(), titles.size()) << option.word;
		EXPECT_EQ(row.front(), option.word);
		EXPECT_EQ(row.back(), option.initial) << option.word;
		for (size_t j = 1; j + 1 < row.size(); j++)
			EXPECT_EQ(row[j] != "-", takes(option, titles[j]))
			    << option.word << " and " << titles[j];
	}
}

/* Every source is in a column of that table, and in the grammar. */
TEST(Manual, HasEverySource)
{
	const auto table = option_table();
	std::string titles, grammar;

	ASSERT_FALSE(table.empty());
	for (const std::string &title : table[0])
		titles += "|" + title + "|";
	for (const std::string &line : manual)
		if (line.find(" = \"") != std::string::npos ||
		    line.find("        | \"") == 0)
			grammar += line;
	for (const struct spec_source_row &source : spec_sources) {
		std::string word = source.word;

		EXPECT_NE(titles.find(source.traits & SPEC_BY_ATTRIBUTE ?
				  "|attribute|" :
				  "|" + word + "|"),
		    std::string::npos)
		    << word;
		if (source.traits & SPEC_HAS_TEXT) {
			EXPECT_NE(grammar.find("\"" + word), std::string::npos)
			    << word;
		}
	}
}

TEST(Manual, HasTheSectionsThatExplainOptions)
{
	for (const struct spec_option &option : spec_options)
		EXPECT_TRUE(has_line(std::string(".Ss ") + option.section))
		    << option.section;
}

/* An option whose default is one of its words means nothing with it. */
TEST(Options, MeanNothingAtTheirDefault)
{
	for (const struct spec_option &option : spec_options) {
		std::string form = std::string("|") + option.form + "|";
		std::string is = std::string(option.word) + "=" +
		    option.initial;

		if (form.find(std::string("|") + option.initial + "|") ==
		    std::string::npos)
			continue;
		for (unsigned i = 0; i < SPEC_SOURCE_COUNT; i++) {
			const auto &source = spec_sources[i];

			if (!option_fits(&option, (enum spec_source)i))
				continue;
			std::string bare = text_of(source) +
			    companions_of(option, (enum spec_source)i);
			EXPECT_EQ(normal(bare + "," + is), normal(bare));
		}
	}
}

/* Each value of each option for each source is understood, printed, and
 * understood as the same. */
TEST(Options, AreParsedBackFromWhatIsPrinted)
{
	int tried = 0;

	for (unsigned i = 0; i < SPEC_SOURCE_COUNT; i++) {
		const auto &source = spec_sources[i];
		bool has_nodes = source.traits & SPEC_ON_NODES;

		for (const struct spec_option &option : spec_options) {
			if (!(source.traits & SPEC_HAS_TEXT) ||
			    !option_fits(&option, (enum spec_source)i))
				continue;
			for (const auto &value : values_of(option, has_nodes)) {
				std::string text = text_of(source) +
				    companions_of(option, (enum spec_source)i) +
				    "," + option.word + "=" + value;
				struct spec one, two;

				ASSERT_EQ(spec_parse(text.c_str(), &one), 0)
				    << error_text();
				std::string printed = print(one);
				ASSERT_EQ(spec_parse(printed.c_str(), &two), 0)
				    << text << " is printed as " << printed
				    << ": " << error_text();
				one.fork_given = two.fork_given;
				EXPECT_EQ(memcmp(&one, &two, sizeof(one)), 0)
				    << text << " is printed as " << printed;
				if (value != option.initial) {
					EXPECT_NE(
					    printed.find(std::string(",") +
						option.word + "="),
					    std::string::npos)
					    << text;
				}
				tried++;
			}
		}
	}
	EXPECT_GT(tried, 200);
}

/* The texts that command_specs() and the manual have for people are there. */
TEST(Sources, SayWhatTheyAre)
{
	for (const struct spec_source_row &source : spec_sources) {
		EXPECT_STRNE(source.meaning, "") << source.word;
		EXPECT_NE(source.traits, 0u) << source.word;
		EXPECT_EQ(source.where->parse == nullptr,
		    source.where->form[0] == '\0')
		    << source.word;
	}
}
