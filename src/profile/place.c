/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place.c - see place.h.
 */
#include "profile/place.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "rules/source_path.h"

/* What allocates for its caller, whose line is the site. */
static const char *const allocators[] = { "operator new", "malloc", "calloc",
	"realloc", "reallocarray", "aligned_alloc", "memalign",
	"posix_memalign", "valloc", "pvalloc" };

static bool
is_allocator(const struct profile_frame *frame)
{
	const char *name = frame->function;

	for (size_t i = 0; name != NULL && i < ARRAY_SIZE(allocators); i++) {
		size_t length = strlen(allocators[i]);

		if (strncmp(name, allocators[i], length) == 0 &&
		    (name[length] == '\0' || strchr("([@", name[length])))
			return true;
	}
	return false;
}

size_t
place_first(const struct profile_site *site)
{
	size_t at = 0;

	while (at < site->frame_count && is_allocator(&site->frames[at]))
		at++;
	return at;
}

size_t
place_end(const struct profile_site *site)
{
	size_t first = place_first(site), at = first + 1;

	if (first == site->frame_count)
		return first;
	while (at < site->frame_count && site->frames[first].offset != 0 &&
	    site->frames[at].module == site->frames[first].module &&
	    site->frames[at].offset == site->frames[first].offset)
		at++;
	return at;
}

/* Of C++'s containers, and of inline functions. */
static bool
is_header(const char *file)
{
	static const char *const ends[] = { "h", "hpp", "hh", "hxx", "tcc",
		"inl" };
	const char *dot = strrchr(source_path_name(file), '.');

	for (size_t i = 0; dot != NULL && i < ARRAY_SIZE(ends); i++)
		if (strcmp(dot + 1, ends[i]) == 0)
			return true;
	return dot == NULL;
}

size_t
place_known(const struct profile_site *site)
{
	size_t end = place_end(site), at = place_first(site);

	for (; at < end; at++) {
		const struct profile_frame *frame = &site->frames[at];

		if (frame->file != NULL && frame->line != 0 &&
		    !is_header(frame->file))
			return at;
	}
	return end > place_first(site) ? end - 1 : end;
}

struct place_text
place_of(const struct profile *profile, const struct profile_site *site)
{
	size_t at = place_known(site);
	const struct profile_frame *frame = &site->frames[at];
	struct place_text place = { "?" };

	if (at >= site->frame_count)
		return place;
	if (frame->file != NULL && frame->line != 0)
		snprintf(place.text, sizeof(place.text), "%s:%u",
		    source_path_name(frame->file), frame->line);
	else if (frame->module != PROFILE_NO_MODULE)
		snprintf(place.text, sizeof(place.text), "%s+0x%" PRIx64,
		    source_path_name(profile->modules[frame->module].path),
		    frame->offset);
	else if (frame->function != NULL)
		snprintf(place.text, sizeof(place.text), "%s", frame->function);
	return place;
}

const char *
place_function(const struct profile_site *site)
{
	size_t at = place_known(site);

	return at < site->frame_count && site->frames[at].function != NULL ?
	    site->frames[at].function :
	    "?";
}

struct bytes_text
bytes_text(double bytes)
{
	static const char units[] = " KMGTPE";
	struct bytes_text text;
	size_t unit = 0;

	for (; bytes >= 1023.95 && unit < sizeof(units) - 2; unit++)
		bytes /= 1024;
	if (unit == 0)
		snprintf(text.text, sizeof(text.text), "%.0f", bytes);
	else
		snprintf(
		    text.text, sizeof(text.text), "%.1f%c", bytes, units[unit]);
	return text;
}
