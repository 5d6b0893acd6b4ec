/* tty_parts.h - declarations that the terminal's files share. */
#ifndef HF_KERNEL_TTY_PARTS_H
#define HF_KERNEL_TTY_PARTS_H

#include "kernel/tty.h"

static inline uint8_t *hf__tty_byte(struct hf_tty *tty, uint32_t index)
{
	return &tty->ring[index % HF_TTY_ROOM];
}

/* ---- tty.c ---- */

/* Begins a new line, after the text that is already on the screen's row. */
void hf__tty_begin_line_locked(struct hf_tty *tty, uint32_t before_size) HF_REQUIRES(tty->lock);

/* ---- tty_text.c ---- */

#define HF__TTY_DELETE 0x7f
/* Represents bytes that are not UTF-8. */
#define HF__TTY_BROKEN 0xFFFD

struct hf__tty_character {
	uint32_t c;    /* or HF__TTY_BROKEN */
	uint32_t next; /* the index after the character */
	bool cut;      /* it may be incomplete at the end */
};

bool hf__tty_is_control(uint32_t c);
/* Decodes the character that begins at the index. Bytes that are not UTF-8 count as one character for as long as they could begin one (Unicode 3.9,
 * "maximal subpart"); decoders replace each such sequence by one U+FFFD. */
struct hf__tty_character hf__tty_character_at(struct hf_tty *tty, uint32_t at, uint32_t end);
/* Returns where the last character of [start, end) begins. */
uint32_t hf__tty_last_character(struct hf_tty *tty, uint32_t start, uint32_t end);
/* Returns the number of columns that a character takes on every screen, also next to other such characters; 0: uncertain. */
uint32_t hf__tty_width(uint32_t c);

/* ---- tty_echo.c ---- */

bool hf__tty_is_visible_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock);
/* Returns the end of the part of the line that can be shown: excludes the byte that ended the line, and bytes that further keys may complete to a
 * character. */
uint32_t hf__tty_showable_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock);
/* Whether the screen shows the current line. */
bool hf__tty_is_shown_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock);

#endif
