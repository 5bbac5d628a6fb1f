/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json_read.h - a text of JSON, read from its beginning to its end.
 *
 * Owns nothing: the text, which ends with NUL, is its caller's. What is no JSON
 * sets `failed', and from there on nothing more is found; so it is enough to
 * look at that once, at the end. Called by dhat.c; no locks.
 *
 *     char key[JSON_KEY_MAX];
 *
 *     json_open(&json, '{');
 *     while (json_member(&json, key))
 *             if (strcmp(key, "size") == 0)
 *                     size = json_number(&json);
 *             else
 *                     json_skip(&json);
 */
#ifndef PROFILE_JSON_READ_H
#define PROFILE_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_KEY_MAX 64

struct json {
	const char *at;
	bool failed;
	bool is_first; /* nothing of what was opened last is read yet */
};

/* Takes '{' or '[', with which the next value has to begin. */
void json_open(struct json *json, char bracket);

/* Takes the name of the next member, which is cut where it is long; false at
 * the object's end, which is taken, too. */
bool json_member(struct json *json, char key[JSON_KEY_MAX]);

/* Whether there is another element; the same of an array. */
bool json_element(struct json *json);

/* Takes a number; of one with a sign, a fraction or an exponent, and of one
 * that is too large, what is near: 0, the whole part, the largest. */
uint64_t json_number(struct json *json);

/* Takes a text, of which the first SIZE - 1 bytes get to TO. */
void json_text(struct json *json, char *to, size_t size);

/* Takes any value. */
void json_skip(struct json *json);

#endif /* PROFILE_JSON_READ_H */
