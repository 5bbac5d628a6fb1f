/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_test.h - what the tests of src/trace share. */
#ifndef TEST_TRACE_TRACE_TEST_H
#define TEST_TRACE_TRACE_TEST_H

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <string>

extern "C" {
#include "base/error.h"
#include "raw_file.h"
#include "trace/trace.h"
}

/* What the reader says of some bytes. */
struct Told {
	std::string text;     /* the calls, process by process */
	std::string sentence; /* why it could not be read on; "": it could */
	unsigned events = 0;
	uint64_t lost = 0;
};

/* A file in memory with the bytes, by a path that can be opened. */
class File {
public:
	explicit File(const std::string &bytes)
	{
		fd = memfd_create("trace_test", MFD_CLOEXEC);
		EXPECT_EQ(write(fd, bytes.data(), bytes.size()),
		    (ssize_t)bytes.size());
	}
	~File() { close(fd); }
	std::string
	path() const
	{
		return "/proc/self/fd/" + std::to_string(fd);
	}

private:
	int fd;
};

/* One call: "t1 malloc 100 =0" is of thread 1, and returned block 0. */
inline std::string
text_of(const struct trace_event &event)
{
	const std::string block = std::to_string(event.block);
	const std::string size = std::to_string(event.size);
	std::string text = "t" + std::to_string(event.thread) + " ";

	switch (event.operation) {
	case TRACE_MALLOC:
		return text + "malloc " + size + " =" + block + "\n";
	case TRACE_CALLOC:
		return text + "calloc " + size + " =" + block + "\n";
	case TRACE_ALIGNED:
		return text + "aligned " + std::to_string(event.lg_alignment) +
		    " " + size + " =" + block + "\n";
	case TRACE_REALLOC:
		return text + "realloc " + block + " " + size + "\n";
	case TRACE_FREE:
		return text + "free " + block + "\n";
	case TRACE_THREAD_ENDS:
		return text + "ends\n";
	default:
		ADD_FAILURE() << "no event of a reader: " << event.operation;
		return text;
	}
}

inline std::string
text_of(const struct trace_totals &totals)
{
	return "end: " + std::to_string(totals.events) + " events, " +
	    std::to_string(totals.threads) + " threads, " +
	    std::to_string(totals.live_peak) + " bytes, " +
	    std::to_string(totals.blocks_peak) + " blocks, " +
	    std::to_string(totals.unknown) + " unknown\n";
}

/* All of a trace, or as far as it goes. */
inline Told
told(const std::string &bytes)
{
	File file(bytes);
	struct trace_reader *reader = trace_open(file.path().c_str());
	struct trace_process process;
	struct trace_event event;
	Told all;
	int got = reader != nullptr ? 1 : -1;

	while (got > 0 && (got = trace_next_process(reader, &process)) > 0) {
		all.text += process.program + std::string(":\n");
		while ((got = trace_next_event(reader, &event)) > 0) {
			all.text += text_of(event);
			all.events++;
		}
		if (got < 0)
			break;
		all.text += text_of(*trace_totals(reader));
		got = 1;
	}
	if (got < 0)
		all.sentence = error_text();
	else
		all.lost = trace_lost(reader);
	trace_close(reader);
	const size_t at = all.sentence.find(file.path());
	return at != 0 ?
	    all :
	    (all.sentence.replace(0, file.path().size(), "FILE"), all);
}

/* What gzip(1) makes of the bytes of a trace. */
inline std::string
unpacked(const std::string &bytes)
{
	File file(bytes);
	std::string all(1 << 16, '\0');
	gzFile from = gzopen(file.path().c_str(), "rb");
	int got = gzread(from, &all[0], (unsigned)all.size());

	gzclose(from);
	all.resize(got < 0 ? 0 : (size_t)got);
	return all;
}

#endif /* TEST_TRACE_TRACE_TEST_H */
