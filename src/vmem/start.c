/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * start.c - what the environment asks of libvmem, and its log.
 *
 * Read once: when the library is loaded, or when another library's constructor
 * calls it before. Variables of a program that runs with more rights than its
 * user are not looked at. What is wrong with a variable gets a line on standard
 * error, and the default holds. The one thing that ends the process is a log
 * file of the debug library that cannot be opened: nobody is to look for lines
 * that were never written, and vmem's own library ended the process, too.
 *
 * Owns the settings, which do not change after they were read, and the log.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <limits.h>

#include "base/environment.h"
#include "base/error.h"
#include "os/lock.h"
#include "os/os.h"
#include "support/setting.h"
#include "vmem/facade.h"

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
/* Tests of vmem's users look for these texts with strings(1), to know whether
 * the library can be run under valgrind's tools. */
static const char support[][48] __attribute__((used)) = {
	"compiled with support for Valgrind helgrind",
	"compiled with support for Valgrind memcheck",
	"compiled with support for Valgrind drd",
};
#endif

/* The lines on standard error begin with the library's name. */
#define complain(...) log_say(&log_standard_error, 0, "libvmem: ", __VA_ARGS__)

/* The debug library opens the log when it is loaded, so that it has all lines;
 * the release library when statistics are first printed, so that a program
 * which prints none has no such file. */
int
vmem_log_open(void)
{
	const char *name = variable(LOG_FILE);

	if (name == NULL || vmem_log.name[0] != '\0')
		return 0;
	return log_file_open(&vmem_log, name);
}

#ifdef POOLKIND_DEBUG
/* The lines at level 1 with which the log of a process begins, as vmem's did:
 * whose they are, and what was compiled in. */
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

/* The log's own settings, which are numbers, 0 where they are not given. */
struct log_numbers {
	uint64_t level, align;
};

static const struct setting log_settings[] = {
	{ "PMDK_LOG_ALIGN", .form = SETTING_NUMBER, .max = INT_MAX,
	    .field = offsetof(struct log_numbers, align),
	    .complaint = "is not a whole number; it is 0" },
	{ "VMEM_LOG_LEVEL", .form = SETTING_NUMBER, .max = INT_MAX,
	    .field = offsetof(struct log_numbers, level),
	    .complaint = "is not a whole number; it is 0" },
};

static void
read_log_settings(void)
{
	struct log_numbers numbers = { 0 };
	char wrong[SETTING_LINE_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(log_settings); i++)
		if (!setting_read(&log_settings[i], &numbers, wrong))
			complain("%s", wrong);
	vmem_log.align = (int)numbers.align;
	vmem_log.level = (int)numbers.level;
}

/* The file is opened before the level is read, so that no trace line goes to
 * standard error first. That it cannot be opened is said there. */
static void
open_log(void)
{
	int error = vmem_log_open();

	if (error != 0)
		log_end(&log_standard_error, "Error (libvmem): ", "%s=%s: %s",
		    LOG_FILE, variable(LOG_FILE), error_name(error));
	read_log_settings();
	write_banner();
}
#endif

/* ---- All of it ----------------------------------------------------------- */

static const struct setting hint_setting = {
	.name = "PMEM_MMAP_HINT",
	.form = SETTING_ADDRESS,
	.field = offsetof(struct vmem_settings, hint),
	.complaint = "is not an address in hexadecimal; pools lie anywhere",
};

/* Options come from the symbolic link first and from the variable after it, so
 * that the variable wins: jemalloc's order, which both names are from. */
static void
read_environment(void)
{
	const char *conf = variable("JE_VMEM_MALLOC_CONF");
	char wrong[SETTING_LINE_MAX];
	char linked[4096];

#ifdef POOLKIND_DEBUG
	open_log();
#endif
	if (os_read_link(CONF_LINK, linked, sizeof(linked)))
		conf_read(&settings.conf, linked, passed_over);
	if (conf != NULL)
		conf_read(&settings.conf, conf, passed_over);
	if (!setting_read(&hint_setting, &settings, wrong))
		complain("%s", wrong);
}

/* Constructors of libraries that use this one may run before ours; whatever
 * needs a setting goes through vmem_settings() and so reads them then. */
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
