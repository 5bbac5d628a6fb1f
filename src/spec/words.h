/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * words.h - the words of a spec, in the order of the enums of spec.h.
 *
 * Read by the parser and by the printer, so that one knows what the other
 * says. SPEC_REGION and SPEC_FORK_COPY_OR_PRIVATE are last in theirs: the parser
 * knows the words before them only.
 */
#ifndef SPEC_WORDS_H
#define SPEC_WORDS_H

static const char *const spec_source_words[] = { "dram", "nodes", "hbw",
	"bandwidth", "latency", "capacity", "dax-kmem", "file", "dax",
	"region" };
static const char *const spec_scope_words[] = { "local", "all" };
static const char *const spec_page_words[] = { "4K", "thp", "2M", "1G" };
static const char *const spec_policy_words[] = { "bind", "preferred",
	"preferred-many", "interleave", "weighted-interleave", "local" };
static const char *const spec_fork_words[] = { "refuse", "shared", "copy",
	"private", "copy-or-private" };

#endif /* SPEC_WORDS_H */
