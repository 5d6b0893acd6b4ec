/* tty.h - a terminal's input: the line discipline between a keyboard and the program that reads (POSIX, General Terminal Interface; where POSIX
 * leaves a choice, it does what Linux does).
 *
 * In cooked (canonical) mode, a program reads lines, which can be edited until they are finished, and does not get the special keys: erase (^? ^H),
 * erase a word (^W), erase the line (^U), show it again (^R), take the next key literally (^V), end of file (^D), interrupt (^C), quit (^\); ^Z does
 * nothing, because there is no shell to resume the program. In raw mode, every byte can be read at once. Keys are echoed in cooked mode; with echo
 * off, only the line's end is.
 *
 * An erase key removes one code point. The echo does not assume how many columns the screen uses for a character, because terminals disagree: when a
 * character of uncertain width is erased (all except ASCII and a few alphabets), the cursor returns to the beginning of the row, and the row's text
 * is written again: `before`, which was written by others, and the line. If `before` is not known, the line is shown again on a new row.
 *
 * On the keyboard's side, the coordinator, which never blocks, puts bytes in and takes echo out. On the program's side are descriptors over
 * hf_file_open_tty. The size is bounded: unread input stays with the keyboard, but a line that is too long for the terminal loses the excess, so that
 * it can be finished. */
#ifndef HF_KERNEL_TTY_H
#define HF_KERNEL_TTY_H

#include <holdfast/layouts.h>

#include "kernel/file.h"

#define HF_TTY_ROOM 4096  /* bytes typed ahead; a line has at most one less (MAX_CANON) */
#define HF_TTY_BEFORE 256 /* bytes of text before the line on the screen that can be shown again */
#define HF_TTY_TAB 8      /* the maximum columns of a tab */
/* The longest echo blanks a row and a line of tabs, column by column, then writes the row again and a line of three-byte characters, plus a few
 * escape sequences. */
#define HF_TTY_ECHO (HF_TTY_ROOM * (HF_TTY_TAB + 3) + HF_TTY_BEFORE * (HF_TTY_TAB + 1) + 64)
#define HF_TTY_UNKNOWN UINT32_MAX

/* The part of the line that is on the screen, and the changes that the screen needs. */
struct hf_tty_view {
	uint32_t from, to;    /* the ring's bytes [from, to) are shown after `before`, and the cursor is after them */
	uint32_t columns;     /* the most columns that these take */
	uint32_t back;        /* columns to blank: their characters, all of certain width, were erased */
	bool odd;             /* some character's width is not certain */
	bool apart;           /* the cursor was moved, so the screen would not combine a character with the last one */
	bool again;           /* the line must be shown again */
	bool cut_off;         /* ... from its start, including the part that other output has separated from the cursor */
	uint32_t before_size; /* or HF_TTY_UNKNOWN */
	uint8_t before[HF_TTY_BEFORE];
};

struct hf_tty {
	_Atomic uint32_t refs;
	struct hf_lock lock;
	/* Protected by lock. */
	bool raw;
	bool hung_up;   /* no more keys come */
	bool literal;   /* after ^V: the next key is literal */
	bool silent;    /* echo is off */
	bool unseen;    /* echo was off for a part of this line, so none of it is shown */
	bool over;      /* the last byte has finished the line, which the screen does not show yet */
	bool bell;      /* the bell must ring */
	uint32_t head;  /* where the next byte is read; indices run freely and wrap with the ring's size */
	uint32_t ready; /* end of the lines that may be read */
	uint32_t line;  /* end of the whole lines, whose echo has been taken */
	uint32_t tail;  /* where the next key goes; [line, tail) is the line that is being edited */
	struct hf_tty_view view;
	struct hf_tty_view next; /* the view once the echo is on the screen */
	uint32_t after_size;
	char after[16]; /* text to show after the line */
	struct hf_waitq readable;
	struct hf_waitq roomy;           /* the keyboard waits for room */
	uint32_t ends[HF_TTY_ROOM / 32]; /* a bit per byte: it ends a read; a NUL with this bit is an end of file */
	uint8_t ring[HF_TTY_ROOM];
};

/* Creates a terminal in cooked mode, with one reference. 0 or -HF_ENOMEM. Any thread. */
HF_MUST_CHECK int hf_tty_create(struct hf_tty **out);
/* Drops a reference; the last one frees the terminal. Any thread. */
void hf_tty_unref(struct hf_tty *tty);

/* Creates a description for reading the terminal, which holds a reference. 0 or -HF_ENOMEM. Any thread. */
HF_MUST_CHECK int hf_file_open_tty(struct hf_tty *tty, struct hf_file **out);

/* ---- the keyboard's side; these never block ---- */

/* Processes keys; lines that they finish can be read after hf_tty_deliver. Returns how many bytes were taken, with *signal set if the last of them
 * requests a signal (then earlier input is discarded). If not all were taken, either the echo must be taken first, or the program has to read: then
 * `waiter`, if not NULL, is linked, and woken when there is room. */
uint32_t hf_tty_input(struct hf_tty *tty, const uint8_t *keys, uint32_t size, enum hf_tty_signal *signal,
                      struct hf_waiter *waiter);
/* Returns the position after the first key that requests a signal; 0: there is none, or the terminal is raw. A signal must not wait behind unread
 * input, so a caller with keys that hf_tty_input did not take may skip those before it. */
uint32_t hf_tty_find_signal(struct hf_tty *tty, const uint8_t *keys, uint32_t size);
void hf_tty_unwait(struct hf_tty *tty, struct hf_waiter *waiter);
/* Stores the bytes to send to the screen, at most HF_TTY_ECHO, and returns how many. Lines end with "\n". The result stays the same until
 * hf_tty_echoed. */
uint32_t hf_tty_echo(struct hf_tty *tty, uint8_t *to);
/* Call it when the echo has been sent, or lost. */
void hf_tty_echoed(struct hf_tty *tty);
/* Call it after other output on the screen: `text` is the text on the cursor's row, up to the cursor. If `size` is more than HF_TTY_BEFORE, or
 * HF_TTY_UNKNOWN, the text cannot be shown again. */
void hf_tty_set_before(struct hf_tty *tty, const uint8_t *text, uint32_t size);
/* Call it when the echo is on the screen: now the program may read the finished lines, and its output appears below them. */
void hf_tty_deliver(struct hf_tty *tty);
/* On a change from cooked to raw mode, everything typed can be read at once. */
void hf_tty_set_raw(struct hf_tty *tty, bool raw);
/* Sets whether keys are echoed in cooked mode. A line that was partly typed without echo is never shown; its end is, as with ECHONL. */
void hf_tty_set_echo(struct hf_tty *tty, bool echo);
/* After the bytes typed so far, every read returns the end of file. */
void hf_tty_hang_up(struct hf_tty *tty);

#endif
