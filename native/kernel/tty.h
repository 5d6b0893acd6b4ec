/* tty.h - a terminal's input: the line discipline between a keyboard and the program that reads (POSIX, General Terminal
 * Interface; the choices that it leaves open are Linux's).
 *
 * Cooked (canonical), a program reads lines, which can be edited until they are finished, and sees no key that means something: erase
 * (^? ^H), erase a word (^W), erase the line (^U), show it again (^R), the next key as it is (^V), end of file (^D), interrupt (^C),
 * quit (^\); ^Z does nothing, because there is no shell to resume the program. Raw, every byte is read as it comes. Keys are echoed
 * while cooked, unless echo is off: then only the line's end is.
 *
 * A key erases one code point. The echo does not rely on the screen's idea of how many columns a character takes, on which terminals
 * disagree: when a character of uncertain width is erased (all except ASCII and a few alphabets), the cursor returns to the beginning
 * of the row, and its text is written again: `before`, which others wrote, and the line. Where `before` is not known the line is
 * shown again on a row of its own.
 *
 * One side is the keyboard's: the coordinator, which never blocks. It puts bytes in and takes echo out. The other is the program's:
 * descriptors over hf_file_open_tty. Bounded: unread input stays at the keyboard, but a line that is too long for the terminal loses
 * the excess, so that it can be finished. */
#ifndef HF_KERNEL_TTY_H
#define HF_KERNEL_TTY_H

#include <holdfast/layouts.h>

#include "kernel/file.h"

#define HF_TTY_ROOM 4096  /* bytes typed ahead; a line has one less at most (MAX_CANON) */
#define HF_TTY_BEFORE 256 /* bytes of text before the line on the screen that can be shown again */
#define HF_TTY_TAB 8      /* the most columns that a tab takes */
/* The longest echo: a row and a line of tabs are blanked, column by column; then the row is written again, and a line of characters of three
 * bytes each; and a few sequences. */
#define HF_TTY_ECHO (HF_TTY_ROOM * (HF_TTY_TAB + 3) + HF_TTY_BEFORE * (HF_TTY_TAB + 1) + 64)
#define HF_TTY_UNKNOWN UINT32_MAX

/* How much of the line is on the screen, and what has to be done there. */
struct hf_tty_view {
	uint32_t from, to; /* [from, to) of the ring stands behind `before`, and the cursor behind that */
	uint32_t columns;  /* which takes so many at most */
	uint32_t back; /* so many columns of it, all of certain width, are to be blanked: their characters were erased */
	bool odd;      /* some character's width is not certain */
	bool apart;    /* the cursor was moved: the screen would not join a character to the last one */
	bool again;    /* it is to be shown again */
	bool cut_off;  /* ... all of the line, also what other output has separated from the cursor */
	uint32_t before_size; /* or HF_TTY_UNKNOWN */
	uint8_t before[HF_TTY_BEFORE];
};

struct hf_tty {
	_Atomic uint32_t refs;
	struct hf_lock lock;
	/* Protected by lock. */
	bool raw;
	bool hung_up;   /* no more keys come */
	bool literal;   /* ^V came: the next key means itself */
	bool silent;    /* echo is off */
	bool unseen;    /* ... as it was for a part of this line: none of it is shown any more */
	bool over;      /* the last byte has finished the line, which has yet to be seen on the screen */
	bool bell;      /* is to be rung */
	uint32_t head;  /* where the next byte is read; indices run freely and wrap with the ring's size */
	uint32_t ready; /* up to here it may be read: whole lines */
	uint32_t line;  /* up to here are whole lines, whose echo has been taken */
	uint32_t tail;  /* where the next key goes; [line, tail) is the line that is being edited */
	struct hf_tty_view view;
	struct hf_tty_view next; /* what it becomes once the echo is on the screen */
	uint32_t after_size;
	char after[16]; /* to be shown after the line */
	struct hf_waitq readable;
	struct hf_waitq roomy;           /* the keyboard waits for room */
	uint32_t ends[HF_TTY_ROOM / 32]; /* bits: the byte ends what one read returns; a NUL that does is an end of file */
	uint8_t ring[HF_TTY_ROOM];
};

/* A cooked terminal, with one reference. 0 or -HF_ENOMEM. Any thread. */
HF_MUST_CHECK int hf_tty_create(struct hf_tty **out);
/* The last one frees it. Any thread. */
void hf_tty_unref(struct hf_tty *tty);

/* A description for reading the terminal; it holds a reference of its own. 0 or -HF_ENOMEM. Any thread. */
HF_MUST_CHECK int hf_file_open_tty(struct hf_tty *tty, struct hf_file **out);

/* ---- the keyboard's side; these never block ---- */

/* Keys; what they finish can be read after hf_tty_deliver. Returns how many bytes were taken, with *signal set if the last of them requests one (then
 * earlier input is discarded). When fewer than all were taken, either the echo must be taken first, or the program has to read: `waiter`, if not
 * NULL, is then linked and woken when there is room. */
uint32_t hf_tty_input(struct hf_tty *tty, const uint8_t *keys, uint32_t size, enum hf_tty_signal *signal,
                      struct hf_waiter *waiter);
/* The place after the first key that requests a signal; 0: there is none, or the terminal is raw. Such a key must not wait behind unread input:
 * a caller with keys that hf_tty_input did not take may skip those before it. */
uint32_t hf_tty_find_signal(struct hf_tty *tty, const uint8_t *keys, uint32_t size);
void hf_tty_unwait(struct hf_tty *tty, struct hf_waiter *waiter);
/* Stores what to send to the screen, at most HF_TTY_ECHO bytes, and returns how many. Lines end with "\n". The same until
 * hf_tty_echoed. */
uint32_t hf_tty_echo(struct hf_tty *tty, uint8_t *to);
/* It has been sent, or lost. */
void hf_tty_echoed(struct hf_tty *tty);
/* There was other output on the screen since the last echo: this is the text on the cursor's row now, up to the cursor; more than HF_TTY_BEFORE
 * bytes, or HF_TTY_UNKNOWN: it cannot be shown again. */
void hf_tty_set_before(struct hf_tty *tty, const uint8_t *text, uint32_t size);
/* The echo is on the screen: now the program may read what was finished, and answer below it. */
void hf_tty_deliver(struct hf_tty *tty);
/* From cooked to raw, what has been typed can be read at once. */
void hf_tty_set_raw(struct hf_tty *tty, bool raw);
/* Whether cooked keys are echoed. A line that was partly typed unseen is never shown; its end is, as with ECHONL. */
void hf_tty_set_echo(struct hf_tty *tty, bool echo);
/* After the typed bytes comes the end of file, forever. */
void hf_tty_hang_up(struct hf_tty *tty);

#endif
