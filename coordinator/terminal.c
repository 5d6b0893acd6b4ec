/* terminal.c - keys and echo. */
#include "coordinator/terminal.h"

#include "coordinator/browser.h"

static void woken(struct hf_waiter *waiter)
{
	(void)hf_work_post(&HF_CONTAINER(waiter, struct hf_terminal, waiter)->work);
}

static void run(struct hf_work *work)
{
	struct hf_terminal *terminal = HF_CONTAINER(work, struct hf_terminal, work);
	if (!terminal->tty)
		return;
	hf_tty_unwait(terminal->tty, &terminal->waiter);
	js_stdin_ready(terminal->id);
}

void hf_terminal_init(struct hf_terminal *terminal, uint32_t id)
{
	hf_waiter_init(&terminal->waiter, woken);
	hf_work_init(&terminal->work, run);
	terminal->tty = NULL;
	terminal->id = id;
}

/* True: there was some. */
static bool show_echo(struct hf_tty *tty, struct hf_pipe *screen)
{
	uint8_t echo[HF_TTY_ECHO];
	uint32_t size = hf_tty_take_echo(tty, echo, sizeof echo);
	struct hf_iov iov;
	struct hf_uio uio;
	if (size == 0)
		return false;
	hf_uio_kernel(&uio, &iov, echo, size);
	/* What does not fit, or nobody reads, is not shown. */
	if (screen)
		(void)!hf_pipe_try_put(screen, &uio, NULL);
	return true;
}

int32_t hf_terminal_put(struct hf_terminal *terminal, struct hf_pipe *screen, const uint8_t *keys, uint32_t size)
{
	if (!terminal->tty)
		return -HF_EPIPE;
	uint32_t done = 0;
	for (;;) {
		enum hf_tty_signal signal;
		uint32_t taken = hf_tty_input(terminal->tty, keys + done, size - done, &signal, &terminal->waiter);
		done += taken;
		bool shown = show_echo(terminal->tty, screen);
		hf_tty_deliver(terminal->tty);
		if (signal)
			js_signal(terminal->id, signal);
		if (!shown && (taken == 0 || done == size))
			return (int32_t)done;
	}
}

void hf_terminal_close(struct hf_terminal *terminal)
{
	if (!terminal->tty)
		return;
	hf_tty_unwait(terminal->tty, &terminal->waiter);
	(void)hf_work_cancel(&terminal->work);
	hf_tty_hang_up(terminal->tty);
	hf_tty_unref(terminal->tty);
	terminal->tty = NULL;
}
