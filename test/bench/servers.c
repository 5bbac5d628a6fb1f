/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * servers.c - workloads of threads that free what others allocated: producers
 * and consumers, and a server whose threads come and go, as larson has it. See
 * work.h.
 */
#include <pthread.h>

#include "work.h"

/* ---- Producers and consumers, in couples --------------------------------- */

#define LOAD 256
#define LOADS 16
#define COUPLES 8

static struct queue {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t put, taken;
	bool closed;
	void *load[LOADS][LOAD];
} queue[COUPLES];

static bool
is_producer(const struct worker *worker)
{
	return worker->index % 2 == 0;
}

static struct queue *
queue_of(const struct worker *worker)
{
	return &queue[worker->index / 2];
}

/* Waits for room, or for a load; NULL when there will be none. Nobody else
 * touches a load until it is passed on. */
static void **
queue_wait(struct queue *queue, bool producer)
{
	size_t turn;

	pthread_mutex_lock(&queue->lock);
	while (producer ? queue->put - queue->taken == LOADS :
			  queue->put == queue->taken && !queue->closed)
		pthread_cond_wait(&queue->changed, &queue->lock);
	turn = producer ? queue->put : queue->taken;
	if (!producer && queue->put == queue->taken)
		turn = LOADS;
	else
		turn %= LOADS;
	pthread_mutex_unlock(&queue->lock);
	return turn == LOADS ? NULL : queue->load[turn];
}

static void
queue_pass(struct queue *queue, size_t *count)
{
	pthread_mutex_lock(&queue->lock);
	++*count;
	pthread_cond_signal(&queue->changed);
	pthread_mutex_unlock(&queue->lock);
}

static size_t
produce(struct worker *worker)
{
	struct queue *queue = queue_of(worker);
	void **load = queue_wait(queue, true);

	for (int i = 0; i < LOAD; i++) {
		size_t size = small_sizes[random_below(&worker->random, SIZES)];

		load[i] = signed_block(block_new(worker->own, size), &load[i]);
	}
	queue_pass(queue, &queue->put);
	return LOAD;
}

static bool
consume(struct worker *worker)
{
	struct queue *queue = queue_of(worker);
	void **load = queue_wait(queue, false);

	if (load == NULL)
		return false;
	for (int i = 0; i < LOAD; i++)
		block_free(worker->own, signature_checked(load[i], &load[i]));
	queue_pass(queue, &queue->taken);
	return true;
}

static size_t
couple_batch(struct worker *worker)
{
	if (is_producer(worker))
		return produce(worker);
	consume(worker);
	return 0;
}

static void
couple_finish(struct worker *worker)
{
	struct queue *queue = queue_of(worker);

	if (is_producer(worker)) {
		pthread_mutex_lock(&queue->lock);
		queue->closed = true;
		pthread_cond_signal(&queue->changed);
		pthread_mutex_unlock(&queue->lock);
	} else
		while (consume(worker))
			;
}

/* ---- A server whose threads hand over to new ones ------------------------ */

#define SLOTS 1000
#define REQUESTS 5000

/* The worker itself only starts and awaits; its handle is for the end. */
static void
server_prepare(struct worker *worker)
{
	void **slot = need(calloc(SLOTS, sizeof(*slot)));

	for (size_t i = 0; i < SLOTS; i++)
		slot[i] = signed_block(
		    block_new(worker->own, small_sizes[i]), &slot[i]);
	worker->state = slot;
}

static void *
serve(void *argument)
{
	struct worker *worker = argument;
	handle own = pool_enter(&work_pool);
	void **slots = worker->state;

	for (size_t i = 0; i < REQUESTS; i++) {
		void **slot = &slots[random_below(&worker->random, SLOTS)];
		size_t size = small_sizes[random_below(&worker->random, SIZES)];

		block_free(own, signature_checked(*slot, slot));
		*slot = signed_block(block_new(own, size), slot);
	}
	pool_leave(own);
	return NULL;
}

static size_t
server_batch(struct worker *worker)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, serve, worker) != 0)
		no_figure("no thread");
	pthread_join(thread, NULL);
	return REQUESTS;
}

static void
server_finish(struct worker *worker)
{
	void **slot = worker->state;

	for (size_t i = 0; i < SLOTS; i++)
		block_free(worker->own, slot[i]);
	free(slot);
}

void
servers(unsigned threads)
{
	static const struct work couples = { .name = "producer and consumer",
		.batch = couple_batch,
		.finish = couple_finish };
	static const struct work server = { .name = "server, new threads",
		.prepare = server_prepare,
		.batch = server_batch,
		.finish = server_finish };

	for (int i = 0; i < COUPLES; i++) {
		pthread_mutex_init(&queue[i].lock, NULL);
		pthread_cond_init(&queue[i].changed, NULL);
	}
	if (threads > 1)
		measure(&couples, threads);
	measure(&server, threads);
}
