/* tty.h - a terminal's input: the line discipline between a keyboard and the program that reads (POSIX, General Terminal
 * Interface; the choices that it leaves open are Linux's).
 *
 * Cooked (canonical), a program reads lines, which can be edited until they are finished, and sees no key that means
 * something: erase (^? ^H), erase a word (^W), erase the line (^U), show it again (^R), the next key as it is (^V), end
 * of file (^D), interrupt (^C), quit (^\); ^Z does nothing, for there is nobody who could resume. Raw, every byte is read
 * as it comes. Keys are echoed while cooked.
 *
 * One side is the keyboard's: the coordinator, which never blocks. It gives bytes in and takes echo out. The other is
 * the program's: descriptors over hf_file_open_tty. Bounded: what is not read stays at the keyboard, but a line that is
 * too long for the terminal loses what goes beyond, so that it can be finished. */
#ifndef HF_KERNEL_TTY_H
#define HF_KERNEL_TTY_H

#include "kernel/file.h"

#define HF_TTY_ROOM 4096 /* bytes typed ahead; a line has one less at most (MAX_CANON) */
#define HF_TTY_ECHO 256  /* bytes of echo that wait to be taken */

/* What a key asks for, by POSIX's numbers. */
enum hf_tty_signal { HF_TTY_NONE = 0, HF_TTY_INTERRUPT = 2, HF_TTY_QUIT = 3 };

struct hf_tty {
	_Atomic uint32_t refs;
	struct hf_lock lock;
	/* Protected by lock. */
	bool raw;
	bool hung_up;       /* no key comes any more */
	bool literal;       /* ^V came: the next key means itself */
	uint32_t erase_to;  /* characters are being erased down to this index; tail: none are */
	bool erasing_word;  /* ... and stop sooner, before a word */
	uint32_t head;      /* where the next byte is read; indices run freely and wrap with the ring's size */
	uint32_t ready;     /* up to here it may be read: whole lines */
	uint32_t line;      /* up to here are whole lines, whose echo is on its way to the screen */
	uint32_t tail;      /* where the next key goes; [line, tail) is the line that is being edited */
	uint32_t echo_size; /* bytes in `echo` */
	struct hf_waitq readable;
	struct hf_waitq roomy;           /* the keyboard waits for room */
	uint32_t ends[HF_TTY_ROOM / 32]; /* bits: the byte ends what one read returns; a NUL that does is an end of file */
	uint8_t ring[HF_TTY_ROOM];
	uint8_t echo[HF_TTY_ECHO];
};

/* A cooked terminal, with one reference. 0 or -HF_ENOMEM. Any thread. */
HF_MUST_CHECK int hf_tty_create(struct hf_tty **out);
/* The last one frees it. Any thread. */
void hf_tty_unref(struct hf_tty *tty);

/* A description from which the terminal is read; it holds a reference of its own. 0 or -HF_ENOMEM. Any thread. */
HF_MUST_CHECK int hf_file_open_tty(struct hf_tty *tty, struct hf_file **out);

/* ---- the keyboard's side; these never block ---- */

/* Keys; what they finish can be read after hf_tty_deliver. Returns how many bytes were taken, with *signal set if the last of them asks for one (what was typed before is
 * forgotten then). When fewer than all were taken, either there is echo to be taken first, or the program has to read:
 * `waiter`, if not NULL, is then linked and told when there is room. */
uint32_t hf_tty_input(struct hf_tty *tty, const uint8_t *keys, uint32_t size, enum hf_tty_signal *signal,
                      struct hf_waiter *waiter);
/* The place behind the first key that asks for a signal; 0: there is none, or the terminal is raw. With lines that nobody reads it must not wait
 * behind what was typed after them: who has keys that hf_tty_input did not take may leave out those before it. */
uint32_t hf_tty_find_signal(struct hf_tty *tty, const uint8_t *keys, uint32_t size);
void hf_tty_unwait(struct hf_tty *tty, struct hf_waiter *waiter);
/* Takes at most `room` bytes of echo; how many. Lines end with "\n". */
uint32_t hf_tty_take_echo(struct hf_tty *tty, uint8_t *to, uint32_t room);
/* The echo is on the screen: now the program may read what was finished, and answer below it. */
void hf_tty_deliver(struct hf_tty *tty);
/* From cooked to raw, what has been typed can be read at once. */
void hf_tty_set_raw(struct hf_tty *tty, bool raw);
/* After what has been typed comes the end of file, for ever. */
void hf_tty_hang_up(struct hf_tty *tty);

#endif
