/* A poll that finds something ready, or that may not wait, looks at each description once and links no waiter. One that has to wait links each waiter
 * once, and unlinks it. */
#include "kernel/poll.h"

#include "support/threads.h"

#define COUNT 1000

struct counting_file {
	struct hf_file base;
	struct hf_waitq queue;
	unsigned ready_at; /* the look at which it is ready; 0: it never is */
	unsigned looks, links, unlinks;
};

static struct hf_poll_entry entries[COUNT];

static struct counting_file *of(struct hf_file *file)
{
	return (struct counting_file *)(void *)file;
}

static unsigned count_look(struct hf_file *base, unsigned events, struct hf_waiter *waiter, uint64_t *bytes)
{
	struct counting_file *file = of(base);
	*bytes = 0;
	if (++file->looks == file->ready_at)
		return events;
	file->links += waiter && hf_list_empty(&waiter->link);
	hf_waitq_add_once(&file->queue, waiter);
	return 0;
}

static void count_unlink(struct hf_file *base, unsigned events, struct hf_waiter *waiter)
{
	(void)events;
	of(base)->unlinks++;
	hf_waitq_remove(waiter);
}

static void destroy(struct hf_file *file)
{
	(void)file;
}

static const struct hf_file_ops ops = {.poll = count_look, .unpoll = count_unlink, .destroy = destroy};

static void fill(void)
{
	for (int i = 0; i < COUNT; i++) {
		struct counting_file *file = hf__file_create(sizeof *file, &ops, HF_FILETYPE_UNKNOWN, HF_READ);
		CHECK(file);
		hf_waitq_init(&file->queue);
		entries[i] = (struct hf_poll_entry){.file = &file->base, .events = HF_READY_IN};
	}
}

static void reset(void)
{
	for (int i = 0; i < COUNT; i++) {
		struct counting_file *file = of(entries[i].file);
		CHECK(hf_list_empty(&file->queue.waiters));
		file->ready_at = file->looks = file->links = file->unlinks = 0;
	}
}

/* Of all descriptions. */
static void check_counts(unsigned looks, unsigned links, unsigned unlinks)
{
	for (int i = 0; i < COUNT; i++) {
		CHECK_EQ(of(entries[i].file)->looks, looks);
		CHECK_EQ(of(entries[i].file)->links, links);
		CHECK_EQ(of(entries[i].file)->unlinks, unlinks);
	}
	reset();
}

static void ready_at_once(struct hf_thread *thread)
{
	for (int i = 0; i < COUNT; i += COUNT - 1) {
		of(entries[i].file)->ready_at = 1;
		CHECK_EQ(hf_poll(thread, entries, COUNT, HF_FOREVER), 1);
		CHECK_EQ(entries[i].ready, HF_READY_IN);
		check_counts(1, 0, 0);
	}
}

static void none_is_ready(struct hf_thread *thread)
{
	CHECK_EQ(hf_poll(thread, entries, COUNT, 0), 0);
	check_counts(1, 0, 0);
	CHECK_EQ(hf_poll(thread, entries, COUNT, 1), 0);
	check_counts(2, 1, 1);
}

/* One becomes ready after the first look: later ones are not linked. */
static void ready_before_it_sleeps(struct hf_thread *thread)
{
	of(entries[COUNT / 2].file)->ready_at = 2;
	CHECK_EQ(hf_poll(thread, entries, COUNT, HF_FOREVER), 1);
	for (int i = 0; i < COUNT; i++)
		CHECK_EQ(of(entries[i].file)->links, i < COUNT / 2);
	reset();
}

int main(void)
{
	struct hf_thread *thread = thread_begin();
	fill();
	ready_at_once(thread);
	none_is_ready(thread);
	ready_before_it_sleeps(thread);
	for (int i = 0; i < COUNT; i++)
		hf_file_unref(entries[i].file);
	thread_end(thread);
	return done();
}
