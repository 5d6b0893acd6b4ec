/* terminal.h - a process's terminal: keys from the page, through the kernel's line discipline, to standard input, and
 * their echo to the screen, which is standard output. Coordinator thread only; nothing here blocks. */
#ifndef HF_COORDINATOR_TERMINAL_H
#define HF_COORDINATOR_TERMINAL_H

#include "coordinator/stream.h"
#include "kernel/tty.h"
#include "kernel/work.h"

/* The bytes sent to the screen since the last newline. */
struct hf_row {
	uint32_t size; /* or HF_TTY_UNKNOWN: more than fits, or the cursor was not at the margin when it began */
	uint8_t text[HF_TTY_BEFORE];
};

struct hf_terminal {
	struct hf_work_waiter wait; /* on the tty, while it has no room */
	struct hf_tty *tty;         /* a reference; NULL if there is no tty, or it was closed */
	uint32_t id;                /* its number in js_stdin_ready and js_signal */
	struct hf_row row;
	uint32_t screen_end; /* the position of the end of the screen's pipe after the last echo */
	bool unsure;         /* set if the screen may not show what the tty assumes */
};

/* Initializes a terminal without a tty, which the caller then sets. js_stdin_ready reports room, and js_signal reports ^C and ^\. */
void hf_terminal_init(struct hf_terminal *terminal, uint32_t id);
/* Returns how many keys were taken; if fewer than `size`, js_stdin_ready follows. The echo goes to `screen`, or is dropped if `screen` has no pipe or
 * no room, so that a screen without a reader does not hold up an interrupt. Returns -HF_EPIPE after hf_terminal_close. */
int32_t hf_terminal_put(struct hf_terminal *terminal, struct hf_pump *screen, const uint8_t *keys, uint32_t size);
/* Records bytes that go to the screen. `returns`: whether a newline moves the cursor to the margin. */
void hf_terminal_sends(struct hf_terminal *terminal, const uint8_t *bytes, uint32_t size, bool returns);
void hf_terminal_set_raw(struct hf_terminal *terminal, bool raw);
/* Closes the terminal's input: the reader gets end of file. */
void hf_terminal_close(struct hf_terminal *terminal);

#endif
