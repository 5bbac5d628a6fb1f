/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setting.h - a variable of the environment as a row of a table: what form its
 * value has, where the value goes, and what is said of one that is not valid.
 *
 * Owns nothing: tables are constant, values go where the caller says. Called by
 * the facades. Allocates nothing, takes no lock. A value that is not valid is
 * answered with a line and not stored; what follows is for the facade to say.
 */
#ifndef SUPPORT_SETTING_H
#define SUPPORT_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The form of a value, and the type of what it is stored in. */
enum setting_form {
	SETTING_TEXT,    /* const char *: as it is, in the environment */
	SETTING_SWITCH,  /* bool: 0 or 1 */
	SETTING_NUMBER,  /* uint64_t: from min to max */
	SETTING_ADDRESS, /* uintptr_t: in hexadecimal */
	/* unsigned: which of the words it is, counted from 1, so that 0 can
	 * stand for "not given". */
	SETTING_CHOICE,
};

struct setting {
	const char *name; /* of the variable */
	enum setting_form form;
	size_t field;          /* offset in the record that is filled in */
	const char *complaint; /* "is not ...", behind NAME=VALUE */
	uint64_t min, max;
	const char *const *words; /* NULL at the end */
};

/* Room for any complaint. */
#define SETTING_LINE_MAX 256

/* Stores TEXT, the value of SETTING, in RECORD; NULL is not stored. False with
 * "NAME=VALUE is not ..." in LINE if it is not valid. */
bool setting_store(const struct setting *setting, const char *text,
    void *record, char line[SETTING_LINE_MAX]);

/* The same for the variable as the process has it. */
bool setting_read(
    const struct setting *setting, void *record, char line[SETTING_LINE_MAX]);

#endif /* SUPPORT_SETTING_H */
