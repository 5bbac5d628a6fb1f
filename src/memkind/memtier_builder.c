/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memtier_builder.c - what a memory of memtier is made of.
 *
 * Owns builders, each used by one thread at a time: tiers, with the threshold
 * to the next one, and the settings of the dynamic policy. Their records are
 * blocks of MEMKIND_DEFAULT, as those of memories are (memtier_policy.c). Takes
 * no lock. Everything here can fail for want of memory, or with EINVAL, and
 * leaves the builder as it was.
 *
 * Numbers that are not said otherwise are memtier's, as its library has them:
 * a look every 20 calls, a trigger of 0.02, a degree of 0.15, and thresholds at
 * 1024 bytes and its multiples, 512 down and 511 up. (Its manual says 513 and
 * 1536 for the bounds of the first, which its code never had.)
 */
#include <errno.h>
#include <string.h>

#include "memkind/kinds.h"
#include "memkind/memtier_policy.h"

struct memtier_builder {
	memtier_policy_t policy;
	struct memtier_dynamic_settings settings;
	struct memtier_tier *tiers;
	size_t count;
};

EXPORT struct memtier_builder *
memtier_builder_new(memtier_policy_t policy)
{
	struct memtier_builder *builder;

	if ((unsigned)policy >= MEMTIER_POLICY_MAX_VALUE) {
		errno = EINVAL;
		return NULL;
	}
	builder = memkind_calloc(MEMKIND_DEFAULT, 1, sizeof(*builder));
	if (builder == NULL)
		return NULL;
	builder->policy = policy;
	builder->settings = (struct memtier_dynamic_settings){
		.calls = 20,
		.trigger = 0.02F,
		.degree = 0.15F,
	};
	return builder;
}

EXPORT void
memtier_builder_delete(struct memtier_builder *builder)
{
	if (builder == NULL)
		return;
	memkind_free(MEMKIND_DEFAULT, builder->tiers);
	memkind_free(MEMKIND_DEFAULT, builder);
}

static int
invalid(void)
{
	errno = EINVAL;
	return -1;
}

/* Room for one more tier is made each time: there are a few, and nothing is
 * fast here. The threshold of the last tier is not used; the tier that is added
 * next makes it one. A kind can be a tier once only, as its bytes could not be
 * told apart by tiers. */
EXPORT int
memtier_builder_add_tier(
    struct memtier_builder *builder, memkind_t kind, unsigned kind_ratio)
{
	struct memtier_tier *tiers;
	size_t i;

	if (builder == NULL || kind == NULL || !memkind_is_alive(kind))
		return invalid();
	for (i = 0; i < builder->count; i++)
		if (builder->tiers[i].kind == kind)
			return invalid();
	tiers = memkind_realloc(
	    MEMKIND_DEFAULT, builder->tiers, (i + 1) * sizeof(*tiers));
	if (tiers == NULL)
		return -1;
	tiers[i] = (struct memtier_tier){
		.kind = kind,
		.share = kind_ratio,
		.threshold = {
			.value = KIB * (i + 1),
			.least = KIB * i + KIB / 2,
			.most = KIB * (i + 1) + KIB / 2 - 1,
		},
	};
	builder->tiers = tiers;
	builder->count = i + 1;
	return 0;
}

/* ---- Memories ------------------------------------------------------------ */

/* The value within its bounds, and these in order from threshold to threshold.
 * The last tier's is none and not looked at. */
static bool
thresholds_fit(const struct memtier_builder *builder)
{
	for (size_t i = 0; i + 1 < builder->count; i++) {
		const struct memtier_threshold *it = &builder->tiers[i]
							  .threshold;

		if (it->least > it->value || it->value > it->most)
			return false;
		if (i + 2 < builder->count &&
		    it->most > builder->tiers[i + 1].threshold.least)
			return false;
	}
	return true;
}

/* Settings are checked here and not when they are set: on the way from one
 * valid set of bounds to another some may contradict each other. */
static bool
can_make(const struct memtier_builder *builder)
{
	if (builder == NULL || builder->count == 0)
		return false;
	return builder->policy == MEMTIER_POLICY_STATIC_RATIO ||
	    (builder->count > 1 && builder->settings.trigger >= 0 &&
		builder->settings.degree >= 0 && thresholds_fit(builder));
}

/* The builder is not used up: the memory has copies. A memory stands in for
 * malloc(3), of which programs expect a block for 0 bytes, so its kinds give
 * such from now on, in the whole process. */
EXPORT struct memtier_memory *
memtier_builder_construct_memtier_memory(struct memtier_builder *builder)
{
	struct memtier_memory *memory;

	if (!can_make(builder)) {
		errno = EINVAL;
		return NULL;
	}
	memory = memtier_policy_make(builder->policy, builder->tiers,
	    builder->count, &builder->settings);
	if (memory == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	for (size_t i = 0; i < builder->count; i++)
		memkind_set_allow_zero_allocs(builder->tiers[i].kind, true);
	return memory;
}

EXPORT void
memtier_delete_memtier_memory(struct memtier_memory *memory)
{
	memkind_free(MEMKIND_DEFAULT, memory);
}

/* ---- Settings by name ---------------------------------------------------- */

/* What follows BEGIN in TEXT; NULL if TEXT does not begin with it, or is NULL.
 */
static const char *
after(const char *text, const char *begin)
{
	size_t length = strlen(begin);

	return text != NULL && strncmp(text, begin, length) == 0 ?
	    text + length :
	    NULL;
}

/* What follows the number at TEXT, which goes to *NUMBER; NULL if none does. */
static const char *
after_number(const char *text, size_t *number)
{
	const char *c = text;

	*number = 0;
	while (c != NULL && *c >= '0' && *c <= '9')
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(
			*number, (size_t)(*c++ - '0'), number))
			return NULL;
	return c == text ? NULL : c;
}

/* The size that "ID].val" and its like, at TEXT, name; NULL where there is none
 * or no such threshold. Tiers have to be added before their thresholds are
 * set. */
static size_t *
threshold_named(struct memtier_builder *builder, const char *text)
{
	size_t id;
	const char *name = after(after_number(text, &id), "].");

	if (name == NULL || id + 1 >= builder->count)
		return NULL;
	if (strcmp(name, "val") == 0)
		return &builder->tiers[id].threshold.value;
	if (strcmp(name, "min") == 0)
		return &builder->tiers[id].threshold.least;
	if (strcmp(name, "max") == 0)
		return &builder->tiers[id].threshold.most;
	return NULL;
}

/* What VAL points to has the type that the name says: size_t, unsigned or
 * float. It is copied by bytes, as a program may have it at any address. */
EXPORT int
memtier_ctl_set(
    struct memtier_builder *builder, const char *name, const void *val)
{
	const char *rest = after(name, "policy.dynamic_threshold.");
	const char *threshold = after(rest, "thresholds[");
	size_t *size = NULL;

	if (builder == NULL || rest == NULL || val == NULL ||
	    builder->policy != MEMTIER_POLICY_DYNAMIC_THRESHOLD)
		return invalid();
	if (threshold != NULL)
		size = threshold_named(builder, threshold);
	if (size != NULL)
		memcpy(size, val, sizeof(*size));
	else if (strcmp(rest, "check_cnt") == 0)
		memcpy(&builder->settings.calls, val, sizeof(unsigned));
	else if (strcmp(rest, "trigger") == 0)
		memcpy(&builder->settings.trigger, val, sizeof(float));
	else if (strcmp(rest, "degree") == 0)
		memcpy(&builder->settings.degree, val, sizeof(float));
	else
		return invalid();
	return 0;
}
