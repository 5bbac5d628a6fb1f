/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read.c - see outside.h: what is told of a process, or why nothing is.
 */
#include "outside/outside.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "outside/entries.h"
#include "outside/kind.h"

/* One process, while it is read. */
struct reading_process {
	struct remote remote;
	bool want_residence, residence_tried, residence_known;
	struct residence residence;
	struct stats_process *first, **end;
	enum outside_answer answer;
	char *why;
};

static bool __attribute__((format(printf, 3, 4)))
give_up(struct reading_process *p, enum outside_answer answer,
    const char *format, ...)
{
	va_list arguments;

	p->answer = answer;
	va_start(arguments, format);
	vsnprintf(p->why, OUTSIDE_WHY_MAX, format, arguments);
	va_end(arguments);
	return false;
}

static bool
gone(struct reading_process *p)
{
	return give_up(p, OUTSIDE_GONE, "%s", remote_gone(&p->remote));
}

/* Read once, when there is a kind to know it of. */
static const struct residence *
residence_of(struct reading_process *p)
{
	if (p->want_residence && !p->residence_tried) {
		p->residence_tried = true;
		p->residence_known = residence_read(&p->remote, &p->residence);
	}
	return p->residence_known ? &p->residence : NULL;
}

static struct stats_process *
append(struct reading_process *p, const struct engine *engine)
{
	struct stats_process *process = calloc(1, sizeof(*process));

	if (process == NULL)
		return NULL;
	*p->end = process;
	p->end = &process->next;
	process->process = p->remote.process;
	process->program = strdup(p->remote.program);
	process->engine = strdup(engine->name);
	return process->program != NULL && process->engine != NULL ? process :
								     NULL;
}

/* Some kinds are missing: the others are told. */
static void
note_unsure(struct reading_process *p, unsigned unsure)
{
	if (unsure != 0)
		snprintf(p->why, OUTSIDE_WHY_MAX,
		    "%u of its kinds cannot be told: %s", unsure,
		    p->remote.state == 'T' || p->remote.state == 't' ?
			"it was stopped while it changed them" :
			"it changes them faster than they can be read");
}

static bool
read_engine(void *to, const struct engine *engine)
{
	struct reading_process *p = to;
	struct stats_process *process;
	struct stats_kind **end;
	unsigned unsure = 0;

	p->answer = entries_check(&p->remote, engine, p->why);
	if (p->answer != OUTSIDE_TOLD)
		return false;
	process = append(p, engine);
	if (process == NULL)
		return give_up(p, OUTSIDE_UNSURE, "no memory to read it");
	end = &process->kinds;
	if (!kinds_read(&p->remote, engine, residence_of(p), &end, &unsure))
		return gone(p);
	process->untold = unsure;
	note_unsure(p, unsure);
	return true;
}

static void
read_engines(struct reading_process *p)
{
	p->answer = OUTSIDE_NOTHING;
	if (!engines_find(&p->remote, read_engine, p))
		give_up(p, OUTSIDE_REFUSED,
		    "what it has mapped cannot be read: %s", strerror(errno));
	else if (!remote_lives(&p->remote))
		gone(p);
	else if (p->answer == OUTSIDE_NOTHING)
		give_up(p, OUTSIDE_NOTHING, OUTSIDE_NO_ENGINE);
	residence_free(&p->residence);
}

enum outside_answer
outside_read(int process, bool residence, struct stats_process ***end,
    char why[OUTSIDE_WHY_MAX])
{
	struct reading_process p = { .want_residence = residence };
	int error = remote_open(&p.remote, process);

	p.why = why;
	why[0] = '\0';
	p.end = &p.first;
	if (error == ESRCH) {
		gone(&p);
	} else if (error != 0) {
		p.answer = OUTSIDE_REFUSED;
		remote_explain(&p.remote, error, why, OUTSIDE_WHY_MAX);
	} else {
		read_engines(&p);
	}
	remote_close(&p.remote);
	if (p.answer == OUTSIDE_TOLD) {
		**end = p.first;
		*end = p.end;
	} else {
		outside_free(p.first);
	}
	return p.answer;
}

void
outside_free(struct stats_process *first)
{
	while (first != NULL) {
		struct stats_process *next = first->next;

		kinds_free(first->kinds);
		free((char *)first->program);
		free((char *)first->engine);
		free((char *)first->job);
		free((char *)first->rank);
		free(first);
		first = next;
	}
}
