/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sources.h - the table of sources, from which the enum, the parser, the
 * printer, poolkind(7)'s test and the program poolkind take what they know.
 *
 * A new source is a row here, a row in the table of operations in
 * source/operations.c, and a page of the manual; one that is a memory attribute
 * is a row here and one in topology/select.c, which says how its nodes are
 * found.
 */
#ifndef SPEC_SOURCES_H
#define SPEC_SOURCES_H

/* What sources have in common. An option names the traits of those that take
 * it, and the engine asks for them instead of listing sources. */
enum spec_trait {
	SPEC_HAS_TEXT = 1 << 0,     /* can be written: all but the region */
	SPEC_ANONYMOUS = 1 << 1,    /* its pages are anonymous memory */
	SPEC_ON_NODES = 1 << 2,     /* nodes[] says where they are */
	SPEC_LISTS_NODES = 1 << 3,  /* and the text gave them */
	SPEC_BY_ATTRIBUTE = 1 << 4, /* and the topology finds them */
	SPEC_IN_FILE = 1 << 5,      /* takes its space from a file system */
	SPEC_ON_DEVICE = 1 << 6,    /* is a part of a DAX device */
	SPEC_PRESENT = 1 << 7,      /* all its memory is there from the start */
	SPEC_ANY = (1 << 8) - 1,
};

#define SPEC_ANONYMOUS_SOURCE (SPEC_HAS_TEXT | SPEC_ANONYMOUS)
#define SPEC_ATTRIBUTE_SOURCE \
	(SPEC_ANONYMOUS_SOURCE | SPEC_ON_NODES | SPEC_BY_ATTRIBUTE)

/* ROW(name in the code, word, how it says where (spec/where.h), traits,
 * what it is) */
#define SPEC_SOURCES(ROW) \
	ROW(DRAM, "dram", nothing, SPEC_ANONYMOUS_SOURCE, \
	    "anonymous memory, placed by the policy of the process") \
	ROW(NODES, "nodes", nodes, \
	    SPEC_ANONYMOUS_SOURCE | SPEC_ON_NODES | SPEC_LISTS_NODES, \
	    "anonymous memory of these NUMA nodes") \
	ROW(HBW, "hbw", nothing, SPEC_ATTRIBUTE_SOURCE, \
	    "high-bandwidth memory") \
	ROW(BANDWIDTH, "bandwidth", nothing, SPEC_ATTRIBUTE_SOURCE, \
	    "the node of highest bandwidth") \
	ROW(LATENCY, "latency", nothing, SPEC_ATTRIBUTE_SOURCE, \
	    "the node of lowest latency") \
	ROW(CAPACITY, "capacity", nothing, SPEC_ATTRIBUTE_SOURCE, \
	    "the largest node") \
	ROW(DAX_KMEM, "dax-kmem", nothing, SPEC_ATTRIBUTE_SOURCE, \
	    "memory onlined from a DAX device") \
	ROW(CXL, "cxl", nothing, SPEC_ATTRIBUTE_SOURCE, "CXL memory") \
	ROW(TIER, "tier", tier, SPEC_ATTRIBUTE_SOURCE, \
	    "the nodes of this memory tier, as the kernel numbers them") \
	ROW(FILE, "file", directory, SPEC_HAS_TEXT | SPEC_IN_FILE, \
	    "a file without a name in this directory") \
	ROW(DAX, "dax", device, SPEC_HAS_TEXT | SPEC_ON_DEVICE | SPEC_PRESENT, \
	    "a DAX device: this one, the nearest free one, or one of a node") \
	ROW(REGION, "region", nothing, SPEC_PRESENT, \
	    "memory of the caller: poolkind_open_region()")

enum spec_source {
#define SPEC_SOURCE_NAME(name, ...) SPEC_##name,
	SPEC_SOURCES(SPEC_SOURCE_NAME)
#undef SPEC_SOURCE_NAME
	    SPEC_SOURCE_COUNT
};

#endif /* SPEC_SOURCES_H */
