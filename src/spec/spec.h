/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spec.h - a kind as text: SOURCE[:WHERE][,option=value]...
 *
 * Owns nothing: a spec is a value. Takes no lock, allocates nothing. Parsing
 * fails with EINVAL and a sentence that names the word at fault and the nearest
 * one that is known. What a text may say is in two tables: of sources in
 * sources.h, of options in options.c.
 */
#ifndef SPEC_SPEC_H
#define SPEC_SPEC_H

#include <limits.h>

#include "base/bits.h"
#include "spec/sources.h"

/* From where a source by attribute looks at the machine. */
enum spec_scope {
	SPEC_LOCAL, /* from the CPUs of the calling thread */
	SPEC_ALL,
};

enum spec_page {
	SPEC_PAGE_AUTO, /* ordinary; huge ones are asked for: source/anon.c */
	SPEC_PAGE_BASE, /* ordinary */
	SPEC_PAGE_THP,
	SPEC_PAGE_HUGE, /* of page_bytes, out of the system's pool */
};

/* As in set_mempolicy(2). */
enum spec_policy {
	SPEC_BIND,
	SPEC_PREFERRED, /* of several nodes: preferred-many, where it is had */
	SPEC_PREFERRED_MANY,
	SPEC_INTERLEAVE,
	SPEC_WEIGHTED,     /* weighted-interleave */
	SPEC_POLICY_LOCAL, /* local: dram where it is touched first */
};

enum spec_dax { SPEC_DAX_PATH, SPEC_DAX_AUTO, SPEC_DAX_NODE };

/* What becomes of a file kind in the child of a fork. */
enum spec_fork {
	SPEC_FORK_REFUSE, /* the child has neither the pages nor the kind */
	SPEC_FORK_SHARED, /* both see what was handed out: see source/fork.c */
	SPEC_FORK_COPY,   /* the child gets a file of its own */
	/* Both go on with copies on write, in memory. */
	SPEC_FORK_PRIVATE,
	/* Without a text: that, where a copy cannot be made. */
	SPEC_FORK_COPY_OR_PRIVATE,
};

#define SPEC_NODES_MAX 1024 /* MAX_NUMNODES of the largest Linux kernels */
#define SPEC_NAME_MAX 64
#define SPEC_NAME_CHARACTERS \
	"abcdefghijklmnopqrstuvwxyz" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
#define SPEC_WEIGHTS_MAX 64
#define SPEC_THREADS_MAX 256
#define SPEC_TIERS_MAX 10000
#define SPEC_TEXT_MAX (2 * PATH_MAX + 512) /* commas are escaped */

struct spec {
	enum spec_source source;
	enum spec_page page;
	enum spec_policy policy;
	enum spec_fork fork;
	bool fork_given;
	bool grow;         /* size is a beginning, not an end */
	bool reserve;      /* take all of size when the kind is opened */
	bool trust;        /* SPEC_FILE: whatever the file system promises */
	size_t page_bytes; /* SPEC_PAGE_HUGE: a power of two; else 0 */
	size_t size;       /* 0: grows as needed */
	size_t limit;      /* 0: none, or a part of what there is: */
	unsigned limit_percent;   /* so much of it; 0: not so */
	bool limit_share;         /* an equal share for each rank of the job */
	char name[SPEC_NAME_MAX]; /* "": none */
	char fallback[SPEC_NAME_MAX]; /* the kind to ask next; "": none */
	/* From how much use on that one is asked first, and until when: percent
	 * of what the kind may have. 0: not given. */
	unsigned high, low;
	size_t spill_from; /* only for blocks of so many bytes; 0: not given */
	bool background;   /* a thread gives back what is free: arena/decay.h */
	/* A bit a node: as given, or as the topology found them; none yet
	 * where all that the process may use are meant. */
	uint64_t nodes[SPEC_NODES_MAX / 64];
	bool all_nodes;
	enum spec_scope scope;
	unsigned tier; /* SPEC_TIER */
	/* On how many threads each span gets its pages when it is handed out;
	 * 1: by who asks for it; 0: as they are touched. */
	unsigned populate;
	bool home_given;
	unsigned home;                     /* the node to be nearest to */
	uint8_t weights[SPEC_WEIGHTS_MAX]; /* of the nodes, rising; 0: end */
	bool weights_auto; /* those are found when the kind is opened */
	enum spec_dax dax;
	unsigned dax_node;
	size_t offset; /* SPEC_DAX: where in the device */

	/* Without a text, for the libraries that stand on this one. */
	bool weights_by_page; /* the system's are the same: pages go by these */
	bool plain_policy;    /* as mbind(2) without flags sets it: policy.c */
	unsigned ranks;   /* of the job, here; 0: as spec/ranks.h finds them */
	bool keep_file;   /* SPEC_FILE: fork needs the descriptor */
	bool handle;      /* a first page that can't be touched; see source.h */
	bool overlap;     /* SPEC_REGION: leave out what another kind holds */
	size_t alignment; /* SPEC_FILE: of the first address, at least 2 MiB */
	uintptr_t hint;   /* SPEC_FILE: the lowest address; 0: anywhere */
	unsigned arenas;  /* at most; 0: as threads need them */
	size_t cached; /* largest size that thread caches keep; 0: as usual */
	bool decay_given;
	int64_t decay_ms; /* how long free extents wait; -1: for ever */

	/* SPEC_FILE: the directory. SPEC_DAX: the device. Last, since copies
	 * end where it does: see spec_bytes(). */
	char path[PATH_MAX];
};

/* Whether its pages are anonymous memory. */
bool spec_is_anonymous(const struct spec *spec);

/* Whether the topology of the machine finds the nodes. */
bool spec_is_by_attribute(const struct spec *spec);

/* Whether nodes[] says where the memory is. */
bool spec_has_nodes(const struct spec *spec);

/* Whether all its memory is there when it is opened: a device, a region. */
bool spec_is_present(const struct spec *spec);

/* Whether threads on different nodes may get different memory. */
bool spec_is_local(const struct spec *spec);

/* Whether the topology is asked for something when it is opened: nodes, their
 * weights, a device. */
bool spec_reads_machine(const struct spec *spec);

/* Whether the limit is not known before the kind is opened. */
static inline bool
spec_limit_is_part(const struct spec *spec)
{
	return spec->limit_percent != 0 || spec->limit_share;
}

/* How many nodes[] names. */
static inline unsigned
spec_count_nodes(const struct spec *spec)
{
	return (unsigned)bits_count(spec->nodes, 0, SPEC_NODES_MAX);
}

/*
 * How many bytes of SPEC mean something: up to the end of the path, which is
 * the last field and an array of PATH_MAX bytes, of which most specs use one.
 * Every source keeps its spec as long as it is open, and there may be
 * thousands. So it copies this many bytes into a record of just that size, 500
 * not 4600.
 *
 * Such a truncated copy is read through its pointer like any other: all fields
 * before the path are there, and nobody reads a string past its end. But it
 * must not be assigned (*a = *b reads all of struct spec, beyond the record),
 * nor may its path become longer, and its record is freed with this size.
 */
static inline size_t
spec_bytes(const struct spec *spec)
{
	return offsetof(struct spec, path) + __builtin_strlen(spec->path) + 1;
}

/* Parses TEXT into *SPEC. Returns 0, or -1 with EINVAL (ENAMETOOLONG for a
 * path) and the sentence. */
int spec_parse(const char *text, struct spec *spec);

/* Whether SPEC, behind which no other follows, may stand there: 0, or -1 with
 * EINVAL and the sentence where it has marks and no kind to go to. */
int spec_check_last(const struct spec *spec);

/* Whether SPEC, which is TEXT, says nothing but on which nodes pages are to be:
 * 0, or -1 with EINVAL and the sentence. */
int spec_check_place(const struct spec *spec, const char *text);

/* Parses the options alone ("limit=64M,name=x", may be NULL or "") of a spec
 * whose source is SPEC_REGION and whose size the caller has set. */
int spec_parse_options(const char *text, struct spec *spec);

/* Writes the normalised text of SPEC, options at their default left out, into
 * the SIZE bytes at TEXT (SPEC_TEXT_MAX suffice). Returns its length. */
size_t spec_print(const struct spec *spec, char *text, size_t size);

/* Parses a size: digits with an optional K, M, G or T (powers of 1024, either
 * case). END, when not NULL, receives the first character that is no part of
 * it, also of one that is too large. Returns 0, or -1 with EINVAL where there
 * is no number, ERANGE where it overflows; sets no sentence. */
int spec_parse_size(const char *text, const char **end, size_t *size);

#endif /* SPEC_SPEC_H */
