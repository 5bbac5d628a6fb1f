/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * module.h - what the files of the module poolkind._kinds share.
 *
 * Everything here is called, and every field is used, with the GIL held, which
 * sub-interpreters of one process have in common. Functions that return a
 * pointer or int give NULL or -1 with an exception set, where nothing else is
 * said.
 */
#ifndef BINDINGS_PYTHON_MODULE_H
#define BINDINGS_PYTHON_MODULE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <poolkind.h>
#include <stdbool.h>

/* A kind that objects of Python hold: those of class Kind, buffers, and the
 * handlers of numpy's arrays. */
struct held {
	struct held *next;
	poolkind *kind;
	Py_ssize_t references;
	bool is_ours; /* opened here, so it is closed with the last reference */
};

struct module_state {
	PyTypeObject *kind_type, *buffer_type;
};

/* held.c */
struct held *held_new(poolkind *kind, bool is_ours);
struct held *held_get(poolkind *kind);
void held_put(struct held *held);
int held_close(struct held *held);

/* kind.c, buffer.c */
struct kind_object {
	PyObject_HEAD
	struct held *held; /* NULL: closed */
};

extern PyType_Spec kind_spec, buffer_spec;

PyObject *kind_object_new(PyTypeObject *type, struct held *held);
PyObject *buffer_object_new(
    PyTypeObject *type, struct held *held, Py_ssize_t size);

/* module.c: raises OSError with ERROR and the engine's sentence. */
PyObject *raise_error(int error);

#endif /* BINDINGS_PYTHON_MODULE_H */
