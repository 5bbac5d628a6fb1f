/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * named_file.c - see named_file.h.
 *
 * The file is read as a whole, to pages of our own, when a text first refers to
 * a name; and anew for each text that does, so that a change of it is seen. All
 * of its lines are checked then, but the kinds' texts only as they are used.
 */
#include "spec/named_file.h"

#include <errno.h>
#include <string.h>

#include "base/environment.h"
#include "base/error.h"
#include "os/os.h"
#include "spec/known.h"
#include "spec/nearest.h"

/* ---- Reading ------------------------------------------------------------- */

static int
cannot_read(const struct named_file *file, int error)
{
	if (error == EFBIG)
		return error_set(error,
		    "%.100s has more than %zu bytes: it should have lines "
		    "\"" NAMED_WORD " NAME = TEXT\"",
		    named_path(file), NAMED_BYTES_MAX);
	return error_set_system(error, "cannot read %.100s%s", named_path(file),
	    file->given != NULL ? ", which " NAMED_VARIABLE " names" : "");
}

/* Pages cost what the file has, not what it may have. */
static int
read_file(struct named_file *file)
{
	void *text;
	int error;

	if (!environment_is_trusted())
		return error_set(EPERM,
		    "kinds have no names in a program that has other rights "
		    "than who started it");
	error = os_map(NAMED_BYTES_MAX + PAGE_BYTES, &text);
	if (error != 0)
		return error_set(
		    error, "no memory to read %.100s", named_path(file));
	error = os_read_file(
	    named_path(file), text, NAMED_BYTES_MAX + 1, &file->length);
	if (error == 0 || (error == ENOENT && file->given == NULL)) {
		file->text = text;
		file->is_read = true;
		return 0;
	}
	os_unmap(text, NAMED_BYTES_MAX + PAGE_BYTES);
	return cannot_read(file, error);
}

void
named_close(struct named_file *file)
{
	if (file->is_read)
		os_unmap(file->text, NAMED_BYTES_MAX + PAGE_BYTES);
	file->is_read = false;
}

/* ---- Lines --------------------------------------------------------------- */

/* No file has other lines than kinds. */
static int
read_line(struct word line, struct named_kind *kind)
{
	static const char *const words[] = { NAMED_WORD };
	struct known known = known_of(words, ARRAY_SIZE(words));
	struct word rest = line;

	return known_choose(&known, "word", named_take(&rest)) < 0 ?
	    -1 :
	    named_read(line, kind);
}

int
named_next(
    struct named_file *file, struct named_line *at, struct named_kind *kind)
{
	struct word line;

	if (!file->is_read && read_file(file) != 0)
		return -1;
	if (at->number == 0)
		at->rest = (struct word){ file->text, file->length };
	while (word_next(&at->rest, '\n', &line)) {
		at->number++;
		line = named_strip(line);
		if (line.length == 0)
			continue;
		return read_line(line, kind) == 0 ?
		    1 :
		    named_place(named_path(file), at->number);
	}
	return 0;
}

/* ---- Finding a kind ------------------------------------------------------ */

static bool
is_same(struct word a, struct word b)
{
	return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

/* As many of the names as a sentence has room for, and the one that is nearest
 * to the one that is not there; without any text if none is near. */
struct names {
	char text[100];
};

static void
add_name(struct names *names, struct word name)
{
	size_t length = strlen(names->text);

	if (length + name.length + sizeof(", , ...") < sizeof(names->text)) {
		strcat(names->text, length == 0 ? "" : ", ");
		strncat(names->text, name.text, name.length);
	} else if (length != 0 && names->text[length - 1] != '.')
		strcat(names->text, ", ...");
}

/* All lines are valid by now. */
static int
not_there(struct named_file *file, struct word name)
{
	struct named_line at = { 0 };
	struct names names = { "" };
	struct named_kind kind;
	struct nearest nearest = nearest_to(name);
	bool is_near;

	while (named_next(file, &at, &kind) > 0) {
		nearest_offer(&nearest, kind.name);
		add_name(&names, kind.name);
	}
	is_near = nearest.found.text != NULL;
	if (names.text[0] == '\0')
		return error_set(ENOENT,
		    "no kind is called \"%s\": %.100s has none, or is not "
		    "there; " NAMED_VARIABLE " names another file",
		    quote(name).text, named_path(file));
	return error_set(ENOENT,
	    "no kind is called \"%s\"%s%s%s in %.80s (known: %s)",
	    quote(name).text, is_near ? ": did you mean \"" : "",
	    is_near ? quote(nearest.found).text : "", is_near ? "\"?" : "",
	    named_path(file), names.text);
}

/* The lines behind it are looked at, too: that a kind is there twice is told to
 * whoever asks for it. */
int
named_find(struct named_file *file, struct word name, struct named_kind *kind,
    unsigned *line)
{
	struct named_line at = { 0 };
	struct named_kind one;
	int found;

	*line = 0;
	while ((found = named_next(file, &at, &one)) > 0) {
		if (!is_same(one.name, name))
			continue;
		if (*line != 0) {
			named_twice(name, *line);
			return named_place(named_path(file), at.number);
		}
		*line = at.number;
		*kind = one;
	}
	if (found < 0)
		return -1;
	return *line != 0 ? 0 : not_there(file, name);
}
