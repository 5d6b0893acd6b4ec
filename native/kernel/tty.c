/* tty.c - the line discipline: how keys edit the line, and when input can be read. The echo is in tty_echo.c, characters in tty_text.c, the reading
 * side in tty_file.c. */
#include <string.h>

#include "kernel/tty_parts.h"
#include "platform/alloc.h"

#define CONTROL(letter) ((letter)&0x1f)

int hf_tty_create(struct hf_tty **out)
{
	struct hf_tty *tty = hf_alloc_zeroed(sizeof *tty);
	if (!tty)
		return -HF_ENOMEM;
	atomic_init(&tty->refs, 1);
	hf_lock_init(&tty->lock, HF_RANK_PIPE);
	hf_lock(&tty->lock);
	hf_waitq_init(&tty->readable);
	hf_waitq_init(&tty->roomy);
	hf_unlock(&tty->lock);
	*out = tty;
	return 0;
}

void hf_tty_unref(struct hf_tty *tty)
{
	if (atomic_fetch_sub_explicit(&tty->refs, 1, memory_order_acq_rel) == 1)
		hf_free(tty);
}

/* ---- the ring ---- */

static void append_locked(struct hf_tty *tty, uint8_t byte, bool end) HF_REQUIRES(tty->lock)
{
	uint32_t bit = UINT32_C(1) << tty->tail % 32, *word = &tty->ends[tty->tail % HF_TTY_ROOM / 32];
	*hf__tty_byte(tty, tty->tail) = byte;
	*word = end ? *word | bit : *word & ~bit;
	tty->tail++;
}

void hf__tty_begin_line_locked(struct hf_tty *tty, uint32_t before_size)
{
	tty->line = tty->tail;
	tty->over = tty->unseen = false;
	tty->view.from = tty->view.to = tty->line;
	tty->view.columns = tty->view.back = 0;
	tty->view.odd = tty->view.apart = tty->view.again = tty->view.cut_off = false;
	tty->view.before_size = before_size;
}

/* Makes everything that was typed readable. */
static void publish_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	hf__tty_begin_line_locked(tty, HF_TTY_UNKNOWN);
	tty->ready = tty->line;
	hf_waitq_wake(&tty->readable);
}

/* Sets the text to be shown after the line. */
static void say_locked(struct hf_tty *tty, const char *text) HF_REQUIRES(tty->lock)
{
	HF_ASSERT(tty->after_size == 0 && strlen(text) <= sizeof tty->after);
	tty->after_size = (uint32_t)strlen(text);
	memcpy(tty->after, text, tty->after_size);
}

/* ---- editing ---- */

/* After an erase, the line's last character may be incomplete again, so that a further key can complete it. If it was shown as broken, because of the
 * byte after it, it must be erased from the screen. */
static void take_back_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	struct hf_tty_view *view = &tty->view;
	uint32_t end = hf__tty_showable_locked(tty);
	if ((int32_t)(view->to - end) <= 0 || end == tty->tail)
		return;
	view->again = true;
	view->cut_off = view->cut_off || (int32_t)(view->from - end) > 0;
}

/* Removes the line's last character. */
static void erase_one_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	struct hf_tty_view *view = &tty->view;
	uint32_t start = hf__tty_last_character(tty, tty->line, tty->tail);
	uint32_t width = hf__tty_width(hf__tty_character_at(tty, start, tty->tail).c);
	tty->tail = start;
	take_back_locked(tty);
	if ((int32_t)(view->to - start) <= 0)
		return; /* it has not been shown yet */
	view->cut_off = view->cut_off || (int32_t)(view->from - start) > 0;
	view->again = view->again || view->odd || view->cut_off;
	view->back += width;
	view->to = start;
	if (view->cut_off)
		view->from = start;
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

/* Finds where erasing the last word stops: it erases blanks first, then other characters. */
static uint32_t word_start_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	uint32_t at = tty->tail;
	while (at != tty->line && is_blank(*hf__tty_byte(tty, at - 1)))
		at--;
	while (at != tty->line && !is_blank(*hf__tty_byte(tty, at - 1)))
		at--;
	return at;
}

static void erase_to_locked(struct hf_tty *tty, uint32_t to) HF_REQUIRES(tty->lock)
{
	while ((int32_t)(tty->tail - to) > 0)
		erase_one_locked(tty);
}

static void forget_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	tty->head = tty->ready = tty->tail;
	hf__tty_begin_line_locked(tty, HF_TTY_UNKNOWN);
	hf_waitq_wake(&tty->roomy);
}

/* Whether there is room for one more byte; the last place is reserved for the line's end. */
static bool has_room_locked(struct hf_tty *tty, bool ends) HF_REQUIRES(tty->lock)
{
	return tty->tail - tty->head < HF_TTY_ROOM - !ends;
}

static enum hf_tty_signal signal_of(uint8_t key)
{
	return key == CONTROL('C') ? HF_TTY_INTERRUPT : key == CONTROL('\\') ? HF_TTY_QUIT : HF_TTY_NONE;
}

/* SHOW_FIRST: the key was not taken, because the echo must be taken first. */
enum outcome { TAKEN, NO_ROOM, SIGNAL, SHOW_FIRST };

static enum outcome end_line_locked(struct hf_tty *tty, uint8_t byte) HF_REQUIRES(tty->lock)
{
	if (!has_room_locked(tty, true))
		return NO_ROOM;
	append_locked(tty, byte, true);
	if (byte == '\n')
		say_locked(tty, "\n");
	tty->over = true;
	return TAKEN;
}

/* An ordinary key. */
static enum outcome type_locked(struct hf_tty *tty, uint8_t key) HF_REQUIRES(tty->lock)
{
	if (has_room_locked(tty, false))
		append_locked(tty, key, false);
	else if (tty->line != tty->head)
		return NO_ROOM; /* there are lines to be read first */
	else
		tty->bell = true; /* the line has its maximum length */
	tty->literal = false;
	return TAKEN;
}

/* A key that is shown separately, after the line. */
static enum outcome special_key_locked(struct hf_tty *tty, uint8_t key) HF_REQUIRES(tty->lock)
{
	const char caret[] = {'^', (char)(key ^ 0x40), 0};
	bool visible = hf__tty_is_visible_locked(tty);
	if (!hf__tty_is_shown_locked(tty))
		return SHOW_FIRST;
	if (signal_of(key))
		forget_locked(tty);
	else if (key == CONTROL('V'))
		tty->literal = tty->view.apart = true;
	if (visible)
		say_locked(tty, key == CONTROL('R') ? "^R\n" : key == CONTROL('V') ? "\033[?45h^\b\033[?45l" : caret);
	return signal_of(key) ? SIGNAL : TAKEN;
}

static enum outcome cooked_key_locked(struct hf_tty *tty, uint8_t key) HF_REQUIRES(tty->lock)
{
	tty->unseen = tty->unseen || tty->silent;
	if (tty->literal)
		return type_locked(tty, key);
	switch (key) {
	case CONTROL('C'):
	case CONTROL('\\'):
	case CONTROL('Z'):
	case CONTROL('V'):
	case CONTROL('R'):
		return special_key_locked(tty, key);
	case HF__TTY_DELETE:
	case CONTROL('H'):
		erase_to_locked(tty, tty->tail - (tty->tail != tty->line));
		return TAKEN;
	case CONTROL('W'):
		erase_to_locked(tty, word_start_locked(tty));
		return TAKEN;
	case CONTROL('U'):
		erase_to_locked(tty, tty->line);
		return TAKEN;
	case CONTROL('D'):
		return end_line_locked(tty, 0);
	case '\r':
	case '\n':
		return end_line_locked(tty, '\n');
	default:
		return type_locked(tty, key);
	}
}

static enum outcome raw_key_locked(struct hf_tty *tty, uint8_t key) HF_REQUIRES(tty->lock)
{
	if (!has_room_locked(tty, true))
		return NO_ROOM;
	append_locked(tty, key, false);
	publish_locked(tty);
	return TAKEN;
}

static uint32_t find_signal(const uint8_t *keys, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		if (signal_of(keys[i]))
			return i + 1;
	}
	return 0;
}

uint32_t hf_tty_input(struct hf_tty *tty, const uint8_t *keys, uint32_t size, enum hf_tty_signal *signal,
                      struct hf_waiter *waiter)
{
	uint32_t done = 0;
	enum outcome outcome = TAKEN;
	*signal = HF_TTY_NONE;
	hf_lock(&tty->lock);
	while (done < size && outcome == TAKEN && !tty->over && tty->after_size == 0) {
		outcome = tty->raw ? raw_key_locked(tty, keys[done]) : cooked_key_locked(tty, keys[done]);
		uint32_t ahead = outcome == NO_ROOM && !tty->raw ? find_signal(keys + done, size - done) : 0;
		if (ahead) {
			done += ahead - 1;
			tty->literal = false;
			outcome = cooked_key_locked(tty, keys[done]);
		}
		if (outcome == TAKEN || outcome == SIGNAL)
			done++;
	}
	if (outcome == SIGNAL)
		*signal = signal_of(keys[done - 1]);
	if (outcome == NO_ROOM)
		hf_waitq_add_once(&tty->roomy, waiter);
	hf_unlock(&tty->lock);
	return done;
}

uint32_t hf_tty_find_signal(struct hf_tty *tty, const uint8_t *keys, uint32_t size)
{
	hf_lock(&tty->lock);
	bool raw = tty->raw;
	hf_unlock(&tty->lock);
	return raw ? 0 : find_signal(keys, size);
}

void hf_tty_unwait(struct hf_tty *tty, struct hf_waiter *waiter)
{
	hf_lock(&tty->lock);
	hf_waitq_remove(waiter);
	hf_unlock(&tty->lock);
}

void hf_tty_deliver(struct hf_tty *tty)
{
	hf_lock(&tty->lock);
	if (tty->ready != tty->line) {
		tty->ready = tty->line;
		hf_waitq_wake(&tty->readable);
	}
	hf_unlock(&tty->lock);
}

void hf_tty_set_raw(struct hf_tty *tty, bool raw)
{
	hf_lock(&tty->lock);
	tty->raw = raw;
	tty->literal = false;
	if (raw) {
		/* In raw mode, line ends no longer end reads, and an end of file becomes a NUL, as on Linux. */
		memset(tty->ends, 0, sizeof tty->ends);
		publish_locked(tty);
	}
	hf_unlock(&tty->lock);
}

void hf_tty_set_echo(struct hf_tty *tty, bool echo)
{
	hf_lock(&tty->lock);
	tty->silent = !echo;
	hf_unlock(&tty->lock);
}

void hf_tty_hang_up(struct hf_tty *tty)
{
	hf_lock(&tty->lock);
	tty->hung_up = true;
	publish_locked(tty);
	hf_unlock(&tty->lock);
}
