/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * buffer.c - the class Buffer: a block of a kind, by the buffer protocol.
 *
 * It keeps its kind open, and its block as long as anybody has a view of it.
 */
#include "module.h"

#include <errno.h>

struct buffer_object {
	PyObject_HEAD
	struct held *held;
	void *start; /* NULL: freed */
	Py_ssize_t size;
	Py_ssize_t views;
};

static struct buffer_object *
as_buffer(PyObject *self)
{
	return (struct buffer_object *)self;
}

/* A sentence on a block that could not be had. */
static PyObject *
raise_no_block(struct held *held, Py_ssize_t size, int error)
{
	if (error != ENOMEM)
		return raise_error(error);
	return PyErr_Format(PyExc_MemoryError,
	    "kind \"%s\" (%s) has no room for %zd bytes",
	    poolkind_name(held->kind), poolkind_text(held->kind), size);
}

PyObject *
buffer_object_new(PyTypeObject *type, struct held *held, Py_ssize_t size)
{
	struct buffer_object *buffer;
	void *start;

	if (size < 0)
		return PyErr_Format(PyExc_ValueError,
		    "a buffer of %zd bytes: a size is 0 or more", size);
	start = poolkind_calloc(held->kind, 1, (size_t)size);
	if (start == NULL)
		return raise_no_block(held, size, errno);
	buffer = (struct buffer_object *)type->tp_alloc(type, 0);
	if (buffer == NULL) {
		poolkind_free(held->kind, start);
		return NULL;
	}
	held->references++;
	buffer->held = held;
	buffer->start = start;
	buffer->size = size;
	return (PyObject *)buffer;
}

static void
give_back(struct buffer_object *buffer)
{
	if (buffer->start == NULL)
		return;
	poolkind_free(buffer->held->kind, buffer->start);
	buffer->start = NULL;
	held_put(buffer->held);
}

static void
buffer_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);

	give_back(as_buffer(self));
	type->tp_free(self);
	Py_DECREF(type);
}

static PyObject *
buffer_free(PyObject *self, PyObject *unused)
{
	(void)unused;
	if (as_buffer(self)->views != 0)
		return PyErr_Format(PyExc_BufferError,
		    "this buffer has views, which must go first: %zd",
		    as_buffer(self)->views);
	give_back(as_buffer(self));
	Py_RETURN_NONE;
}

static bool
is_there(PyObject *self)
{
	if (as_buffer(self)->start == NULL)
		PyErr_SetString(PyExc_ValueError, "this buffer was freed");
	return as_buffer(self)->start != NULL;
}

static PyObject *
buffer_enter(PyObject *self, PyObject *unused)
{
	(void)unused;
	return is_there(self) ? Py_NewRef(self) : NULL;
}

static PyObject *
buffer_exit(PyObject *self, PyObject *arguments)
{
	(void)arguments;
	return buffer_free(self, NULL);
}

static PyObject *
buffer_address(PyObject *self, void *unused)
{
	(void)unused;
	return is_there(self) ? PyLong_FromVoidPtr(as_buffer(self)->start) :
				NULL;
}

static PyObject *
buffer_kind(PyObject *self, void *unused)
{
	struct module_state *state = PyType_GetModuleState(Py_TYPE(self));
	struct held *held = as_buffer(self)->held;

	(void)unused;
	if (state == NULL || !is_there(self))
		return NULL;
	held->references++;
	return kind_object_new(state->kind_type, held);
}

static Py_ssize_t
buffer_length(PyObject *self)
{
	return is_there(self) ? as_buffer(self)->size : -1;
}

static int
get_view(PyObject *self, Py_buffer *view, int flags)
{
	struct buffer_object *buffer = as_buffer(self);

	if (!is_there(self)) {
		view->obj = NULL;
		return -1;
	}
	if (PyBuffer_FillInfo(
		view, self, buffer->start, buffer->size, 0, flags) != 0)
		return -1;
	buffer->views++;
	return 0;
}

static void
release_view(PyObject *self, Py_buffer *view)
{
	(void)view;
	as_buffer(self)->views--;
}

static PyMethodDef methods[] = {
	{ "free", buffer_free, METH_NOARGS,
	    "Gives the block back; a BufferError while there are views." },
	{ "__enter__", buffer_enter, METH_NOARGS, NULL },
	{ "__exit__", buffer_exit, METH_VARARGS, NULL },
	{ NULL, NULL, 0, NULL },
};

static PyGetSetDef properties[] = {
	{ "address", buffer_address, NULL, "Where it lies.", NULL },
	{ "kind", buffer_kind, NULL, "The kind it lies in.", NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static PyType_Slot slots[] = {
	{ Py_tp_doc, "A block of a kind. Made by Kind.buffer(size)." },
	{ Py_tp_dealloc, buffer_dealloc },
	{ Py_tp_methods, methods },
	{ Py_tp_getset, properties },
	{ Py_sq_length, buffer_length },
	{ Py_bf_getbuffer, get_view },
	{ Py_bf_releasebuffer, release_view },
	{ 0, NULL },
};

PyType_Spec buffer_spec = {
	.name = "poolkind.Buffer",
	.basicsize = sizeof(struct buffer_object),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = slots,
};
