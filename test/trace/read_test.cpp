/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes that are no trace, or no whole one, are one clear line; whatever they
 * are, reading comes to an end. */
#include <functional>

#include "trace_test.h"

namespace {

/* Two processes, threads, and each operation. */
std::string
small_trace()
{
	struct trace_writer *writer = trace_writer_new();
	const char *bytes;
	size_t size;

	trace_put_process(writer, 300, "./solver");
	trace_put_thread(writer, 7);
	uint32_t first = trace_put_block(writer, TRACE_MALLOC, 0, 100);
	uint32_t second = trace_put_block(writer, TRACE_CALLOC, 0, 5);
	trace_put_thread(writer, 2);
	trace_put_free(writer, first);
	trace_put_block(writer, TRACE_ALIGNED, 12, 1 << 20);
	trace_put_resized(writer, second, 3000);
	trace_put_free(writer, second);
	trace_put_thread_ends(writer);
	trace_end_process(writer, 1);
	trace_put_process(writer, 301, "child");
	trace_put_thread(writer, 0);
	trace_put_block(writer, TRACE_MALLOC, 0, 0);
	trace_end_process(writer, 0);
	EXPECT_EQ(trace_writer_end(writer, 3, &bytes, &size), 0);
	const std::string all(bytes, size);
	trace_writer_free(writer);
	return all;
}

const char small_text[] = "./solver:\n"
			  "t0 malloc 100 =0\n"
			  "t0 calloc 5 =1\n"
			  "t1 free 0\n"
			  "t1 aligned 12 1048576 =0\n"
			  "t1 realloc 1 3000\n"
			  "t1 free 1\n"
			  "t1 ends\n"
			  "end: 6 events, 2 threads, 1051576 bytes, 2 blocks, "
			  "1 unknown\n"
			  "child:\n"
			  "t0 malloc 0 =0\n"
			  "end: 1 events, 1 threads, 0 bytes, 1 blocks, "
			  "0 unknown\n";

/* One line that names the file. */
void
expect_sentence(const std::string &sentence)
{
	EXPECT_EQ(sentence.compare(0, 4, "FILE"), 0) << sentence;
	EXPECT_EQ(sentence.find('\n'), std::string::npos) << sentence;
}

TEST(Read, Whole)
{
	const std::string trace = small_trace();

	for (const std::string &bytes : { trace, unpacked(trace) }) {
		const Told all = told(bytes);

		EXPECT_EQ(all.sentence, "");
		EXPECT_EQ(all.text, small_text);
		EXPECT_EQ(all.lost, 3u);
	}
}

TEST(Read, Foreign)
{
	const std::string no_trace =
	    "FILE is no file of poolkind record --trace";

	for (const std::string &bytes : { std::string("hello, world\n"),
		 std::string(5000, '\0'), std::string("pktrace"),
		 std::string("pktrace2"), unpacked(small_trace()).substr(1) })
		EXPECT_EQ(told(bytes).sentence, no_trace);
	expect_sentence(told("").sentence);
}

/* Wherever it ends, what was read before stands, and more is not made up. */
TEST(Read, CutShort)
{
	const std::string packed = small_trace(), plain = unpacked(packed);

	for (size_t i = 8; i < plain.size(); i++) {
		const Told all = told(plain.substr(0, i));

		EXPECT_EQ(all.sentence, "FILE is cut short") << i;
		EXPECT_EQ(all.text,
		    std::string(small_text).substr(0, all.text.size()))
		    << i;
	}
	for (size_t i = 0; i < packed.size(); i++)
		expect_sentence(told(packed.substr(0, i)).sentence);
}

TEST(Read, MoreBehind)
{
	const std::string packed = small_trace(), plain = unpacked(packed);

	EXPECT_EQ(told(plain + '\0').sentence,
	    "FILE is damaged: there is more behind its end");
	EXPECT_EQ(told(packed + packed).sentence,
	    "FILE is damaged: there is more behind its end");
}

/* With each bit of each byte the other way, and with each byte replaced. */
void
each_damage(const std::string &bytes,
    const std::function<void(const std::string &, size_t at)> &visit)
{
	for (size_t i = 0; i < bytes.size(); i++) {
		std::string damaged = bytes;

		for (unsigned bit = 0; bit < 8; bit++) {
			damaged[i] = (char)(bytes[i] ^ 1 << bit);
			visit(damaged, i);
		}
		for (int byte : { 0, 0x7f, 0x80, 0xff }) {
			damaged[i] = (char)byte;
			visit(damaged, i);
		}
	}
}

size_t
times(const std::string &text, const std::string &part)
{
	size_t count = 0;

	for (size_t at = 0; (at = text.find(part, at)) != std::string::npos;
	     at++)
		count++;
	return count;
}

/* Nothing protects a trace that is not compressed but that it fits together: it
 * is read, and then it is what another program may have done, or it is not. */
TEST(Read, EachByteDamaged)
{
	const std::string plain = unpacked(small_trace());

	each_damage(plain, [&](const std::string &bytes, size_t at) {
		const Told all = told(bytes);

		SCOPED_TRACE("byte " + std::to_string(at));
		EXPECT_LE(all.events, bytes.size());
		if (!all.sentence.empty())
			expect_sentence(all.sentence);
		else
			EXPECT_EQ(times(all.text, "end: "), 2u);
	});
}

/* What is compressed has a checksum. */
TEST(Read, EachByteDamagedCompressed)
{
	each_damage(small_trace(), [](const std::string &bytes, size_t at) {
		const Told all = told(bytes);

		SCOPED_TRACE("byte " + std::to_string(at));
		if (!all.sentence.empty())
			expect_sentence(all.sentence);
		else
			EXPECT_EQ(all.text, small_text);
	});
}

/* ---- What each check is for ---------------------------------------------- */

/* A process with these bytes in place of its events. */
std::string
with_events(const std::string &events)
{
	return "pktrace1P\x01\x01x" + events;
}

constexpr char
event(enum trace_operation operation, unsigned number)
{
	return (char)((unsigned)operation | number << 3);
}

TEST(Read, WhatCannotBe)
{
	const std::string thread(1, event(TRACE_THREAD, 0));
	const struct {
		std::string events, said;
	} wrong[] = {
		{ { event(TRACE_MALLOC, 5) }, "an event is of no thread" },
		{ { event(TRACE_THREAD, 1) }, "a thread has no beginning" },
		{ thread + event(TRACE_FREE, 0),
		    "a block is freed that is not there" },
		{ thread + event(TRACE_MALLOC, 1) + event(TRACE_FREE, 0) +
			event(TRACE_FREE, 0),
		    "a block is freed that is not there" },
		{ thread + event(TRACE_REALLOC, 0) + '\1',
		    "a block is resized that is not there" },
		{ thread + "\x81\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
		    "a number has no end" },
		{ thread + "\x81\xff\xff\xff\xff\xff\xff\x7f",
		    "no block has that size" },
		{ thread + (char)(event(TRACE_ALIGNED, 0) | 0x80) + '\3' + '\1',
		    "no block has that alignment" },
		{ thread + event(TRACE_END, 0) + "\1\1" +
			std::string("\0\0\0", 3),
		    "events are not there" },
	};

	for (const auto &one : wrong)
		EXPECT_EQ(told(with_events(one.events)).sentence,
		    "FILE is damaged: " + one.said);
	EXPECT_EQ(
	    told("pktrace1X").sentence, "FILE is damaged: no process follows");
	EXPECT_EQ(told("pktrace1P\x01\xff\x7f").sentence,
	    "FILE is damaged: a name has no end");
	EXPECT_EQ(told(std::string("pktrace1E\1\0", 11)).sentence,
	    "FILE is damaged: a process is not there");
	EXPECT_EQ(told(std::string("pktrace1E\0\0", 11)).sentence, "");
}

/* What a process says that it came to is held against what it did. */
TEST(Read, Totals)
{
	const std::string events = { event(TRACE_THREAD, 0),
		event(TRACE_MALLOC, 5), event(TRACE_END, 0) };
	const std::string totals("\1\1\5\1", 4), end("\0E\1\0", 4);

	EXPECT_EQ(told(with_events(events + totals + end)).sentence, "");
	for (size_t i = 0; i < totals.size(); i++) {
		std::string wrong = totals;

		wrong[i]++;
		EXPECT_EQ(told(with_events(events + wrong + end)).sentence,
		    "FILE is damaged: events are not there");
	}
}

/* The sum of all sizes is held to 64 bits. */
TEST(Read, TooManyBytes)
{
	std::string events(1, event(TRACE_THREAD, 0));

	for (unsigned i = 0; i < 65537; i++)
		events += "\xf9\xff\xff\xff\xff\xff\x3f";
	expect_sentence(told(with_events(events)).sentence);
}

} /* namespace */
