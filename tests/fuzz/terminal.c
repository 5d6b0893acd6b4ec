/* Arbitrary actions of a keyboard, a screen, a page and a program on a terminal. Keys come in runs, so that short inputs produce the longest
 * lines. It looks for an echo that is too long, indices that overtake each other, and bytes that a raw terminal loses. */
#include <stdlib.h>
#include <string.h>

#include "kernel/tty.h"
#include "support/check.h"

#define KEYS_MOST (4 * HF_TTY_ROOM)

struct input {
	const uint8_t *at, *end;
};

static struct hf_tty *tty;
static struct hf_file *file;
static uint8_t *echo; /* exactly the required size */
static uint8_t keys[KEYS_MOST];
static uint32_t key_count; /* keys in one write of the page */
static uint64_t typed_raw; /* unread keys that a raw terminal took; UINT64_MAX: some were typed cooked */
static struct hf_waiter waiter;

static uint8_t byte_of(struct input *input)
{
	return input->at == input->end ? 0 : *input->at++;
}

static uint32_t number_of(struct input *input)
{
	uint32_t high = byte_of(input);
	return high << 8 | byte_of(input);
}

static void check_order(void)
{
	CHECK(tty->tail - tty->head <= HF_TTY_ROOM);
	CHECK(tty->ready - tty->head <= tty->tail - tty->head);
	CHECK(tty->line - tty->head <= tty->tail - tty->head);
	CHECK(tty->ready - tty->head <= tty->line - tty->head);
}

static bool show(void)
{
	uint32_t size = hf_tty_echo(tty, echo);
	CHECK(size <= HF_TTY_ECHO);
	hf_tty_echoed(tty);
	hf_tty_deliver(tty);
	check_order();
	return size > 0;
}

static void woken(struct hf_waiter *unused)
{
	(void)unused;
}

/* As in coordinator/terminal.c. Keys that are not taken are lost here. */
static void type(void)
{
	enum hf_tty_signal signal;
	for (uint32_t done = 0, taken;;) {
		taken = hf_tty_input(tty, keys + done, key_count - done, &signal, &waiter);
		CHECK(taken <= key_count - done);
		CHECK(!signal || !tty->raw);
		done += taken;
		check_order();
		if (tty->raw && typed_raw != UINT64_MAX)
			typed_raw += taken;
		else if (taken > 0)
			typed_raw = UINT64_MAX;
		if (!show() && (taken == 0 || done == key_count))
			break;
	}
	hf_tty_unwait(tty, &waiter);
	key_count = 0;
}

static void add_keys(uint8_t key, uint32_t count)
{
	if (count > KEYS_MOST - key_count)
		count = KEYS_MOST - key_count;
	memset(keys + key_count, key, count);
	key_count += count;
}

static void take(uint32_t size)
{
	static uint8_t bytes[65536];
	struct hf_thread thread = {0};
	struct hf_iov iov;
	struct hf_uio uio;
	hf_uio_kernel(&uio, &iov, bytes, size);
	int result = file->ops->read(file, &thread, &uio);
	uint32_t moved = size - (uint32_t)uio.resid;
	CHECK(result == 0 || result == -HF_EAGAIN);
	CHECK(result == 0 || moved == 0);
	check_order();
	if (typed_raw == UINT64_MAX)
		return;
	CHECK_EQ(moved, size < typed_raw ? size : typed_raw);
	typed_raw -= moved;
}

static void set_before(uint8_t byte, uint32_t size)
{
	uint8_t row[2 * HF_TTY_BEFORE];
	memset(row, byte, sizeof row);
	hf_tty_set_before(tty, row, size <= sizeof row ? size : HF_TTY_UNKNOWN);
}

static void step(struct input *input)
{
	uint64_t bytes;
	switch (byte_of(input) % 10) {
	case 0:
	case 1:
	case 2: {
		uint8_t key = byte_of(input);
		add_keys(key, 1);
		break;
	}
	case 3: {
		uint8_t key = byte_of(input);
		add_keys(key, number_of(input) % (HF_TTY_ROOM + 2));
		break;
	}
	case 4:
		type();
		break;
	case 5:
		take(number_of(input));
		break;
	case 6:
		hf_tty_set_raw(tty, byte_of(input) & 1);
		break;
	case 7:
		hf_tty_set_echo(tty, byte_of(input) & 1);
		break;
	case 8: {
		uint8_t byte = byte_of(input);
		set_before(byte, number_of(input) % (3 * HF_TTY_BEFORE));
		break;
	}
	default:
		(void)file->ops->poll(file, HF_READY_IN, NULL, &bytes);
		CHECK_EQ(bytes, tty->ready - tty->head);
		if (byte_of(input) == 0xFF)
			hf_tty_hang_up(tty);
		CHECK(hf_tty_find_signal(tty, keys, key_count) <= key_count);
	}
	check_order();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, data + size};
	key_count = 0;
	typed_raw = 0;
	hf_waiter_init(&waiter, woken);
	echo = malloc(HF_TTY_ECHO);
	CHECK(echo);
	CHECK_OK(hf_tty_create(&tty));
	CHECK_OK(hf_file_open_tty(tty, &file));
	atomic_init(&file->flags, HF_FDFLAG_NONBLOCK);
	/* Each step may type a long line. */
	for (unsigned steps = 0; input.at != input.end && steps < 200; steps++)
		step(&input);
	type();
	hf_file_unref(file);
	hf_tty_unref(tty);
	free(echo);
	return done();
}
