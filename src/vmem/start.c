/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * start.c - what the environment asks of libvmem, and its log.
 *
 * Read once: when the library is loaded, or when another library's constructor
 * calls it before. Variables of a program that runs with more rights than its
 * user are not looked at. The one thing that ends the process is a log file of
 * the debug library that cannot be opened.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "vmem/facade.h"
#include "vmem/registry.h"

#define CONF_LINK "/etc/je_vmem_malloc.conf"
#define LOG_FILE "VMEM_LOG_FILE"

/* Options of jemalloc 3.6 and of its successors that nothing here answers to. */
static const char *const passed_over[] = { "abort", "lg_chunk", "dss",
	"lg_dirty_mult", "junk", "quarantine", "redzone", "zero", "utrace",
	"valgrind", "xmalloc", "prof", "prof_prefix", "prof_active",
	"lg_prof_sample", "prof_accum", "lg_prof_interval", "prof_gdump",
	"prof_final", "prof_leak", "muzzy_decay_ms", NULL };

struct log_file vmem_log = LOG_FILE_INIT("libvmem");
static struct vmem_settings settings;

#ifdef HAVE_VALGRIND
/* How tests and people find out, by strings(1). */
static const char support[][48] __attribute__((used)) = {
	"compiled with support for Valgrind helgrind",
	"compiled with support for Valgrind memcheck",
	"compiled with support for Valgrind drd",
};
#endif

int
vmem_log_open(void)
{
	const char *name = secure_getenv(LOG_FILE);

	if (name == NULL || *name == '\0' || vmem_log.name[0] != '\0')
		return 0;
	return log_file_open(&vmem_log, name);
}

#ifdef POOLKIND_DEBUG
static void
write_banner(void)
{
	char program[4096];

	TRACE(1, "pid %d: program: %s", log_process(),
	    log_program(program, sizeof(program), NULL));
	TRACE(
	    1, "libvmem version %d.%d", VMEM_MAJOR_VERSION, VMEM_MINOR_VERSION);
	TRACE(1, "src version: %s", PACKAGE_VERSION);
#ifdef HAVE_VALGRIND
	for (size_t i = 0; i < ARRAY_SIZE(support); i++)
		TRACE(1, "%s", support[i]);
#endif
}

static void
open_log(void)
{
	const char *level = secure_getenv("VMEM_LOG_LEVEL");
	const char *align = secure_getenv("PMDK_LOG_ALIGN");
	int error = vmem_log_open();

	if (error != 0) {
		fprintf(stderr, "Error (libvmem): %s=%s: %s\n", LOG_FILE,
		    secure_getenv(LOG_FILE), error_name(error));
		abort();
	}
	if (align != NULL)
		vmem_log.align = atoi(align);
	if (level != NULL)
		vmem_log.level = atoi(level);
	write_banner();
}
#endif

static void
read_environment(void)
{
	const char *conf = secure_getenv("JE_VMEM_MALLOC_CONF");
	const char *hint = secure_getenv("PMEM_MMAP_HINT");
	char linked[4096], *end;

#ifdef POOLKIND_DEBUG
	open_log();
#endif
	if (os_read_link(CONF_LINK, linked, sizeof(linked)))
		conf_read(&settings.conf, linked, passed_over);
	if (conf != NULL)
		conf_read(&settings.conf, conf, passed_over);
	if (hint != NULL) {
		unsigned long long value = strtoull(hint, &end, 16);

		if (*end == '\0' && end != hint)
			settings.hint = (uintptr_t)value;
	}
}

static __attribute__((constructor)) void
start(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, read_environment);
}

const struct vmem_settings *
vmem_settings(void)
{
	start();
	return &settings;
}

static __attribute__((destructor)) void
end(void)
{
	if (!settings.conf.stats_print)
		return;
	for (struct pool *pool = registry_first(); pool != NULL;
	     pool = pool->next)
		vmem_stats_print((VMEM *)(void *)pool->begin, NULL);
}
