/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * profiles.c - see profiles.h.
 */
#include "tool/profiles.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "profile/place.h"
#include "profile/symbols.h"
#include "tool/commands.h"

struct profile *
profiles_open(const char *path)
{
	struct profile *profile = profile_read(path);

	if (profile != NULL && profile_symbolize(profile) != 0) {
		profile_free(profile);
		profile = NULL;
	}
	if (profile == NULL) {
		fail("%s", error_text());
		return NULL;
	}
	if (profile->site_count > 0)
		return profile;
	fail("%s is empty: the program allocated nothing that was recorded",
	    path);
	profile_free(profile);
	return NULL;
}

bool
profiles_has_accesses(const struct profile *profile)
{
	for (size_t i = 0; i < profile->site_count; i++)
		if (profile->sites[i]->accesses != 0)
			return true;
	return false;
}

void
profiles_print_head(const struct profile *profile)
{
	bool is_dhat = strcmp(profile->sampler, "dhat") == 0;
	uint64_t peak = 0;

	if (profile->snapshots > 0)
		peak = profile_live(profile, profile_peak_snapshot(profile));
	printf("%s", profile->program != NULL ? profile->program : "a program");
	if (profile->processes > 1)
		printf(", %" PRIu64 " processes", profile->processes);
	if (is_dhat)
		printf(", %" PRIu64 " instructions", profile->duration);
	else
		printf(", %.1f s", (double)profile->duration / 1e9);
	printf(", at most %s at once\n", bytes_text((double)peak).text);
	if (profiles_has_accesses(profile))
		printf("accesses in %s, by the sampler %s\n",
		    profile->access_unit, profile->sampler);
	else
		printf("no accesses (sampler %s)\n", profile->sampler);
}
