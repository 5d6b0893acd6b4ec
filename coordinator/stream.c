/* stream.c - pumps and feeds (stream.h). */
#include "coordinator/stream.h"

#include <holdfast/imports.h>

#define BATCH HF_STREAM_SCRATCH

static uint8_t batch[BATCH];
/* Output for a screen after the conversion of newlines. Only half a batch is read, because it may become twice as long. */
static uint8_t lines[BATCH];

uint8_t *hf__stream_scratch(void)
{
	return batch;
}

static uint32_t make_lines(uint32_t size)
{
	uint32_t at = 0;
	for (uint32_t i = 0; i < size; i++) {
		if (batch[i] == '\n')
			lines[at++] = '\r';
		lines[at++] = batch[i];
	}
	return at;
}

/* ---- out ---- */

/* Returns false when there is nothing to do until it is woken, or when it has ended. */
static bool pump_some(struct hf_pump *pump)
{
	struct hf_iov iov;
	struct hf_uio uio;
	uint32_t most = pump->credit < BATCH ? (uint32_t)pump->credit : BATCH;
	if (pump->screen)
		most = (most + 1) / 2;
	hf_uio_kernel(&uio, &iov, batch, most);
	int result = hf_pipe_try_read(pump->pipe, &uio, &pump->wait.waiter);
	if (result == -HF_EAGAIN)
		return false;
	uint32_t size = most - (uint32_t)uio.resid;
	if (size == 0) {
		hf_pump_close(pump);
		pump->over(pump, result);
		return false;
	}
	if (pump->sent)
		pump->sent(pump, batch, size);
	uint32_t shown = pump->screen ? make_lines(size) : size;
	/* "\n" becomes two bytes, even when there is credit for only one. */
	pump->credit -= shown < pump->credit ? shown : pump->credit;
	js_output(pump->id, pump->fd, pump->screen ? lines : batch, shown);
	return true;
}

static void pump_run(struct hf_work *work)
{
	struct hf_pump *pump = HF_CONTAINER(work, struct hf_pump, wait.work);
	if (!pump->pipe)
		return;
	hf_pipe_unpoll(pump->pipe, &pump->wait.waiter);
	while (pump->credit > 0 && pump_some(pump))
		continue;
}

void hf_pump_init(struct hf_pump *pump, uint32_t id, uint32_t fd, uint64_t credit,
                  void (*over)(struct hf_pump *pump, int error))
{
	hf_work_waiter_init(&pump->wait, pump_run);
	pump->pipe = NULL;
	pump->credit = credit;
	pump->screen = false;
	pump->sent = NULL;
	pump->id = id;
	pump->fd = fd;
	pump->over = over;
}

void hf_pump_credit(struct hf_pump *pump, uint32_t bytes)
{
	pump->credit += bytes;
	pump_run(&pump->wait.work);
}

void hf_pump_close(struct hf_pump *pump)
{
	if (!pump->pipe)
		return;
	hf_pipe_unpoll(pump->pipe, &pump->wait.waiter);
	(void)hf_work_cancel(&pump->wait.work);
	hf_pipe_drop_reader(pump->pipe);
	pump->pipe = NULL;
}

void hf_pump_cancel(struct hf_pump *pump)
{
	if (!pump->pipe)
		return;
	hf_pump_close(pump);
	pump->over(pump, 0);
}

/* ---- in ---- */

/* Returns true if the other end is gone; it has then called `gone`. */
static bool feed_look(struct hf_feed *feed)
{
	if (!feed->gone || !hf_pipe_watch_reader(feed->pipe, &feed->wait.waiter))
		return false;
	hf_feed_close(feed);
	feed->gone(feed);
	return true;
}

static void feed_run(struct hf_work *work)
{
	struct hf_feed *feed = HF_CONTAINER(work, struct hf_feed, wait.work);
	if (feed->pipe) {
		hf_pipe_unpoll(feed->pipe, &feed->wait.waiter);
		if (feed_look(feed))
			return;
	}
	js_stdin_ready(feed->id);
}

void hf_feed_init(struct hf_feed *feed, uint32_t id)
{
	hf_work_waiter_init(&feed->wait, feed_run);
	feed->pipe = NULL;
	feed->id = id;
	feed->gone = NULL;
}

int32_t hf_feed_put(struct hf_feed *feed, void *bytes, uint32_t size)
{
	struct hf_iov iov;
	struct hf_uio uio;
	if (!feed->pipe)
		return -HF_EPIPE;
	hf_uio_kernel(&uio, &iov, bytes, size);
	/* A write from the page need not be atomic: write what fits; the rest waits. */
	while (uio.resid > 0) {
		int result = hf_pipe_try_put(feed->pipe, &uio, &feed->wait.waiter);
		if (result == -HF_EAGAIN)
			break;
		if (result < 0)
			return uio.resid < size ? (int32_t)(size - uio.resid) : result;
	}
	return (int32_t)(size - uio.resid);
}

void hf_feed_watch(struct hf_feed *feed, void (*gone)(struct hf_feed *feed))
{
	feed->gone = gone;
	if (feed->pipe)
		(void)feed_look(feed);
}

void hf_feed_close(struct hf_feed *feed)
{
	if (!feed->pipe)
		return;
	hf_pipe_unpoll(feed->pipe, &feed->wait.waiter);
	(void)hf_work_cancel(&feed->wait.work);
	hf_pipe_drop_writer(feed->pipe);
	feed->pipe = NULL;
}
