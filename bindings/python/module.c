/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * module.c - the module poolkind._kinds: its two classes, and functions about
 * all kinds and the machine.
 *
 * Each interpreter of a process has classes of its own, and all of them the
 * same kinds.
 */
#include "module.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

PyObject *
raise_error(int error)
{
	PyObject *value = Py_BuildValue("(is)", error, poolkind_errormsg());

	if (value != NULL)
		PyErr_SetObject(PyExc_OSError, value);
	Py_XDECREF(value);
	return NULL;
}

/* The object of a kind, for this interpreter. */
static PyObject *
object_of(PyObject *module, poolkind *kind)
{
	struct module_state *state = PyModule_GetState(module);
	struct held *held = held_get(kind);

	return held != NULL ? kind_object_new(state->kind_type, held) : NULL;
}

static PyObject *
kind_of(PyObject *module, PyObject *address)
{
	void *pointer = PyLong_AsVoidPtr(address);
	poolkind *kind;

	if (pointer == NULL && PyErr_Occurred())
		return NULL;
	kind = poolkind_of(pointer);
	if (kind == NULL)
		Py_RETURN_NONE;
	return object_of(module, kind);
}

/* Where the memory of an object begins that has the buffer protocol. */
static PyObject *
address_of(PyObject *module, PyObject *object)
{
	PyObject *address;
	Py_buffer view;

	(void)module;
	if (PyObject_GetBuffer(object, &view, PyBUF_STRIDED_RO) != 0)
		return NULL;
	address = PyLong_FromVoidPtr(view.buf);
	PyBuffer_Release(&view);
	return address;
}

struct listing {
	PyObject *module, *list;
};

static int
add_to_list(void *arg, poolkind *kind)
{
	struct listing *listing = arg;
	PyObject *object = object_of(listing->module, kind);
	int failed = object == NULL ||
	    PyList_Append(listing->list, object) != 0;

	Py_XDECREF(object);
	return failed;
}

static PyObject *
kinds(PyObject *module, PyObject *unused)
{
	struct listing listing = { module, PyList_New(0) };

	(void)unused;
	if (listing.list == NULL)
		return NULL;
	if (poolkind_each_kind(add_to_list, &listing) != 0)
		Py_CLEAR(listing.list);
	return listing.list;
}

/* ---- The account of all kinds as text ------------------------------------ */

struct text {
	char *start;
	size_t length, room;
	bool failed;
};

static void
add_text(void *to, const char *bytes, size_t length)
{
	struct text *text = to;

	if (text->room - text->length < length) {
		size_t room = 2 * text->room + length;
		char *start = realloc(text->start, room);

		text->failed = text->failed || start == NULL;
		if (text->failed)
			return;
		text->start = start;
		text->room = room;
	}
	memcpy(text->start + text->length, bytes, length);
	text->length += length;
}

static PyObject *
stats_text(PyObject *module, PyObject *form)
{
	struct text text = { NULL, 0, 0, false };
	long number = PyLong_AsLong(form);
	PyObject *said = NULL;
	int failed, error;

	(void)module;
	if (number == -1 && PyErr_Occurred())
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	failed = poolkind_write_stats(NULL, (int)number, add_text, &text);
	error = errno;
	Py_END_ALLOW_THREADS
	if (failed)
		raise_error(error);
	else if (text.failed)
		PyErr_NoMemory();
	else
		said = PyUnicode_DecodeUTF8(
		    text.start, (Py_ssize_t)text.length, "replace");
	free(text.start);
	return said;
}

/* ---- The machine --------------------------------------------------------- */

static PyObject *
node_dict(const struct poolkind_node *node)
{
	return Py_BuildValue("{s:I,s:N,s:i,s:i,s:N,s:N,s:K,s:K,s:K,s:K,s:s}",
	    "node", node->node, "has_cpus", PyBool_FromLong(node->has_cpus),
	    "near_node", node->near_node, "tier", node->tier, "is_cxl",
	    PyBool_FromLong(node->is_cxl), "from_dax",
	    PyBool_FromLong(node->from_dax), "capacity",
	    (unsigned long long)node->capacity, "free",
	    (unsigned long long)node->free, "bandwidth",
	    (unsigned long long)node->bandwidth, "latency",
	    (unsigned long long)node->latency, "type", node->type);
}

static PyObject *
machine_nodes(PyObject *module, PyObject *unused)
{
	static const unsigned most = 1024;
	struct poolkind_node *nodes = PyMem_RawCalloc(most, sizeof(*nodes));
	unsigned count = most;
	PyObject *list;
	int failed, error;

	(void)module;
	(void)unused;
	if (nodes == NULL)
		return PyErr_NoMemory();
	Py_BEGIN_ALLOW_THREADS
	failed = poolkind_get_machine_nodes(nodes, &count, sizeof(*nodes));
	error = errno;
	Py_END_ALLOW_THREADS
	list = failed ? raise_error(error) : PyList_New(0);
	for (unsigned i = 0; list != NULL && i < count && i < most; i++) {
		PyObject *dict = node_dict(&nodes[i]);

		if (dict == NULL || PyList_Append(list, dict) != 0)
			Py_CLEAR(list);
		Py_XDECREF(dict);
	}
	PyMem_RawFree(nodes);
	return list;
}

static PyObject *
refresh(PyObject *module, PyObject *unused)
{
	int kinds = poolkind_refresh();

	(void)module;
	(void)unused;
	return kinds < 0 ? raise_error(errno) : PyLong_FromLong(kinds);
}

/* ---- The module ---------------------------------------------------------- */

static int
module_exec(PyObject *module)
{
	struct module_state *state = PyModule_GetState(module);
	unsigned version = poolkind_version();

	state->kind_type = (PyTypeObject *)PyType_FromModuleAndSpec(
	    module, &kind_spec, NULL);
	state->buffer_type = (PyTypeObject *)PyType_FromModuleAndSpec(
	    module, &buffer_spec, NULL);
	if (state->kind_type == NULL || state->buffer_type == NULL ||
	    PyModule_AddType(module, state->kind_type) != 0 ||
	    PyModule_AddType(module, state->buffer_type) != 0)
		return -1;
	return PyModule_AddObject(module, "version",
	    Py_BuildValue(
		"(III)", version >> 16, version >> 8 & 255, version & 255));
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
	struct module_state *state = PyModule_GetState(module);

	Py_VISIT(state->kind_type);
	Py_VISIT(state->buffer_type);
	return 0;
}

static int
module_clear(PyObject *module)
{
	struct module_state *state = PyModule_GetState(module);

	Py_CLEAR(state->kind_type);
	Py_CLEAR(state->buffer_type);
	return 0;
}

static PyMethodDef functions[] = {
	{ "kind_of", kind_of, METH_O, NULL },
	{ "address_of", address_of, METH_O, NULL },
	{ "kinds", kinds, METH_NOARGS, "All open kinds of the process." },
	{ "stats_text", stats_text, METH_O, NULL },
	{ "machine_nodes", machine_nodes, METH_NOARGS,
	    "What is known of the nodes of this machine, a dict each." },
	{ "refresh", refresh, METH_NOARGS,
	    "Forgets what was read of the machine; the number of open kinds "
	    "that lack a node." },
	{ NULL, NULL, 0, NULL },
};

static PyModuleDef_Slot slots[] = {
	{ Py_mod_exec, module_exec },
	{ 0, NULL },
};

static struct PyModuleDef definition = {
	.m_base = PyModuleDef_HEAD_INIT,
	.m_name = "poolkind._kinds",
	.m_size = sizeof(struct module_state),
	.m_methods = functions,
	.m_slots = slots,
	.m_traverse = module_traverse,
	.m_clear = module_clear,
};

PyMODINIT_FUNC
PyInit__kinds(void)
{
	return PyModuleDef_Init(&definition);
}
