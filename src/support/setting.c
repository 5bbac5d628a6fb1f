/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setting.c - values of variables, by a table. See setting.h.
 *
 * Owns nothing, takes no lock, allocates nothing: it runs before a library is
 * set up, in malloc's place perhaps.
 */
#include "support/setting.h"

#include <stdio.h>
#include <string.h>

#include "base/cut.h"
#include "base/environment.h"
#include "support/numbers.h"

/* The position of TEXT among the words, counted from 1; 0 if it is none. */
static unsigned
position(const char *const *words, const char *text)
{
	for (unsigned i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], text) == 0)
			return i + 1;
	return 0;
}

/* Reads TEXT in the setting's form to VALUE, which has the type that setting.h
 * gives for it. False, and nothing is stored, where it is not valid. */
static bool
store(const struct setting *setting, const char *text, void *value)
{
	unsigned chosen;

	switch (setting->form) {
	case SETTING_TEXT:
		*(const char **)value = text;
		return true;
	case SETTING_SWITCH:
		return switch_read(text, value) == 0;
	case SETTING_NUMBER:
		return number_read(text, setting->min, setting->max, value) ==
		    0;
	case SETTING_ADDRESS:
		return address_read(text, value) == 0;
	case SETTING_CHOICE:
		chosen = position(setting->words, text);
		if (chosen != 0)
			*(unsigned *)value = chosen;
		return chosen != 0;
	}
	return false;
}

/* The line quotes 64 characters of a value at most, which are enough to
 * recognise it, so that the complaint has its place in LINE. A variable that is
 * not set is valid: the record keeps its default. */
bool
setting_store(const struct setting *setting, const char *text, void *record,
    char line[SETTING_LINE_MAX])
{
	if (text == NULL ||
	    store(setting, text, (char *)record + setting->field))
		return true;
	snprintf(line, SETTING_LINE_MAX, "%s=%s %s", setting->name,
	    cut(text, 64).text, setting->complaint);
	return false;
}

bool
setting_read(
    const struct setting *setting, void *record, char line[SETTING_LINE_MAX])
{
	return setting_store(setting, variable(setting->name), record, line);
}
