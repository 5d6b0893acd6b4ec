/* A thousand entries, one of them ready, whichever it is; entries without a file are never ready; a past deadline means no wait. */
#include "kernel/poll.h"

#include "fs/devfs.h"
#include "support/file_io.h"
#include "support/pipes.h"

#define COUNT 1000

static struct hf_poll_entry entries[COUNT];
static struct hf_pipe *pipes[COUNT];

static void fill(void)
{
	for (int i = 0; i < COUNT; i++) {
		/* Many entries share a pipe, and some have none. */
		pipes[i] = i % 10 == 0 ? pipe_begin(0) : NULL;
		entries[i] = (struct hf_poll_entry){.events = HF_READY_IN};
		if (i % 10 < 9)
			entries[i].file = pipes[i] ? d_open_pipe(pipes[i], HF_READ) : hf_file_ref(entries[i - i % 10].file);
	}
}

static int look(struct hf_thread *thread)
{
	return hf_poll(thread, entries, COUNT, 0);
}

int main(void)
{
	struct hf_thread *thread = thread_begin();
	char byte;
	fill();
	CHECK_EQ(look(thread), 0);
	CHECK_EQ(hf_poll(thread, entries, COUNT, hf_plat_monotonic() + MILLISECOND), 0);
	for (int i = 0; i < COUNT; i += 10) {
		CHECK_EQ(p_try_put(pipes[i], "x", 1, NULL), 1);
		CHECK_EQ(hf_poll(thread, entries, COUNT, HF_FOREVER), 9);
		for (int j = 0; j < COUNT; j++)
			CHECK_EQ(entries[j].ready, j / 10 == i / 10 && j % 10 < 9 ? HF_READY_IN : 0);
		CHECK_EQ(p_try_read(pipes[i], &byte, 1, NULL), 1);
		CHECK(hf_list_empty(&pipes[i]->readable.waiters));
	}
	CHECK_EQ(look(thread), 0);
	/* Files that are always ready. */
	struct hf_vnode *null = hf_device(HF_DEV_NULL);
	struct hf_poll_entry always = {.file = d_open(null, HF_READ | HF_WRITE, 0), .events = HF_READY_IN | HF_READY_OUT};
	CHECK_EQ(hf_poll(thread, &always, 1, HF_FOREVER), 1);
	CHECK_EQ(always.ready, HF_READY_IN | HF_READY_OUT);
	hf_file_unref(always.file);
	hf_vnode_unref(null);
	/* Nothing but a clock. */
	CHECK_EQ(hf_poll(thread, NULL, 0, hf_plat_monotonic() + MILLISECOND), 0);

	hf_thread_stop(thread);
	CHECK_EQ(look(thread), 0);
	CHECK_EQ(hf_poll(thread, entries, COUNT, HF_FOREVER), -HF_EINTR);
	for (int i = 0; i < COUNT; i++)
		hf_file_unref(entries[i].file);
	for (int i = 0; i < COUNT; i += 10)
		hf_pipe_drop_writer(pipes[i]);
	thread_end(thread);
	return done();
}
