/* tty_echo.c - the part of the line that the screen shows, and the bytes to send there. */
#include <string.h>

#include "kernel/tty_parts.h"

#define REPLACEMENT "\xEF\xBF\xBD"

struct echo {
	uint8_t *to;
	uint32_t size;
};

static void put(struct echo *echo, const void *text, uint32_t size)
{
	HF_ASSERT(size <= HF_TTY_ECHO - echo->size);
	memcpy(echo->to + echo->size, text, size);
	echo->size += size;
}

static void put_text(struct echo *echo, const char *text)
{
	put(echo, text, (uint32_t)strlen(text));
}

/* Writes the text this many times with reverse wraparound: backspaces go from a row's start to the end of the row above if the line was wrapped
 * there, so it does not matter how many rows the line takes. */
static void put_backwards(struct echo *echo, const char *text, uint32_t times)
{
	put_text(echo, "\033[?45h");
	while (times-- > 0)
		put_text(echo, text);
	put_text(echo, "\033[?45l");
}

static void put_character(struct hf_tty *tty, struct echo *echo, uint32_t at, struct hf__tty_character character)
{
	uint32_t c = character.c;
	if (hf__tty_is_control(c) && c != '\t') {
		char text[2] = {'^', (char)(c ^ 0x40)};
		put(echo, text, 2);
	} else if (c == HF__TTY_BROKEN || (c >= 0x80 && c < 0xA0)) {
		put_text(echo, REPLACEMENT); /* also for C1 controls, which would move the cursor */
	} else {
		for (; at != character.next; at++)
			put(echo, hf__tty_byte(tty, at), 1);
	}
}

/* Called when the cursor is at the margin, where the whole line must be shown. */
static void begin_row_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	struct hf_tty_view *view = &tty->view;
	view->from = view->to = tty->line;
	view->columns = 0;
	view->odd = view->apart = false;
	view->before_size = 0;
}

bool hf__tty_is_visible_locked(struct hf_tty *tty)
{
	return !tty->raw && !tty->silent && !tty->unseen;
}

uint32_t hf__tty_showable_locked(struct hf_tty *tty)
{
	if (tty->over || tty->tail == tty->line)
		return tty->tail - tty->over;
	uint32_t last = hf__tty_last_character(tty, tty->line, tty->tail);
	return hf__tty_character_at(tty, last, tty->tail).cut ? last : tty->tail;
}

bool hf__tty_is_shown_locked(struct hf_tty *tty)
{
	const struct hf_tty_view *view = &tty->view;
	return !hf__tty_is_visible_locked(tty) ||
	       (!view->back && !view->again && !tty->bell && view->to == hf__tty_showable_locked(tty));
}

/* Clears the row, so that the line, or the part of it that was there, can be shown again. */
static void wipe_locked(struct hf_tty *tty, struct hf_tty_view *view, struct echo *echo) HF_REQUIRES(tty->lock)
{
	bool known = view->before_size != HF_TTY_UNKNOWN && (!view->cut_off || view->before_size == 0);
	if (view->cut_off || !known)
		view->from = tty->line;
	if (known) {
		uint32_t columns = view->columns + 1;
		for (uint32_t i = 0; i < view->before_size; i++)
			columns += view->before[i] == '\t' ? HF_TTY_TAB : 1;
		put_backwards(echo, "\b", columns);
		put_text(echo, "\033[J");
		put(echo, view->before, view->before_size);
	} else {
		put_text(echo, "\n");
		view->before_size = 0;
	}
	view->to = view->from;
	view->columns = view->back = 0;
	view->odd = view->apart = view->again = view->cut_off = false;
}

/* Shows the typed characters that are not on the screen yet. */
static void show_rest_locked(struct hf_tty *tty, struct hf_tty_view *view, struct echo *echo, uint32_t end)
	HF_REQUIRES(tty->lock)
{
	while ((int32_t)(end - view->to) > 0) {
		struct hf__tty_character character = hf__tty_character_at(tty, view->to, end);
		uint32_t size = echo->size, width = hf__tty_width(character.c);
		put_character(tty, echo, view->to, character);
		/* No character takes more columns than bytes. */
		view->columns += width ? width : character.c == '\t' ? HF_TTY_TAB : echo->size - size;
		view->odd = view->odd || !width;
		view->apart = false;
		view->to = character.next;
	}
}

static void show_line_locked(struct hf_tty *tty, struct hf_tty_view *view, struct echo *echo) HF_REQUIRES(tty->lock)
{
	uint32_t end = hf__tty_showable_locked(tty);
	bool joins = view->apart && view->to != end && !hf__tty_width(hf__tty_character_at(tty, view->to, end).c);
	if (view->again || (joins && view->before_size != HF_TTY_UNKNOWN)) {
		wipe_locked(tty, view, echo);
	} else if (view->back) {
		put_backwards(echo, "\b \b", view->back);
		view->columns -= view->back;
		view->back = 0;
		view->apart = true;
	}
	show_rest_locked(tty, view, echo, end);
	if (tty->bell)
		put_text(echo, "\a");
}

uint32_t hf_tty_echo(struct hf_tty *tty, uint8_t *to)
{
	struct echo echo = {to, 0};
	hf_lock(&tty->lock);
	tty->next = tty->view;
	if (hf__tty_is_visible_locked(tty))
		show_line_locked(tty, &tty->next, &echo);
	put(&echo, tty->after, tty->after_size);
	hf_unlock(&tty->lock);
	return echo.size;
}

void hf_tty_echoed(struct hf_tty *tty)
{
	hf_lock(&tty->lock);
	bool line_end = tty->after_size > 0 && tty->after[tty->after_size - 1] == '\n';
	tty->view = tty->next;
	tty->bell = false;
	tty->after_size = 0;
	if (tty->over)
		hf__tty_begin_line_locked(tty, line_end ? 0 : HF_TTY_UNKNOWN);
	else if (line_end) /* ^R */
		begin_row_locked(tty);
	hf_unlock(&tty->lock);
}

void hf_tty_set_before(struct hf_tty *tty, const uint8_t *text, uint32_t size)
{
	hf_lock(&tty->lock);
	struct hf_tty_view *view = &tty->view;
	bool left =
		view->back ||
		view->again; /* erased characters are still on the screen, where the cursor cannot reach them any more */
	view->from = view->to;
	view->columns = view->back = 0;
	view->odd = view->apart = false;
	view->again = view->cut_off = left;
	view->before_size = size <= HF_TTY_BEFORE ? size : HF_TTY_UNKNOWN;
	if (size <= HF_TTY_BEFORE)
		memcpy(view->before, text, size);
	hf_unlock(&tty->lock);
}
