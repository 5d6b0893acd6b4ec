/* tty_parts.h - what the files of the terminal have in common. */
#ifndef HF_KERNEL_TTY_PARTS_H
#define HF_KERNEL_TTY_PARTS_H

#include "kernel/tty.h"

static inline uint8_t *hf__tty_byte(struct hf_tty *tty, uint32_t index)
{
	return &tty->ring[index % HF_TTY_ROOM];
}

/* ---- tty.c ---- */

/* A new line begins, behind what stands on the screen's row. */
void hf__tty_begin_line_locked(struct hf_tty *tty, uint32_t before_size) HF_REQUIRES(tty->lock);

/* ---- tty_text.c ---- */

#define HF__TTY_DELETE 0x7f
/* What is no UTF-8. */
#define HF__TTY_BROKEN 0xFFFD

struct hf__tty_character {
	uint32_t c;    /* or HF__TTY_BROKEN */
	uint32_t next; /* the index behind it */
	bool cut;      /* it may go on behind the end */
};

bool hf__tty_is_control(uint32_t c);
/* The character that begins at the index. Of bytes that are no UTF-8, as many are one as could begin a character (Unicode 3.9,
 * "maximal subpart"), which is how often decoders put U+FFFD in their place. */
struct hf__tty_character hf__tty_character_at(struct hf_tty *tty, uint32_t at, uint32_t end);
/* Where the last character of [start, end) begins. */
uint32_t hf__tty_last_character(struct hf_tty *tty, uint32_t start, uint32_t end);
/* The columns that a character takes on every screen, alone and beside any other of these; 0: that is not certain. */
uint32_t hf__tty_width(uint32_t c);

/* ---- tty_echo.c ---- */

bool hf__tty_is_visible_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock);
/* Up to here the line can be shown: without the byte that ended it, and without what a further key may complete to a character. */
uint32_t hf__tty_showable_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock);
/* Whether the screen shows the line as it is. */
bool hf__tty_is_shown_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock);

#endif
