/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hint.h - what people write in place of a source, an option or a size, and
 * what they mean by it. For the sentences that refuse it.
 *
 * Owns nothing: a hint is a value, empty if there is none. Called by the parser
 * when it has failed, and for sizes by whoever reads one. Takes no lock,
 * allocates nothing, cannot fail.
 */
#ifndef SPEC_HINT_H
#define SPEC_HINT_H

#include "base/word.h"
#include "spec/known.h"
#include "spec/spec.h"

#define HINT_MAX 80
struct hint {
	char text[HINT_MAX];
};

/* The text AT does not begin with a source: "numa:0" is "nodes:0", "/mnt" is
 * "file:/mnt". */
struct hint hint_source(const char *at);

/* An option of SOURCE, one of KNOWN, does not begin at AT: "size:1G" is
 * "size=1G". */
struct hint hint_option(
    enum spec_source source, const struct known *known, const char *at);

/* VALUE is not a size: "1GiB" is "1G", "1.5G" is "1536M". */
struct hint hint_size(struct word value);

#endif /* SPEC_HINT_H */
