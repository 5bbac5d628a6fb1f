/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ld_path.c - see ld_path.h.
 *
 * Which processor this is the linker finds out by itself; here the compiler's
 * functions are asked for those features of each level that they all know. What
 * glibc had before 2.33 (folders like tls and haswell) is not looked into.
 */
#include "rules/ld_path.h"

#include <string.h>

#include "base/base.h"

/* ---- Tokens -------------------------------------------------------------- */

const char *
ld_lib(const char *folder)
{
	if (strncmp(folder, "/usr/", 5) == 0)
		folder += 4;
	return strncmp(folder, "/lib", 4) == 0 ? folder + 1 : "lib";
}

/* How long the token NAME at the beginning of TEXT is; 0: it is another. */
static size_t
token_length(struct word text, const char *name)
{
	size_t length = strlen(name);
	bool in_braces = text.length > 1 && text.text[1] == '{';
	size_t begin = in_braces ? 2 : 1, end = begin + length;

	if (text.length < end + in_braces ||
	    memcmp(text.text + begin, name, length) != 0 ||
	    (in_braces && text.text[end] != '}'))
		return 0;
	return end + in_braces;
}

static size_t
take_token(struct word text, const struct ld_tokens *tokens, const char **value)
{
	size_t length = token_length(text, "ORIGIN");

	*value = tokens->origin;
	if (length == 0) {
		length = token_length(text, "LIB");
		*value = tokens->lib;
	}
	return length;
}

bool
ld_expand(struct word text, const struct ld_tokens *tokens, char path[PATH_MAX])
{
	size_t length = 0, bytes;
	const char *value;

	while (text.length > 0) {
		size_t taken = 1;

		value = text.text;
		bytes = 1;
		if (*text.text == '$') {
			taken = take_token(text, tokens, &value);
			bytes = strlen(value);
		}
		if (taken == 0 || length + bytes >= PATH_MAX)
			return false;
		memcpy(path + length, value, bytes);
		length += bytes;
		text.text += taken;
		text.length -= taken;
	}
	path[length] = '\0';
	return true;
}

/* ---- Processors ---------------------------------------------------------- */

#if defined(__x86_64__)

static const char *const levels[] = { "x86-64-v4", "x86-64-v3", "x86-64-v2" };

/* How many of the levels are too high. */
static unsigned
first_level(void)
{
	__builtin_cpu_init();
	if (!__builtin_cpu_supports("ssse3") ||
	    !__builtin_cpu_supports("sse4.2") ||
	    !__builtin_cpu_supports("popcnt"))
		return 3;
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi") ||
	    !__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("fma"))
		return 2;
	if (!__builtin_cpu_supports("avx512f") ||
	    !__builtin_cpu_supports("avx512bw") ||
	    !__builtin_cpu_supports("avx512cd") ||
	    !__builtin_cpu_supports("avx512dq") ||
	    !__builtin_cpu_supports("avx512vl"))
		return 1;
	return 0;
}

const char *
ld_processor(unsigned i)
{
	i += first_level();
	return i < ARRAY_SIZE(levels) ? levels[i] : NULL;
}

#else

const char *
ld_processor(unsigned i)
{
	(void)i;
	return NULL;
}

#endif
