/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frame.c - see frame.h. An entry has instructions that write a row
 * of a table (DWARF 5, "Call Frame Information"); they are run up to the place
 * that is asked for. The registers are those of x86-64.
 *
 * Owns nothing.
 */
#include <string.h>

#include "preload/entry.h"
#include "preload/frame.h"

/* The instructions, by DWARF's names, which debuggers know. */
enum instruction {
	DW_CFA_nop = 0x00,
	DW_CFA_set_loc = 0x01,
	DW_CFA_advance_loc1 = 0x02,
	DW_CFA_advance_loc2 = 0x03,
	DW_CFA_advance_loc4 = 0x04,
	DW_CFA_offset_extended = 0x05,
	DW_CFA_restore_extended = 0x06,
	DW_CFA_undefined = 0x07,
	DW_CFA_same_value = 0x08,
	DW_CFA_register = 0x09,
	DW_CFA_remember_state = 0x0a,
	DW_CFA_restore_state = 0x0b,
	DW_CFA_def_cfa = 0x0c,
	DW_CFA_def_cfa_register = 0x0d,
	DW_CFA_def_cfa_offset = 0x0e,
	DW_CFA_def_cfa_expression = 0x0f,
	DW_CFA_expression = 0x10,
	DW_CFA_offset_extended_sf = 0x11,
	DW_CFA_def_cfa_sf = 0x12,
	DW_CFA_def_cfa_offset_sf = 0x13,
	DW_CFA_val_offset = 0x14,
	DW_CFA_val_offset_sf = 0x15,
	DW_CFA_val_expression = 0x16,
	DW_CFA_GNU_args_size = 0x2e,
	/* Those that have an operand in their lower six bits. */
	DW_CFA_advance_loc = 0x40,
	DW_CFA_offset = 0x80,
	DW_CFA_restore = 0xc0,
};

#define FP 6 /* the columns of rbp, rsp and the return address */
#define SP 7
#define RA 16

/* Where the return address is: where it is to be, or nowhere. */
enum ra { RA_AT_CFA, RA_NONE, RA_ELSEWHERE };

struct row {
	int64_t cfa_offset, fp_offset;
	uint64_t cfa_register; /* one that is not followed: unknown */
	enum frame_fp fp;
	enum ra ra;
	bool cfa_is_in_memory;
};

#define ROWS_MAX 8

struct run {
	const struct entry *entry;
	struct row row, first; /* FIRST: as the common entry leaves it */
	struct row kept[ROWS_MAX];
	unsigned kept_count;
	uintptr_t at; /* from where on the row holds */
	bool bad;
};

/* The rule of a column is that its value lies at CFA + OFFSET. */
static void
set_at_cfa(struct run *run, uint64_t column, int64_t offset)
{
	if (column == FP) {
		run->row.fp = FRAME_FP_AT_CFA;
		run->row.fp_offset = offset;
	} else if (column == RA) {
		run->row.ra = offset == -8 ? RA_AT_CFA : RA_ELSEWHERE;
	}
}

static void
set_otherwise(struct run *run, uint64_t column, enum frame_fp fp, enum ra ra)
{
	if (column == FP)
		run->row.fp = fp;
	else if (column == RA)
		run->row.ra = ra;
}

static void
restore(struct run *run, uint64_t column)
{
	if (column == FP) {
		run->row.fp = run->first.fp;
		run->row.fp_offset = run->first.fp_offset;
	} else if (column == RA) {
		run->row.ra = run->first.ra;
	}
}

/* Takes an expression, which is "frame pointer + OFFSET", or with DEREFERENCED
 * "what lies there". That is what functions have that align their stack. */
static bool
take_expression(struct bytes *from, bool dereferenced, int64_t *offset)
{
	uint64_t length = take_unsigned(from);
	struct bytes inner = *from;

	skip(from, length);
	inner.end = from->at;
	if (take(&inner, 1) != 0x70 + FP)
		return false;
	*offset = take_signed(&inner);
	if (dereferenced && take(&inner, 1) != 0x06)
		return false;
	return !inner.bad && inner.at == inner.end;
}

static void
set_cfa(struct run *run, uint64_t column, int64_t offset)
{
	run->row.cfa_register = column;
	run->row.cfa_offset = offset;
	run->row.cfa_is_in_memory = false;
}

static void
set_cfa_expression(struct run *run, struct bytes *from)
{
	run->row.cfa_is_in_memory = true;
	run->row.cfa_register = take_expression(
				    from, true, &run->row.cfa_offset) ?
	    FP :
	    RA;
}

static void
set_expression(struct run *run, uint64_t column, struct bytes *from)
{
	int64_t offset = 0;
	bool known = take_expression(from, false, &offset);

	set_otherwise(
	    run, column, known ? FRAME_FP_AT_FP : FRAME_FP_LOST, RA_ELSEWHERE);
	if (column == FP)
		run->row.fp_offset = offset;
}

static void
keep(struct run *run)
{
	if (run->kept_count == ROWS_MAX)
		run->bad = true;
	else
		run->kept[run->kept_count++] = run->row;
}

static void
take_back(struct run *run)
{
	if (run->kept_count == 0)
		run->bad = true;
	else
		run->row = run->kept[--run->kept_count];
}

/* Instructions that say where the CFA is. False: it is none of them. */
static bool
run_cfa(struct run *run, uint8_t code, struct bytes *from)
{
	int64_t unit = run->entry->data_unit;
	uint64_t column;

	switch (code) {
	case DW_CFA_def_cfa:
		column = take_unsigned(from);
		set_cfa(run, column, (int64_t)take_unsigned(from));
		return true;
	case DW_CFA_def_cfa_sf:
		column = take_unsigned(from);
		set_cfa(run, column, take_signed(from) * unit);
		return true;
	case DW_CFA_def_cfa_register:
		set_cfa(run, take_unsigned(from), run->row.cfa_offset);
		return true;
	case DW_CFA_def_cfa_offset:
		run->row.cfa_offset = (int64_t)take_unsigned(from);
		return true;
	case DW_CFA_def_cfa_offset_sf:
		run->row.cfa_offset = take_signed(from) * unit;
		return true;
	case DW_CFA_def_cfa_expression:
		set_cfa_expression(run, from);
		return true;
	default:
		return false;
	}
}

/* A value that is kept where it is not followed to. */
static void
lose(struct run *run, uint8_t code, uint64_t column, struct bytes *from)
{
	uint64_t operand = take_unsigned(from);

	if (code == DW_CFA_val_expression)
		skip(from, operand);
	set_otherwise(run, column, FRAME_FP_LOST, RA_ELSEWHERE);
}

/* Instructions that say where the value of a column is, but for the shortest.
 */
static bool
run_column(struct run *run, uint8_t code, struct bytes *from)
{
	int64_t unit = run->entry->data_unit;
	uint64_t column;

	if ((code < DW_CFA_offset_extended || code > DW_CFA_register) &&
	    code != DW_CFA_expression && code != DW_CFA_offset_extended_sf &&
	    (code < DW_CFA_val_offset || code > DW_CFA_val_expression))
		return false;
	column = take_unsigned(from);
	if (code == DW_CFA_offset_extended)
		set_at_cfa(run, column, (int64_t)take_unsigned(from) * unit);
	else if (code == DW_CFA_offset_extended_sf)
		set_at_cfa(run, column, take_signed(from) * unit);
	else if (code == DW_CFA_restore_extended)
		restore(run, column);
	else if (code == DW_CFA_undefined)
		set_otherwise(run, column, FRAME_FP_LOST, RA_NONE);
	else if (code == DW_CFA_same_value)
		set_otherwise(run, column, FRAME_FP_SAME, RA_ELSEWHERE);
	else if (code == DW_CFA_expression)
		set_expression(run, column, from);
	else
		lose(run, code, column, from);
	return true;
}

static bool
run_other(struct run *run, uint8_t code, struct bytes *from)
{
	switch (code) {
	case DW_CFA_nop:
		return true;
	case DW_CFA_set_loc:
		run->at = take_address(from, run->entry->encoding, false);
		return true;
	case DW_CFA_advance_loc1:
	case DW_CFA_advance_loc2:
	case DW_CFA_advance_loc4:
		run->at += take(from, 1u << (code - DW_CFA_advance_loc1)) *
		    run->entry->code_unit;
		return true;
	case DW_CFA_remember_state:
		keep(run);
		return true;
	case DW_CFA_restore_state:
		take_back(run);
		return true;
	case DW_CFA_GNU_args_size:
		take_unsigned(from);
		return true;
	default:
		return false;
	}
}

/* Those with an operand in the lower bits. */
static bool
run_short(struct run *run, uint8_t code, struct bytes *from)
{
	uint64_t operand = code & 0x3f;

	switch (code & 0xc0) {
	case DW_CFA_advance_loc:
		run->at += operand * run->entry->code_unit;
		return true;
	case DW_CFA_offset:
		set_at_cfa(run, operand,
		    (int64_t)take_unsigned(from) * run->entry->data_unit);
		return true;
	case DW_CFA_restore:
		restore(run, operand);
		return true;
	default:
		return false;
	}
}

/* Runs instructions until the row holds at PC. */
static void
run_up_to(struct run *run, struct bytes from, uintptr_t pc)
{
	uint8_t code;

	while (from.at < from.end && !from.bad && !run->bad && run->at <= pc) {
		code = (uint8_t)take(&from, 1);
		if (!run_short(run, code, &from) &&
		    !run_cfa(run, code, &from) &&
		    !run_column(run, code, &from) &&
		    !run_other(run, code, &from))
			run->bad = true;
	}
	run->bad |= from.bad;
}

static bool
fits(int64_t offset)
{
	return offset == (int32_t)offset;
}

static void
frame_of(const struct run *run, struct frame *frame)
{
	const struct row *row = &run->row;

	if (run->entry->is_signal) {
		frame->cfa = FRAME_SIGNAL;
		return;
	}
	if (row->ra != RA_AT_CFA) {
		frame->cfa = row->ra == RA_NONE ? FRAME_END : FRAME_UNKNOWN;
		return;
	}
	if (!fits(row->cfa_offset) || !fits(row->fp_offset) ||
	    (row->cfa_register != SP && row->cfa_register != FP))
		return;
	frame->cfa = row->cfa_register == SP ? FRAME_SP :
	    row->cfa_is_in_memory            ? FRAME_AT_FP :
					       FRAME_FP;
	frame->cfa_offset = (int32_t)row->cfa_offset;
	frame->fp = row->fp;
	frame->fp_offset = (int32_t)row->fp_offset;
}

void
frame_read(const struct module *module, uintptr_t address, struct frame *frame)
{
	uintptr_t pc = address - 1; /* in the call: what follows may be another
				     * function's */
	struct entry entry;
	struct run run;

	memset(frame, 0, sizeof(*frame));
	if (!entry_find(module, pc, &entry))
		return;
	memset(&run, 0, sizeof(run));
	run.entry = &entry;
	run.row.ra = RA_ELSEWHERE;
	run_up_to(&run, entry.common, UINTPTR_MAX);
	run.first = run.row;
	run.at = entry.low;
	run_up_to(&run, entry.own, pc);
	if (!run.bad)
		frame_of(&run, frame);
}
