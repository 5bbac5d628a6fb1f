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

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "os/lock.h"
#include "os/os.h"
#include "support/environment.h"
#include "support/numbers.h"
#include "vmem/facade.h"
#include "vmem/registry.h"

#define CONF_LINK "/etc/je_vmem_malloc.conf"
#define LOG_FILE "VMEM_LOG_FILE"

/* Options of jemalloc 3.6 and of its successors that nothing here answers to.
 */
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

/* Says of a variable what it is not, and what is taken. */
static void
complain(const char *name, const char *value, const char *text)
{
	char line[256];
	int length = snprintf(line, sizeof(line),
	    "libvmem: %s=%.64s is not %s\n", name, value, text);

	os_write(2, line, (size_t)length);
}

int
vmem_log_open(void)
{
	const char *name = variable(LOG_FILE);

	if (name == NULL || vmem_log.name[0] != '\0')
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

/* A whole number; 0 where there is none. */
static int
read_number(const char *name)
{
	const char *text = variable(name);
	uint64_t number = 0;

	if (text != NULL && number_read(text, 0, INT_MAX, &number) != 0)
		complain(name, text, "a whole number; it is 0");
	return (int)number;
}

static void
open_log(void)
{
	int error = vmem_log_open();

	if (error != 0) {
		fprintf(stderr, "Error (libvmem): %s=%s: %s\n", LOG_FILE,
		    variable(LOG_FILE), error_name(error));
		abort();
	}
	vmem_log.align = read_number("PMDK_LOG_ALIGN");
	vmem_log.level = read_number("VMEM_LOG_LEVEL");
	write_banner();
}
#endif

static void
read_environment(void)
{
	const char *conf = variable("JE_VMEM_MALLOC_CONF");
	const char *hint = variable("PMEM_MMAP_HINT");
	char linked[4096];

#ifdef POOLKIND_DEBUG
	open_log();
#endif
	if (os_read_link(CONF_LINK, linked, sizeof(linked)))
		conf_read(&settings.conf, linked, passed_over);
	if (conf != NULL)
		conf_read(&settings.conf, conf, passed_over);
	if (hint != NULL && address_read(hint, &settings.hint) != 0)
		complain("PMEM_MMAP_HINT", hint,
		    "an address in hexadecimal; pools lie anywhere");
}

static __attribute__((constructor)) void
start(void)
{
	static struct once once = ONCE_INIT;

	once_do(&once, read_environment);
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
