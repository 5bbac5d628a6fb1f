/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * function_name.c - see function_name.h.
 *
 * C++'s own demangler is used, which is in libstdc++: that is opened when the
 * first mangled name comes, so that the command does without where no program
 * in C++ is.
 */
#include "rules/function_name.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#define OPERATOR "operator"

/* ---- Components ---------------------------------------------------------- */

static bool
is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$';
}

/* Whether an operator's name begins at AT, in which brackets stand for
 * themselves. */
static bool
is_operator(const char *begin, const char *at)
{
	size_t length = strlen(OPERATOR);

	return strncmp(at, OPERATOR, length) == 0 &&
	    !is_word_char(at[length]) && (at == begin || !is_word_char(at[-1]));
}

/* The signs behind "operator", as "<<" or "()". */
static size_t
operator_length(const char *at)
{
	size_t length = strlen(OPERATOR);

	return length +
	    (strncmp(at + length, "()", 2) == 0 ?
		    2 :
		    strspn(at + length, "<>=!-+*/%&|^~,[]"));
}

/* Goes on from AT by one character, or by an operator's name; counts brackets
 * in DEPTH. */
static const char *
step(const char *begin, const char *at, int *depth)
{
	if (is_operator(begin, at))
		return at + operator_length(at);
	if (strchr("<({[", *at) != NULL)
		++*depth;
	else if (strchr(">)}]", *at) != NULL && *depth > 0)
		--*depth;
	return at + 1;
}

const char *
function_name_behind_first(const char *name)
{
	const char *at = name;
	int depth = 0;

	while (*at != '\0') {
		if (depth == 0 && at[0] == ':' && at[1] == ':')
			return at + 2;
		at = step(name, at, &depth);
	}
	return name;
}

size_t
function_name_components(const char *name)
{
	const char *behind = function_name_behind_first(name);
	size_t count = 1;

	for (; behind != name; count++) {
		name = behind;
		behind = function_name_behind_first(name);
	}
	return count;
}

/* How many bytes of NAME come before its last component. */
static size_t
before_last(const char *name)
{
	const char *last = name;
	size_t count = function_name_components(name);

	while (count-- > 1)
		last = function_name_behind_first(last);
	return (size_t)(last - name);
}

/* How many bytes of COMPONENT come before its template arguments. */
static size_t
before_arguments(const char *component, size_t length)
{
	const char *at = component;

	while (at < component + length) {
		if (is_operator(component, at))
			at += operator_length(at);
		else if (*at == '<' && at != component)
			break;
		else
			at++;
	}
	return min_size((size_t)(at - component), length);
}

static bool
component_is(
    const char *name, size_t length, const char *asked, size_t asked_length)
{
	if (length == asked_length && memcmp(name, asked, length) == 0)
		return true;
	if (before_arguments(asked, asked_length) != asked_length)
		return false;
	length = before_arguments(name, length);
	return length == asked_length && memcmp(name, asked, length) == 0;
}

/* Component by component from the end, in copies that get shorter. */
static bool
ends_alike(char *name, char *asked)
{
	for (;;) {
		size_t at = before_last(name), asked_at = before_last(asked);

		if (!component_is(name + at, strlen(name + at),
			asked + asked_at, strlen(asked + asked_at)))
			return false;
		if (asked_at < 2 || at < 2)
			return asked_at < 2;
		name[at - 2] = '\0';
		asked[asked_at - 2] = '\0';
	}
}

bool
function_name_is(const char *name, const char *asked)
{
	char *copy, *copy_asked;
	bool is;

	if (strcmp(name, asked) == 0)
		return true;
	if (strstr(name, "::") == NULL && strchr(name, '<') == NULL)
		return false;
	copy = strdup(name);
	copy_asked = strdup(asked);
	is = copy != NULL && copy_asked != NULL && ends_alike(copy, copy_asked);
	free(copy);
	free(copy_asked);
	return is;
}

struct word
function_name_key(const char *name)
{
	const char *last = name + before_last(name);

	return (struct word){ last, before_arguments(last, strlen(last)) };
}

/* ---- What a demangler writes --------------------------------------------- */

/* Takes all occurrences of what begins with FROM and ends with TO. */
static void
take_out(char *text, const char *from, const char *to)
{
	char *begin = text, *end;

	while ((begin = strstr(begin, from)) != NULL &&
	    (end = strstr(begin, to)) != NULL) {
		end += strlen(to);
		memmove(begin, end, strlen(end) + 1);
	}
}

/* Ends TEXT before its last list of arguments, and what follows that. */
static void
cut_arguments(char *text)
{
	char *at = strrchr(text, ')');
	int depth = 0;

	for (; at != NULL && at > text; at--) {
		depth += (*at == ')') - (*at == '(');
		if (depth == 0) {
			*at = '\0';
			return;
		}
	}
}

/* A return type stands before the name of a template's instance, and "thunk to"
 * before that of a thunk: the name is behind the last blank, but for those in
 * brackets and in an operator's name. */
char *
function_name_bare(char *demangled)
{
	const char *at = demangled, *begin = demangled;
	int depth = 0;

	take_out(demangled, " [clone ", "]");
	take_out(demangled, "[abi:", "]");
	take_out(demangled, "(anonymous namespace)::", "::");
	cut_arguments(demangled);
	while (*at != '\0') {
		if (depth == 0 && is_operator(demangled, at))
			break;
		if (depth == 0 && *at == ' ')
			begin = at + 1;
		at = step(demangled, at, &depth);
	}
	return demangled + (begin - demangled);
}

/* ---- Symbols ------------------------------------------------------------- */

typedef char *demangle_function(
    const char *name, char *buffer, size_t *length, int *status);

static demangle_function *
find_demangler(void)
{
	static bool is_sought;
	static demangle_function *found;
	void *library;

	if (!is_sought) {
		is_sought = true;
		library = dlopen("libstdc++.so.6", RTLD_LAZY);
		if (library != NULL)
			found = (demangle_function *)dlsym(
			    library, "__cxa_demangle");
	}
	return found;
}

/* The bare name of a C++ symbol; NULL where it cannot be had. */
static char *
demangled(const char *symbol)
{
	demangle_function *demangle = find_demangler();
	char *whole, *bare;
	int status;

	if (demangle == NULL)
		return NULL;
	whole = demangle(symbol, NULL, NULL, &status);
	if (whole == NULL)
		return NULL;
	bare = strdup(function_name_bare(whole));
	free(whole);
	return bare;
}

/* Ends NAME before what compilers add to a copy or a part of a function. */
static void
cut_suffix(char *name)
{
	static const char *const suffixes[] = { ".constprop.", ".isra.",
		".part.", ".cold", ".lto_priv.", ".localalias", ".clone.",
		".llvm.", "@" };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		char *at = strstr(name, suffixes[i]);

		if (at != NULL && at != name)
			*at = '\0';
	}
}

/* Fortran's compilers write procedures of a module as "__module_MOD_name", and
 * others with "_" behind their names. */
static void
undo_fortran(char *name)
{
	char *module = strstr(name, "_MOD_");
	size_t length = strlen(name);

	if (name[0] == '_' && name[1] == '_' && module != NULL &&
	    module > name + 2) {
		memmove(name, name + 2, length - 1);
		module -= 2;
		module[0] = module[1] = ':';
		memmove(module + 2, module + 5, strlen(module + 5) + 1);
	} else if (length > 1 && name[length - 1] == '_') {
		name[length - 1] = '\0';
	}
}

char *
function_name_of_symbol(const char *symbol)
{
	char *name = strncmp(symbol, "_Z", 2) == 0 ? demangled(symbol) : NULL;

	if (name != NULL)
		return name;
	name = strdup(symbol);
	if (name != NULL) {
		cut_suffix(name);
		undo_fortran(name);
	}
	return name;
}
