/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json_read.c - see json_read.h.
 */
#include "profile/json_read.h"

#include <string.h>

#define DEPTH_MAX 64

static void
fail(struct json *json)
{
	json->failed = true;
}

/* The next character that is no blank. */
static char
peek(struct json *json)
{
	json->at += strspn(json->at, " \t\r\n");
	return json->failed ? '\0' : *json->at;
}

static bool
take(struct json *json, char wanted)
{
	if (wanted == '\0' || peek(json) != wanted)
		return false;
	json->at++;
	return true;
}

void
json_open(struct json *json, char bracket)
{
	if (!take(json, bracket))
		fail(json);
	json->is_first = true;
}

/* Whether something follows before the bracket that closes. */
static bool
has_more(struct json *json, char bracket)
{
	bool is_first = json->is_first;

	json->is_first = false;
	if (take(json, bracket))
		return false;
	if (!is_first && !take(json, ','))
		fail(json);
	return !json->failed;
}

bool
json_element(struct json *json)
{
	return has_more(json, ']');
}

bool
json_member(struct json *json, char key[JSON_KEY_MAX])
{
	if (!has_more(json, '}'))
		return false;
	json_text(json, key, JSON_KEY_MAX);
	if (!take(json, ':'))
		fail(json);
	return !json->failed;
}

uint64_t
json_number(struct json *json)
{
	bool is_negative = take(json, '-');
	uint64_t value = 0;

	if (peek(json) < '0' || *json->at > '9')
		fail(json);
	for (; *json->at >= '0' && *json->at <= '9'; json->at++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(
			value, (uint64_t)(*json->at - '0'), &value))
			value = UINT64_MAX;
	json->at += strspn(json->at, ".eE+-0123456789");
	return is_negative || json->failed ? 0 : value;
}

/* What a character behind a backslash stands for; those by their number are
 * not needed, and are '?'. */
static char
escaped(struct json *json)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	char c = *json->at;
	const char *found = c != '\0' ? strchr(letters, c) : NULL;

	if (c == 'u' && strspn(json->at + 1, "0123456789abcdefABCDEF") >= 4)
		json->at += 4;
	else if (found == NULL)
		fail(json);
	return found != NULL ? meant[found - letters] : '?';
}

void
json_text(struct json *json, char *to, size_t size)
{
	size_t length = 0;

	if (!take(json, '"'))
		fail(json);
	for (; !json->failed && *json->at != '"'; json->at++) {
		char c = *json->at;

		if (c == '\\') {
			json->at++;
			c = escaped(json);
		}
		if (c == '\0')
			fail(json);
		if (json->failed)
			break;
		if (length + 1 < size)
			to[length++] = c;
	}
	to[length] = '\0';
	if (!json->failed)
		json->at++;
}

static void
skip_word(struct json *json)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strncmp(json->at, words[i], strlen(words[i])) == 0) {
			json->at += strlen(words[i]);
			return;
		}
	fail(json);
}

static void
skip(struct json *json, unsigned depth)
{
	char key[JSON_KEY_MAX];

	switch (depth < DEPTH_MAX ? peek(json) : '\0') {
	case '{':
		json_open(json, '{');
		while (json_member(json, key))
			skip(json, depth + 1);
		break;
	case '[':
		json_open(json, '[');
		while (json_element(json))
			skip(json, depth + 1);
		break;
	case '"':
		json_text(json, key, sizeof(key));
		break;
	case 't':
	case 'f':
	case 'n':
		skip_word(json);
		break;
	default:
		json_number(json);
	}
}

void
json_skip(struct json *json)
{
	skip(json, 0);
}
