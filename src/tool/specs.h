/* SPDX-License-Identifier: BSD-2-Clause */
/* specs.h - the command `poolkind specs`. */
#ifndef TOOL_SPECS_H
#define TOOL_SPECS_H

/* Prints what a spec can say. */
void print_specs(void);

#endif /* TOOL_SPECS_H */
