/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arrays.c - the module poolkind._arrays: numpy's arrays in kinds (NEP 49).
 *
 * A handler is a capsule that each array has which was made by it, so that the
 * array can be resized and freed whenever and by whatever thread; it holds the
 * kind. Which handler new arrays get is a variable of the context. The
 * functions of a handler need no GIL.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define NPY_NO_DEPRECATED_API NPY_1_22_API_VERSION
#define NPY_TARGET_VERSION NPY_1_22_API_VERSION
#include <numpy/arrayobject.h>
#include <poolkind.h>

struct array_handler {
	PyDataMem_Handler handler; /* its context is the handle */
	PyObject *hold;            /* what keeps the kind open */
};

static void *
array_malloc(void *kind, size_t size)
{
	return poolkind_malloc(kind, size);
}

static void *
array_calloc(void *kind, size_t count, size_t size)
{
	return poolkind_calloc(kind, count, size);
}

/* numpy asks for no size of 0. */
static void *
array_realloc(void *kind, void *block, size_t size)
{
	return poolkind_realloc(kind, block, size);
}

static void
array_free(void *kind, void *block, size_t size)
{
	(void)size;
	poolkind_free(kind, block);
}

static void
end_handler(PyObject *capsule)
{
	struct array_handler *handler = PyCapsule_GetPointer(
	    capsule, "mem_handler");

	Py_DECREF(handler->hold);
	PyMem_Free(handler);
}

/* A handler for the kind that a capsule of Kind._hold() has. */
static PyObject *
handler_for(PyObject *module, PyObject *hold)
{
	poolkind *kind = PyCapsule_GetPointer(hold, "poolkind.kind");
	struct array_handler *handler;
	PyObject *capsule;

	(void)module;
	if (kind == NULL)
		return NULL;
	handler = PyMem_Calloc(1, sizeof(*handler));
	if (handler == NULL)
		return PyErr_NoMemory();
	snprintf(handler->handler.name, sizeof(handler->handler.name),
	    "poolkind %s", poolkind_name(kind));
	handler->handler.version = 1;
	handler->handler.allocator = (PyDataMemAllocator){ kind, array_malloc,
		array_calloc, array_realloc, array_free };
	capsule = PyCapsule_New(handler, "mem_handler", end_handler);
	if (capsule == NULL) {
		PyMem_Free(handler);
		return NULL;
	}
	handler->hold = Py_NewRef(hold);
	return capsule;
}

/* From here on arrays of this context come from HANDLER; gives the one before
 * it. */
static PyObject *
set_handler(PyObject *module, PyObject *handler)
{
	(void)module;
	return PyDataMem_SetHandler(handler);
}

static PyMethodDef functions[] = {
	{ "handler_for", handler_for, METH_O, NULL },
	{ "set_handler", set_handler, METH_O, NULL },
	{ NULL, NULL, 0, NULL },
};

static int
module_exec(PyObject *module)
{
	(void)module;
	if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
		PyErr_SetString(PyExc_ImportError,
		    "numpy does not work in sub-interpreters");
		return -1;
	}
	return _import_array();
}

static PyModuleDef_Slot slots[] = {
	{ Py_mod_exec, module_exec },
	{ 0, NULL },
};

static struct PyModuleDef definition = {
	.m_base = PyModuleDef_HEAD_INIT,
	.m_name = "poolkind._arrays",
	.m_methods = functions,
	.m_slots = slots,
};

PyMODINIT_FUNC
PyInit__arrays(void)
{
	return PyModuleDef_Init(&definition);
}
