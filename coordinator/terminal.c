/* terminal.c - passes keys to a terminal, and its echo to the screen. */
#include "coordinator/terminal.h"

#include <holdfast/imports.h>
#include <string.h>

_Static_assert(HF_TTY_ECHO <= HF_STREAM_SCRATCH, "show_echo builds the echo in the scratch buffer");

static void run(struct hf_work *work)
{
	struct hf_terminal *terminal = HF_CONTAINER(work, struct hf_terminal, wait.work);
	if (!terminal->tty)
		return;
	hf_tty_unwait(terminal->tty, &terminal->wait.waiter);
	js_stdin_ready(terminal->id);
}

void hf_terminal_init(struct hf_terminal *terminal, uint32_t id)
{
	hf_work_waiter_init(&terminal->wait, run);
	terminal->tty = NULL;
	terminal->id = id;
	terminal->row.size = 0;
	terminal->screen_end = 0;
	terminal->unsure = true;
}

/* ---- the screen's row ---- */

static void row_add(struct hf_row *row, const uint8_t *bytes, uint32_t size, bool returns)
{
	for (uint32_t i = size; i > 0; i--) {
		if (bytes[i - 1] != '\n')
			continue;
		row->size = returns ? 0 : HF_TTY_UNKNOWN;
		bytes += i;
		size -= i;
		break;
	}
	if (row->size == HF_TTY_UNKNOWN || size > sizeof row->text - row->size) {
		row->size = HF_TTY_UNKNOWN;
		return;
	}
	memcpy(row->text + row->size, bytes, size);
	row->size += size;
}

/* Returns where the escape sequence at `at` ends, if it only sets colors (SGR) or erases within the row (EL); 0 for any other sequence. */
static uint32_t harmless_sequence(const struct hf_row *row, uint32_t at)
{
	if (row->size - at < 2 || row->text[at + 1] != '[')
		return 0;
	for (at += 2; at < row->size; at++) {
		uint8_t byte = row->text[at];
		if (byte == 'm' || byte == 'K')
			return at + 1;
		if ((byte < '0' || byte > ';'))
			break;
	}
	return 0;
}

/* Whether sending these bytes to an empty row again would show the same text. */
static bool can_be_sent_again(const struct hf_row *row)
{
	if (row->size == HF_TTY_UNKNOWN)
		return false;
	for (uint32_t at = 0; at < row->size;) {
		uint8_t byte = row->text[at];
		uint32_t next = byte == '\033' ? harmless_sequence(row, at) : at + 1;
		if (next == 0 || (byte < ' ' && byte != '\033' && byte != '\t' && byte != '\r' && byte != '\b') || byte == 0x7F)
			return false;
		at = next;
	}
	return true;
}

void hf_terminal_sends(struct hf_terminal *terminal, const uint8_t *bytes, uint32_t size, bool returns)
{
	row_add(&terminal->row, bytes, size, returns);
}

/* Passes the tty the text before the cursor, after other output was written to the screen. */
static void look_at_screen(struct hf_terminal *terminal, struct hf_pump *screen)
{
	uint8_t unread[HF_TTY_BEFORE + 1];
	struct hf_row row = terminal->row;
	bool all;
	uint32_t size = hf_pipe_copy_last(screen->pipe, unread, sizeof unread, &all, &terminal->screen_end);
	if (!all)
		row.size = HF_TTY_UNKNOWN; /* row_add resets it if the copied bytes contain a newline */
	row_add(&row, unread, size, screen->screen);
	hf_tty_set_before(terminal->tty, row.text, can_be_sent_again(&row) ? row.size : HF_TTY_UNKNOWN);
	terminal->unsure = false;
}

/* How many times show_echo tries if the screen keeps changing. */
#define LOOKS 3

/* Returns whether there was any echo. */
static bool show_echo(struct hf_terminal *terminal, struct hf_pump *screen)
{
	uint8_t *echo = hf__stream_scratch();
	int result = -HF_EPIPE;
	uint32_t size = 0;
	for (int i = 0; i < LOOKS; i++) {
		struct hf_iov iov;
		struct hf_uio uio;
		size = hf_tty_echo(terminal->tty, echo);
		if (size == 0 || !screen->pipe)
			break;
		hf_uio_kernel(&uio, &iov, echo, size);
		result = hf_pipe_try_put_at(screen->pipe, &uio, &terminal->screen_end);
		if (result != -HF_ESTALE)
			break;
		look_at_screen(terminal, screen);
	}
	/* An echo that does not fit, or has no reader, is not shown. */
	terminal->unsure = terminal->unsure || (size > 0 && result < 0);
	hf_tty_echoed(terminal->tty);
	return size > 0;
}

int32_t hf_terminal_put(struct hf_terminal *terminal, struct hf_pump *screen, const uint8_t *keys, uint32_t size)
{
	if (!terminal->tty)
		return -HF_EPIPE;
	uint32_t done = 0;
	for (;;) {
		enum hf_tty_signal signal;
		if (screen->pipe && (terminal->unsure || hf_pipe_end_of(screen->pipe) != terminal->screen_end))
			look_at_screen(terminal, screen);
		uint32_t taken = hf_tty_input(terminal->tty, keys + done, size - done, &signal, &terminal->wait.waiter);
		done += taken;
		bool shown = show_echo(terminal, screen);
		hf_tty_deliver(terminal->tty);
		if (signal) {
			terminal->unsure = true;
			js_signal(terminal->id, signal);
		}
		if (!shown && (taken == 0 || done == size))
			return (int32_t)done;
	}
}

void hf_terminal_set_raw(struct hf_terminal *terminal, bool raw)
{
	hf_tty_set_raw(terminal->tty, raw);
	terminal->unsure = true;
}

void hf_terminal_close(struct hf_terminal *terminal)
{
	if (!terminal->tty)
		return;
	hf_tty_unwait(terminal->tty, &terminal->wait.waiter);
	(void)hf_work_cancel(&terminal->wait.work);
	hf_tty_hang_up(terminal->tty);
	hf_tty_unref(terminal->tty);
	terminal->tty = NULL;
}
