/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kind.c - the class Kind: an open kind, its account, limit and blocks.
 *
 * What may take long is called without the GIL, with a reference to the kind,
 * so that another thread may close the object meanwhile.
 */
#include "module.h"

#include <errno.h>

#define NODES_MAX 1024

static struct kind_object *
as_kind(PyObject *self)
{
	return (struct kind_object *)self;
}

static struct held *
open_kind(PyObject *self)
{
	if (as_kind(self)->held == NULL)
		PyErr_SetString(PyExc_ValueError, "this kind is closed");
	return as_kind(self)->held;
}

/* Takes over the reference; gives it back where there is no memory. */
PyObject *
kind_object_new(PyTypeObject *type, struct held *held)
{
	PyObject *self = type->tp_alloc(type, 0);

	if (self == NULL)
		held_put(held);
	else
		as_kind(self)->held = held;
	return self;
}

static PyObject *
kind_new(PyTypeObject *type, PyObject *arguments, PyObject *words)
{
	static char *names[] = { "text", NULL };
	struct held *held;
	poolkind *kind;
	const char *text;
	int error;

	if (!PyArg_ParseTupleAndKeywords(
		arguments, words, "s:Kind", names, &text))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	kind = poolkind_open(text, 0);
	error = errno;
	Py_END_ALLOW_THREADS
	if (kind == NULL)
		return raise_error(error);
	held = held_new(kind, true);
	if (held == NULL) {
		poolkind_close(kind);
		return NULL;
	}
	return kind_object_new(type, held);
}

static void
kind_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);

	if (as_kind(self)->held != NULL)
		held_put(as_kind(self)->held);
	type->tp_free(self);
	Py_DECREF(type);
}

static PyObject *
kind_close(PyObject *self, PyObject *unused)
{
	struct held *held = as_kind(self)->held;

	(void)unused;
	as_kind(self)->held = NULL;
	if (held != NULL && held_close(held) != 0) {
		as_kind(self)->held = held;
		return NULL;
	}
	Py_RETURN_NONE;
}

static PyObject *
kind_enter(PyObject *self, PyObject *unused)
{
	(void)unused;
	return open_kind(self) != NULL ? Py_NewRef(self) : NULL;
}

static PyObject *
kind_exit(PyObject *self, PyObject *arguments)
{
	(void)arguments;
	return kind_close(self, NULL);
}

/* ---- What it is ---------------------------------------------------------- */

/* FUNCTION is poolkind_name() or one of its like. */
static PyObject *
kind_string(PyObject *self, void *function)
{
	const char *(*get)(const poolkind *) = *(
	    const char *(**)(const poolkind *))function;
	struct held *held = open_kind(self);
	const char *text;

	if (held == NULL)
		return NULL;
	text = get(held->kind);
	return text != NULL ? PyUnicode_FromString(text) : raise_error(errno);
}

static const char *(*const name_of)(const poolkind *) = poolkind_name;
static const char *(*const text_of)(const poolkind *) = poolkind_text;
static const char *(*const resolved_of)(const poolkind *) = poolkind_resolved;

static PyObject *
kind_closed(PyObject *self, void *unused)
{
	(void)unused;
	return PyBool_FromLong(as_kind(self)->held == NULL);
}

static PyObject *
kind_nodes(PyObject *self, void *unused)
{
	unsigned long mask[NODES_MAX / (8 * sizeof(long))] = { 0 };
	const size_t bits = 8 * sizeof(*mask);
	struct held *held = open_kind(self);
	PyObject *list, *tuple;

	(void)unused;
	if (held == NULL)
		return NULL;
	if (poolkind_get_nodes(held->kind, mask, NODES_MAX) != 0)
		return raise_error(errno);
	list = PyList_New(0);
	for (size_t node = 0; list != NULL && node < NODES_MAX; node++) {
		PyObject *number;

		if ((mask[node / bits] >> node % bits & 1) == 0)
			continue;
		number = PyLong_FromSize_t(node);
		if (number == NULL || PyList_Append(list, number) != 0)
			Py_CLEAR(list);
		Py_XDECREF(number);
	}
	tuple = list != NULL ? PyList_AsTuple(list) : NULL;
	Py_XDECREF(list);
	return tuple;
}

static PyObject *
kind_get_limit(PyObject *self, void *unused)
{
	struct poolkind_stats stats;
	struct held *held = open_kind(self);

	(void)unused;
	if (held == NULL)
		return NULL;
	if (poolkind_get_stats(held->kind, &stats, sizeof(stats)) != 0)
		return raise_error(errno);
	if (stats.limit == 0)
		Py_RETURN_NONE;
	return PyLong_FromSize_t(stats.limit);
}

static int
kind_set_limit(PyObject *self, PyObject *value, void *unused)
{
	struct held *held = open_kind(self);
	size_t limit = 0;

	(void)unused;
	if (held == NULL)
		return -1;
	if (value == NULL) {
		PyErr_SetString(PyExc_AttributeError,
		    "a limit is taken away by None, not by del");
		return -1;
	}
	if (value != Py_None) {
		limit = PyLong_AsSize_t(value);
		if (limit == (size_t)-1 && PyErr_Occurred())
			return -1;
	}
	if (poolkind_set_limit(held->kind, limit) == 0)
		return 0;
	raise_error(errno);
	return -1;
}

/* ---- What it holds ------------------------------------------------------- */

/* A size, or None where nothing sets a bound. */
static PyObject *
size_or_none(size_t size)
{
	return size != SIZE_MAX ? PyLong_FromSize_t(size) : Py_NewRef(Py_None);
}

static PyObject *
kind_stats(PyObject *self, PyObject *unused)
{
	struct held *held = open_kind(self);
	struct poolkind_stats s;
	int failed, error;

	(void)unused;
	if (held == NULL)
		return NULL;
	held->references++;
	Py_BEGIN_ALLOW_THREADS
	failed = poolkind_get_stats(held->kind, &s, sizeof(s));
	error = errno;
	Py_END_ALLOW_THREADS
	held_put(held);
	if (failed)
		return raise_error(error);
	return Py_BuildValue(
	    "{s:n,s:n,s:n,s:n,s:n,s:n,s:n,s:K,s:K,s:n,s:K,s:K,s:K}", "live",
	    s.live, "cached", s.cached, "committed", s.committed, "peak",
	    s.peak, "resident", s.resident, "limit", s.limit, "size", s.size,
	    "allocations", (unsigned long long)s.allocations, "frees",
	    (unsigned long long)s.frees, "active", s.active, "failures",
	    (unsigned long long)s.failures, "spills",
	    (unsigned long long)s.spills, "returns",
	    (unsigned long long)s.returns);
}

static PyObject *
kind_room(PyObject *self, PyObject *unused)
{
	struct held *held = open_kind(self);
	struct poolkind_room room;

	(void)unused;
	if (held == NULL)
		return NULL;
	if (poolkind_get_room(held->kind, &room, sizeof(room)) != 0)
		return raise_error(errno);
	return Py_BuildValue("{s:N,s:N,s:N,s:N}", "kind",
	    size_or_none(room.kind), "file_system",
	    size_or_none(room.file_system), "nodes", size_or_none(room.nodes),
	    "available", size_or_none(room.available));
}

static PyObject *
kind_node_bytes(PyObject *self, PyObject *unused)
{
	struct held *held = open_kind(self);
	size_t bytes[NODES_MAX];
	PyObject *dict;
	int failed, error;

	(void)unused;
	if (held == NULL)
		return NULL;
	held->references++;
	Py_BEGIN_ALLOW_THREADS
	failed = poolkind_get_node_bytes(held->kind, bytes, NODES_MAX);
	error = errno;
	Py_END_ALLOW_THREADS
	held_put(held);
	if (failed)
		return raise_error(error);
	dict = PyDict_New();
	for (size_t node = 0; dict != NULL && node < NODES_MAX; node++) {
		PyObject *number, *size;

		if (bytes[node] == 0)
			continue;
		number = PyLong_FromSize_t(node);
		size = PyLong_FromSize_t(bytes[node]);
		if (number == NULL || size == NULL ||
		    PyDict_SetItem(dict, number, size) != 0)
			Py_CLEAR(dict);
		Py_XDECREF(number);
		Py_XDECREF(size);
	}
	return dict;
}

/* FUNCTION of the kind, without the GIL. */
static PyObject *
call(PyObject *self, int (*function)(poolkind *))
{
	struct held *held = open_kind(self);
	int failed, error;

	if (held == NULL)
		return NULL;
	held->references++;
	Py_BEGIN_ALLOW_THREADS
	failed = function(held->kind);
	error = errno;
	Py_END_ALLOW_THREADS
	held_put(held);
	if (failed)
		return raise_error(error);
	Py_RETURN_NONE;
}

static PyObject *
kind_trim(PyObject *self, PyObject *unused)
{
	(void)unused;
	return call(self, poolkind_trim);
}

static PyObject *
kind_check(PyObject *self, PyObject *unused)
{
	(void)unused;
	return call(self, poolkind_check);
}

/* ---- What is in it ------------------------------------------------------- */

static PyObject *
kind_buffer(PyObject *self, PyObject *size)
{
	struct module_state *state = PyType_GetModuleState(Py_TYPE(self));
	struct held *held = open_kind(self);
	Py_ssize_t bytes;

	if (held == NULL || state == NULL)
		return NULL;
	bytes = PyNumber_AsSsize_t(size, PyExc_OverflowError);
	if (bytes == -1 && PyErr_Occurred())
		return NULL;
	return buffer_object_new(state->buffer_type, held, bytes);
}

static void
end_hold(PyObject *capsule)
{
	held_put(PyCapsule_GetContext(capsule));
}

/* A capsule that has the handle and keeps the kind open. */
static PyObject *
kind_hold(PyObject *self, PyObject *unused)
{
	struct held *held = open_kind(self);
	PyObject *capsule;

	(void)unused;
	if (held == NULL)
		return NULL;
	capsule = PyCapsule_New(held->kind, "poolkind.kind", NULL);
	if (capsule == NULL)
		return NULL;
	PyCapsule_SetContext(capsule, held);
	PyCapsule_SetDestructor(capsule, end_hold);
	held->references++;
	return capsule;
}

/* ---- As an object -------------------------------------------------------- */

static PyObject *
kind_repr(PyObject *self)
{
	struct held *held = as_kind(self)->held;
	const char *name = held != NULL ? poolkind_name(held->kind) : NULL;

	if (name == NULL)
		return PyUnicode_FromString("<poolkind.Kind, closed>");
	return PyUnicode_FromFormat(
	    "<poolkind.Kind \"%s\": %s>", name, poolkind_text(held->kind));
}

static PyObject *
kind_compare(PyObject *one, PyObject *other, int how)
{
	bool same;

	if (Py_TYPE(one) != Py_TYPE(other) || (how != Py_EQ && how != Py_NE))
		Py_RETURN_NOTIMPLEMENTED;
	same = one == other ||
	    (as_kind(one)->held != NULL &&
		as_kind(one)->held == as_kind(other)->held);
	return PyBool_FromLong(same == (how == Py_EQ));
}

/* Pickled, a kind is its text: who reads that opens an equal one. */
static PyObject *
kind_reduce(PyObject *self, PyObject *unused)
{
	PyObject *text = kind_string(self, (void *)&text_of);

	(void)unused;
	return text != NULL ? Py_BuildValue("O(N)", Py_TYPE(self), text) : NULL;
}

static PyMethodDef methods[] = {
	{ "close", kind_close, METH_NOARGS,
	    "Lets the kind go: its memory goes back when nothing lies in it." },
	{ "stats", kind_stats, METH_NOARGS, "What the kind holds, as a dict." },
	{ "room", kind_room, METH_NOARGS,
	    "How much can still be had of it, as a dict; None: no bound." },
	{ "node_bytes", kind_node_bytes, METH_NOARGS,
	    "How many bytes lie on which node, as a dict." },
	{ "trim", kind_trim, METH_NOARGS,
	    "Gives back every page that holds no live block." },
	{ "check", kind_check, METH_NOARGS,
	    "Compares the engine's records of the kind with each other." },
	{ "buffer", kind_buffer, METH_O,
	    "A buffer of that many bytes, zeroed." },
	{ "_hold", kind_hold, METH_NOARGS, NULL },
	{ "__enter__", kind_enter, METH_NOARGS, NULL },
	{ "__exit__", kind_exit, METH_VARARGS, NULL },
	{ "__reduce__", kind_reduce, METH_NOARGS, NULL },
	{ NULL, NULL, 0, NULL },
};

static PyGetSetDef properties[] = {
	{ "name", kind_string, NULL, "The kind's name.", (void *)&name_of },
	{ "text", kind_string, NULL, "Its text, normalised.",
	    (void *)&text_of },
	{ "resolved", kind_string, NULL, "What the text came to here.",
	    (void *)&resolved_of },
	{ "nodes", kind_nodes, NULL, "The nodes it takes memory from.", NULL },
	{ "limit", kind_get_limit, kind_set_limit,
	    "The most bytes it may have committed, or None.", NULL },
	{ "closed", kind_closed, NULL, "Whether it was closed.", NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static PyType_Slot slots[] = {
	{ Py_tp_doc, "Kind(text): opens the kind that the text describes." },
	{ Py_tp_new, kind_new },
	{ Py_tp_dealloc, kind_dealloc },
	{ Py_tp_repr, kind_repr },
	{ Py_tp_richcompare, kind_compare },
	{ Py_tp_hash, PyObject_HashNotImplemented },
	{ Py_tp_methods, methods },
	{ Py_tp_getset, properties },
	{ 0, NULL },
};

PyType_Spec kind_spec = {
	.name = "poolkind.Kind",
	.basicsize = sizeof(struct kind_object),
	.flags = Py_TPFLAGS_DEFAULT,
	.slots = slots,
};
