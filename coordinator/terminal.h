/* terminal.h - a process's terminal: keys from the page, through the kernel's line discipline, to standard input, and
 * their echo to the screen, which is standard output. Coordinator thread only; nothing here blocks. */
#ifndef HF_COORDINATOR_TERMINAL_H
#define HF_COORDINATOR_TERMINAL_H

#include "coordinator/stream.h"
#include "kernel/tty.h"
#include "kernel/work.h"

/* What has been sent to the screen since the last line's end. */
struct hf_row {
	uint32_t size; /* or HF_TTY_UNKNOWN: more than fits, or the cursor was not at the margin when it began */
	uint8_t text[HF_TTY_BEFORE];
};

struct hf_terminal {
	struct hf_work_waiter wait; /* on the tty, while it has no room */
	struct hf_tty *tty;         /* our reference; NULL: there is none, or no more */
	uint32_t id;                /* what js_stdin_ready and js_signal call it */
	struct hf_row row;
	uint32_t screen_end; /* of the screen's pipe, after the last echo */
	bool unsure;         /* whether the screen shows what the tty takes it to show */
};

/* Without a tty as yet, which the caller sets. js_stdin_ready reports room, js_signal ^C and ^\. */
void hf_terminal_init(struct hf_terminal *terminal, uint32_t id);
/* How many keys were taken; fewer than all: js_stdin_ready follows. The echo goes to `screen` (without a pipe: nowhere) if
 * there is room: a screen without a reader must not keep an interrupt from the program. -HF_EPIPE after hf_terminal_close. */
int32_t hf_terminal_put(struct hf_terminal *terminal, struct hf_pump *screen, const uint8_t *keys, uint32_t size);
/* These bytes go to the screen; `returns`: a line's end goes back to the margin. */
void hf_terminal_sends(struct hf_terminal *terminal, const uint8_t *bytes, uint32_t size, bool returns);
void hf_terminal_set_raw(struct hf_terminal *terminal, bool raw);
/* No key comes any more: the reader sees the end of file. */
void hf_terminal_close(struct hf_terminal *terminal);

#endif
