/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setting.c - values of variables, by a table. See setting.h.
 */
#include "support/setting.h"

#include <stdio.h>
#include <string.h>

#include "support/environment.h"
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

/* A value may be a whole novel: 64 characters of it are enough to find it. */
bool
setting_store(const struct setting *setting, const char *text, void *record,
    char line[SETTING_LINE_MAX])
{
	if (text == NULL ||
	    store(setting, text, (char *)record + setting->field))
		return true;
	snprintf(line, SETTING_LINE_MAX, "%s=%.64s %s", setting->name, text,
	    setting->complaint);
	return false;
}

bool
setting_read(
    const struct setting *setting, void *record, char line[SETTING_LINE_MAX])
{
	return setting_store(setting, variable(setting->name), record, line);
}
