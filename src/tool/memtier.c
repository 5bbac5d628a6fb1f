/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memtier.c - the program memtier: runs another one with its heap in two tiers,
 * DRAM and memory onlined from DAX devices.
 *
 * It puts libmemtier into LD_PRELOAD, and into the environment what libmemtier
 * reads there; see libmemtier(7). Then it becomes the other program by exec(2),
 * so that this has its process number, its signals, its descriptors and its
 * exit status, as if it had been started without this one.
 *
 * What can be checked is checked here, by a line on standard error and status
 * 1: the library itself can only abort, in the midst of the other program's
 * start. Owns the words of the command line. A process of one thread; no locks.
 */
#include <dlfcn.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memkind.h"

#define LIBRARY "libmemtier.so.0"

static const char usage[] =
    "usage: memtier [-r DRAM:KMEM] [-t THRESHOLDS] [-v] PROGRAM [ARGUMENT...]\n"
    "       memtier -h\n";

static const char help[] =
    "\n"
    "Runs PROGRAM with its heap in two tiers: DRAM, and memory onlined from "
    "DAX\n"
    "devices.\n"
    "\n"
    "-r, --ratio DRAM:KMEM       the shares of the two, whole numbers; the\n"
    "                            memory that is installed, if not given\n"
    "-t, --thresholds THRESHOLD  small blocks from DRAM, large ones from DAX:\n"
    "                            INIT_VAL:BYTES,MIN_VAL:BYTES,MAX_VAL:BYTES\n"
    "-v, --verbose               says what is put into the environment\n"
    "-h, --help                  says this\n";

static bool verbose;

/* Writes the line and ends. Nothing has to be undone: only the environment of
 * this process was changed. */
static __attribute__((noreturn, format(printf, 1, 2))) void
fail(const char *format, ...)
{
	va_list arguments;

	fputs("memtier: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

/* Values of before are replaced: what is written on the command line counts. */
static void
set(const char *name, const char *value)
{
	if (verbose)
		fprintf(stderr, "memtier: %s=%s\n", name, value);
	if (setenv(name, value, 1) != 0)
		fail("%s: %s", name, strerror(errno));
}

/* ---- The ratio ----------------------------------------------------------- */

static uint64_t
common_divisor(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* What is installed of KIND, in MiB, for which the numbers of a ratio are small
 * enough even for large machines. Less than one MiB would be a share of 0. */
static uint64_t
installed(memkind_t kind, const char *name)
{
	ssize_t bytes = memkind_get_capacity(kind);

	if (bytes < 1 << 20)
		fail("no %s is installed; give the ratio by -r", name);
	return (uint64_t)bytes >> 20;
}

/* libmemtier could only abort where there is no such memory, or no page of it
 * can be had: a block tells, with all that the variables say. */
static void
check_kmem(void)
{
	int error = memkind_check_available(MEMKIND_DAX_KMEM);
	void *block = error != 0 ? NULL : memkind_malloc(MEMKIND_DAX_KMEM, 1);
	char why[MEMKIND_ERROR_MESSAGE_SIZE];

	memkind_free(MEMKIND_DAX_KMEM, block);
	if (block != NULL)
		return;
	if (error == MEMKIND_ERROR_UNAVAILABLE)
		fail("no memory onlined from a DAX device is here; "
		     "MEMKIND_DAX_KMEM_NODES names other nodes to take");
	memkind_error_message(
	    error != 0 ? error : MEMKIND_ERROR_MALLOC, why, sizeof(why));
	fail("memory onlined from a DAX device cannot be had: %s", why);
}

/* The ratio where -r does not give it: of installed memory, not of free memory,
 * so that it is the same at each start. In lowest terms, as libmemtier's
 * numbers have 32 bits, and for those who read -v. */
static void
installed_ratio(char *ratio, size_t size)
{
	uint64_t dram, kmem, divisor;

	dram = installed(MEMKIND_REGULAR, "DRAM");
	kmem = installed(MEMKIND_DAX_KMEM, "memory onlined from DAX devices");
	divisor = common_divisor(dram, kmem);
	snprintf(ratio, size, "%llu:%llu", (unsigned long long)(dram / divisor),
	    (unsigned long long)(kmem / divisor));
}

/* Two whole numbers from 1 to UINT_MAX, as libmemtier reads them. The first
 * character must be a digit, as strtoul(3) would take blanks and signs. */
static void
check_ratio(const char *ratio)
{
	const char *at = ratio;

	for (int i = 0; i < 2; i++) {
		unsigned long value;
		char *end;

		errno = 0;
		value = strtoul(at, &end, 10);
		if (*at < '0' || *at > '9' || value == 0 || errno != 0 ||
		    value > UINT_MAX || *end != (i == 0 ? ':' : '\0'))
			fail("\"%s\" is not a ratio; write two whole numbers "
			     "from "
			     "1, DRAM first: 1:4",
			    ratio);
		at = end + 1;
	}
}

/* ---- The library --------------------------------------------------------- */

/*
 * Where libmemtier is: beside the libmemkind that this program runs with, so
 * that both are of one build, also where several are installed. That file is
 * found by an address in it: MEMKIND_DEFAULT is a pointer to a record inside of
 * libmemkind, even where the linker has copied the pointer into this program.
 * realpath(3) leads from libmemkind.so.0 in a folder of links to where it
 * really is.
 *
 * The dynamic linker takes blanks and colons in LD_PRELOAD as the end of a
 * name, and there is no way to quote them.
 */
static void
find_library(char path[PATH_MAX])
{
	char beside[PATH_MAX];
	Dl_info found;
	char *slash;

	if (dladdr(MEMKIND_DEFAULT, &found) == 0 ||
	    realpath(found.dli_fname, beside) == NULL)
		fail("cannot tell where libmemkind.so.0 is");
	slash = strrchr(beside, '/');
	*slash = '\0';
	if (snprintf(path, PATH_MAX, "%s/" LIBRARY, beside) >= PATH_MAX ||
	    access(path, R_OK) != 0)
		fail("there is no " LIBRARY " in %s, where libmemkind.so.0 is",
		    beside);
	if (strpbrk(path, " :") != NULL)
		fail("%s has a blank or a colon in it, and cannot be in "
		     "LD_PRELOAD",
		    path);
}

/* The library comes first in LD_PRELOAD, in front of what is there already, so
 * that malloc is its. The others are kept: they may be there for something
 * else. */
static void
preload(void)
{
	const char *others = getenv("LD_PRELOAD");
	char path[PATH_MAX], *list;

	find_library(path);
	if (others == NULL || *others == '\0') {
		set("LD_PRELOAD", path);
		return;
	}
	if (asprintf(&list, "%s:%s", path, others) < 0)
		fail("%s", strerror(ENOMEM));
	set("LD_PRELOAD", list);
	free(list);
}

/* ---- Start --------------------------------------------------------------- */

/* The text that libmemtier reads: the first tier is DRAM. It takes thresholds
 * with the policy that moves them alone, so old ones in the environment are
 * taken away where there are none now. */
static void
set_tiers(const char *ratio, const char *thresholds)
{
	char tiers[160];
	int dram = (int)strcspn(ratio, ":");

	snprintf(tiers, sizeof(tiers),
	    "KIND:DRAM,RATIO:%.*s;KIND:KMEM_DAX,RATIO:%s;POLICY:%s", dram,
	    ratio, ratio + dram + 1,
	    thresholds == NULL ? "STATIC_RATIO" : "DYNAMIC_THRESHOLD");
	set("MEMKIND_MEM_TIERS", tiers);
	if (thresholds != NULL)
		set("MEMKIND_MEM_THRESHOLDS", thresholds);
	else
		unsetenv("MEMKIND_MEM_THRESHOLDS");
}

struct wishes {
	const char *ratio, *thresholds;
};

/* The "+" stops at the first word that is no option: what follows is the
 * program's, its options too. */
static void
read_options(int argc, char **argv, struct wishes *wishes)
{
	static const struct option options[] = {
		{ "ratio", required_argument, NULL, 'r' },
		{ "thresholds", required_argument, NULL, 't' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "+r:t:vh", options, NULL)) !=
	    -1) {
		switch (option) {
		case 'r':
			wishes->ratio = optarg;
			break;
		case 't':
			wishes->thresholds = optarg;
			break;
		case 'v':
			verbose = true;
			break;
		case 'h':
			printf("%s%s", usage, help);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(1);
		}
	}
}

int
main(int argc, char **argv)
{
	struct wishes wishes = { NULL, NULL };
	char ratio[64];

	read_options(argc, argv, &wishes);
	if (optind == argc) {
		fputs(usage, stderr);
		return 1;
	}
	if (wishes.ratio != NULL)
		check_ratio(wishes.ratio);
	check_kmem();
	if (wishes.ratio == NULL) {
		installed_ratio(ratio, sizeof(ratio));
		wishes.ratio = ratio;
	}
	set_tiers(wishes.ratio, wishes.thresholds);
	preload();
	execvp(argv[optind], argv + optind);
	fail("cannot run \"%s\": %s", argv[optind], strerror(errno));
}
