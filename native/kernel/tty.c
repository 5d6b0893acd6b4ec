/* tty.c - the line discipline. */
#include "kernel/tty.h"

#include <string.h>

#include "platform/alloc.h"

#define CONTROL(letter) ((letter)&0x1f)
#define DELETE 0x7f

static _Atomic uint64_t next_ino = UINT64_C(1) << 48; /* apart from pipes' */

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

static uint8_t *byte_at(struct hf_tty *tty, uint32_t index)
{
	return &tty->ring[index % HF_TTY_ROOM];
}

static bool ends_at(const struct hf_tty *tty, uint32_t index)
{
	return tty->ends[index % HF_TTY_ROOM / 32] & UINT32_C(1) << index % 32;
}

/* An end of file is a NUL that ends what a read returns. */
static bool is_end_of_file(struct hf_tty *tty, uint32_t index)
{
	return ends_at(tty, index) && *byte_at(tty, index) == 0;
}

static void append_locked(struct hf_tty *tty, uint8_t byte, bool end) HF_REQUIRES(tty->lock)
{
	uint32_t bit = UINT32_C(1) << tty->tail % 32, *word = &tty->ends[tty->tail % HF_TTY_ROOM / 32];
	*byte_at(tty, tty->tail) = byte;
	*word = end ? *word | bit : *word & ~bit;
	tty->tail++;
}

/* A new line begins, behind what stands on the screen's row. */
static void begin_line_locked(struct hf_tty *tty, uint32_t before_size) HF_REQUIRES(tty->lock)
{
	tty->line = tty->tail;
	tty->over = tty->unseen = false;
	tty->view.from = tty->view.to = tty->line;
	tty->view.columns = tty->view.back = 0;
	tty->view.odd = tty->view.apart = tty->view.again = tty->view.cut_off = false;
	tty->view.before_size = before_size;
}

/* What has been typed is whole, and may be read. */
static void publish_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	begin_line_locked(tty, HF_TTY_UNKNOWN);
	tty->ready = tty->line;
	hf_waitq_wake(&tty->readable);
}

/* ---- characters ---- */

static bool is_control(uint32_t c)
{
	return c < ' ' || c == DELETE;
}

static bool is_continuation(uint8_t byte)
{
	return (byte & 0xC0) == 0x80;
}

/* What is no UTF-8. */
#define BROKEN 0xFFFD
#define REPLACEMENT "\xEF\xBF\xBD"

struct character {
	uint32_t c;    /* or BROKEN */
	uint32_t next; /* the index behind it */
	bool cut;      /* it may go on behind the end */
};

/* How many bytes follow the lead; 0: it is none. */
static uint32_t more_after(uint8_t lead)
{
	return lead < 0xC2 || lead > 0xF4 ? 0 : lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
}

/* Leaves out what is too long, the surrogates, and what is beyond U+10FFFF. */
static bool may_follow(uint8_t lead, uint8_t byte)
{
	uint8_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
	uint8_t most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
	return byte >= least && byte <= most;
}

/* The character that begins at the index. Of bytes that are no UTF-8, as many are one as could begin a character (Unicode 3.9,
 * "maximal subpart"), which is how often decoders put U+FFFD in their place. */
static struct character character_at(struct hf_tty *tty, uint32_t at, uint32_t end)
{
	uint8_t lead = *byte_at(tty, at++);
	uint32_t more = more_after(lead), c = more ? lead & (0x3Fu >> more) : lead < 0x80 ? lead : BROKEN;
	for (bool first = true; more > 0 && at != end; more--, first = false) {
		uint8_t byte = *byte_at(tty, at);
		if (first ? !may_follow(lead, byte) : !is_continuation(byte))
			break;
		c = c << 6 | (byte & 0x3F);
		at++;
	}
	return (struct character){more > 0 ? BROKEN : c, at, more > 0 && at == end};
}

/* Where the last character of [start, end) begins. */
static uint32_t last_character(struct hf_tty *tty, uint32_t start, uint32_t end)
{
	uint32_t at = end - 1;
	while (at != start && end - at < 4 && is_continuation(*byte_at(tty, at)))
		at--;
	return character_at(tty, at, end).next == end ? at : end - 1;
}

/* The columns that a character takes on every screen, alone and beside any other of these; 0: that is not certain. */
static uint32_t certain_width(uint32_t c)
{
	static const uint16_t narrow[][2] = {
		{0x20, 0x7E}, {0xA1, 0xAC}, {0xAE, 0x2FF}, {0x370, 0x482}, {0x48A, 0x52F},
	};
	if (c == '\t')
		return 0;
	if (is_control(c))
		return 2; /* ^X */
	for (unsigned i = 0; i < sizeof narrow / sizeof *narrow; i++) {
		if (c >= narrow[i][0] && c <= narrow[i][1])
			return 1;
	}
	return 0;
}

/* ---- echo ---- */

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

/* The text so many times, while backspaces go from a row's start to the end of the row above if the line was wrapped there (reverse
 * wraparound): so that rows do not matter. */
static void put_backwards(struct echo *echo, const char *text, uint32_t times)
{
	put_text(echo, "\033[?45h");
	while (times-- > 0)
		put_text(echo, text);
	put_text(echo, "\033[?45l");
}

static void put_character(struct hf_tty *tty, struct echo *echo, uint32_t at, struct character character)
{
	uint32_t c = character.c;
	if (is_control(c) && c != '\t') {
		char text[2] = {'^', (char)(c ^ 0x40)};
		put(echo, text, 2);
	} else if (c == BROKEN || (c >= 0x80 && c < 0xA0)) {
		put_text(echo, REPLACEMENT); /* of the C1 controls, too: they would move the cursor */
	} else {
		for (; at != character.next; at++)
			put(echo, byte_at(tty, at), 1);
	}
}

/* The cursor is at the margin: all of the line is to be shown there. */
static void begin_row_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	struct hf_tty_view *view = &tty->view;
	view->from = view->to = tty->line;
	view->columns = 0;
	view->odd = view->apart = false;
	view->before_size = 0;
}

static bool is_visible_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	return !tty->raw && !tty->silent && !tty->unseen;
}

/* Up to here the line can be shown: without the byte that ended it, and without what a further key may complete to a character. */
static uint32_t showable_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	if (tty->over || tty->tail == tty->line)
		return tty->tail - tty->over;
	uint32_t last = last_character(tty, tty->line, tty->tail);
	return character_at(tty, last, tty->tail).cut ? last : tty->tail;
}

/* Whether the screen shows the line as it is. */
static bool is_shown_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	const struct hf_tty_view *view = &tty->view;
	return !is_visible_locked(tty) || (!view->back && !view->again && !tty->bell && view->to == showable_locked(tty));
}

/* Makes the row ready for the line, or the part of it that stands there, to be shown again. */
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

/* Shows what has been typed and is not on the screen yet. */
static void show_rest_locked(struct hf_tty *tty, struct hf_tty_view *view, struct echo *echo, uint32_t end)
	HF_REQUIRES(tty->lock)
{
	while ((int32_t)(end - view->to) > 0) {
		struct character character = character_at(tty, view->to, end);
		uint32_t size = echo->size, width = certain_width(character.c);
		put_character(tty, echo, view->to, character);
		/* None takes more columns than bytes. */
		view->columns += width ? width : character.c == '\t' ? HF_TTY_TAB : echo->size - size;
		view->odd = view->odd || !width;
		view->apart = false;
		view->to = character.next;
	}
}

static void show_line_locked(struct hf_tty *tty, struct hf_tty_view *view, struct echo *echo) HF_REQUIRES(tty->lock)
{
	uint32_t end = showable_locked(tty);
	bool joins = view->apart && view->to != end && !certain_width(character_at(tty, view->to, end).c);
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
	if (is_visible_locked(tty))
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
		begin_line_locked(tty, line_end ? 0 : HF_TTY_UNKNOWN);
	else if (line_end) /* ^R */
		begin_row_locked(tty);
	hf_unlock(&tty->lock);
}

void hf_tty_set_before(struct hf_tty *tty, const uint8_t *text, uint32_t size)
{
	hf_lock(&tty->lock);
	struct hf_tty_view *view = &tty->view;
	bool left = view->back || view->again; /* on the screen, what was erased, and cannot be reached there any more */
	view->from = view->to;
	view->columns = view->back = 0;
	view->odd = view->apart = false;
	view->again = view->cut_off = left;
	view->before_size = size <= HF_TTY_BEFORE ? size : HF_TTY_UNKNOWN;
	if (size <= HF_TTY_BEFORE)
		memcpy(view->before, text, size);
	hf_unlock(&tty->lock);
}

/* To be shown after the line. */
static void say_locked(struct hf_tty *tty, const char *text) HF_REQUIRES(tty->lock)
{
	HF_ASSERT(tty->after_size == 0 && strlen(text) <= sizeof tty->after);
	tty->after_size = (uint32_t)strlen(text);
	memcpy(tty->after, text, tty->after_size);
}

/* ---- editing ---- */

/* What is the line's last character now may be one that a further key completes. If it was shown as broken, because another one came, it is to be taken back. */
static void take_back_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	struct hf_tty_view *view = &tty->view;
	uint32_t end = showable_locked(tty);
	if ((int32_t)(view->to - end) <= 0 || end == tty->tail)
		return;
	view->again = true;
	view->cut_off = view->cut_off || (int32_t)(view->from - end) > 0;
}

/* Takes the last character of the line away. */
static void erase_one_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	struct hf_tty_view *view = &tty->view;
	uint32_t start = last_character(tty, tty->line, tty->tail);
	uint32_t width = certain_width(character_at(tty, start, tty->tail).c);
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

/* Where erasing the last word stops: blanks go first, then what is none. */
static uint32_t word_start_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	uint32_t at = tty->tail;
	while (at != tty->line && is_blank(*byte_at(tty, at - 1)))
		at--;
	while (at != tty->line && !is_blank(*byte_at(tty, at - 1)))
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
	begin_line_locked(tty, HF_TTY_UNKNOWN);
	hf_waitq_wake(&tty->roomy);
}

/* Whether one more byte may be typed: the last place is for what ends the line. */
static bool has_room_locked(struct hf_tty *tty, bool ends) HF_REQUIRES(tty->lock)
{
	return tty->tail - tty->head < HF_TTY_ROOM - !ends;
}

static enum hf_tty_signal signal_of(uint8_t key)
{
	return key == CONTROL('C') ? HF_TTY_INTERRUPT : key == CONTROL('\\') ? HF_TTY_QUIT : HF_TTY_NONE;
}

/* SHOW_FIRST: not taken, for the echo has to be taken before. */
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

/* A key that stands for itself. */
static enum outcome type_locked(struct hf_tty *tty, uint8_t key) HF_REQUIRES(tty->lock)
{
	if (has_room_locked(tty, false))
		append_locked(tty, key, false);
	else if (tty->line != tty->head)
		return NO_ROOM; /* there are lines to be read first */
	else
		tty->bell = true; /* this line is as long as can be */
	tty->literal = false;
	return TAKEN;
}

/* A key that is shown by itself, after the line. */
static enum outcome special_key_locked(struct hf_tty *tty, uint8_t key) HF_REQUIRES(tty->lock)
{
	const char caret[] = {'^', (char)(key ^ 0x40), 0};
	bool visible = is_visible_locked(tty);
	if (!is_shown_locked(tty))
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
	case DELETE:
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

static void link_once(struct hf_waitq *queue, struct hf_waiter *waiter)
{
	if (waiter && hf_list_empty(&waiter->link))
		hf_waitq_add(queue, waiter);
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
		link_once(&tty->roomy, waiter);
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
		/* What ended lines ends no reads now, and an end of file is the NUL that it is on Linux. */
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

/* ---- the program's side ---- */

/* How many bytes a read may take, without wrapping: up to the end of a line where there are lines. */
static uint32_t span_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	uint32_t most = HF_TTY_ROOM - tty->head % HF_TTY_ROOM, size = 0;
	while (size < most && tty->head + size != tty->ready && !is_end_of_file(tty, tty->head + size)) {
		if (ends_at(tty, tty->head + size++))
			break;
	}
	return size;
}

/* One read's worth: a line or a part of one, or what is there when raw. True: it is over, perhaps with nothing, which is
 * the end of the file. */
static bool take_locked(struct hf_tty *tty, struct hf_uio *uio) HF_REQUIRES(tty->lock)
{
	HF_ASSERT(hf_lock_is_held(&tty->lock));
	uint64_t whole = uio->resid;
	bool line_over = false;
	while (tty->head != tty->ready && uio->resid > 0 && !line_over) {
		if (is_end_of_file(tty, tty->head)) {
			tty->head++;
			line_over = true;
			continue;
		}
		uint32_t moved = (uint32_t)hf_uio_to_user(uio, byte_at(tty, tty->head), span_locked(tty));
		tty->head += moved;
		line_over = ends_at(tty, tty->head - 1);
	}
	/* The end of file that finished a line is that line's: the next read must not see it again. */
	if (whole > 0 && uio->resid == 0 && !line_over && tty->head != tty->ready && is_end_of_file(tty, tty->head))
		tty->head++;
	if (uio->resid < whole || line_over)
		hf_waitq_wake(&tty->roomy);
	return uio->resid < whole || line_over || tty->hung_up || whole == 0;
}

static int try_read(struct hf_tty *tty, struct hf_uio *uio, struct hf_waiter *waiter)
{
	int result = 0;
	hf_lock(&tty->lock);
	if (!take_locked(tty, uio)) {
		link_once(&tty->readable, waiter);
		result = -HF_EAGAIN;
	}
	hf_unlock(&tty->lock);
	return result;
}

static struct hf_tty *tty_of(struct hf_file *file)
{
	return file->tty;
}

static int tty_read(struct hf_file *file, struct hf_thread *thread, struct hf_uio *uio)
{
	struct hf_tty *tty = tty_of(file);
	bool nonblock = hf_file_is_nonblock(file);
	struct hf_thread_waiter waiter;
	hf_thread_waiter_init(&waiter, thread);
	for (;;) {
		uint32_t ticket = hf_park_ticket(thread);
		int result = try_read(tty, uio, nonblock ? NULL : &waiter.waiter);
		if (result != -HF_EAGAIN || nonblock)
			return result;
		/* Nobody types within microseconds. */
		result = hf_park(thread, ticket, HF_FOREVER, HF_PARK_AT_ONCE);
		hf_tty_unwait(tty, &waiter.waiter);
		if (result < 0)
			return result;
	}
}

static int tty_write(struct hf_file *file, struct hf_thread *thread, struct hf_uio *uio)
{
	(void)file;
	(void)thread;
	(void)uio;
	return -HF_EBADF;
}

static int tty_getattr(struct hf_file *file, struct hf_attr *out)
{
	return hf__file_put_attr(file, file->offset /* its number */, out);
}

static unsigned tty_poll(struct hf_file *file, unsigned events, struct hf_waiter *waiter, uint64_t *bytes)
{
	struct hf_tty *tty = tty_of(file);
	*bytes = 0;
	if (!(events & HF_READY_IN))
		return 0;
	hf_lock(&tty->lock);
	bool readable = tty->head != tty->ready, hung_up = tty->hung_up;
	*bytes = tty->ready - tty->head;
	if (!readable && !hung_up)
		link_once(&tty->readable, waiter);
	hf_unlock(&tty->lock);
	return (readable || hung_up ? HF_READY_IN : 0) | (hung_up ? HF_READY_HANGUP : 0);
}

static void tty_unpoll(struct hf_file *file, unsigned events, struct hf_waiter *waiter)
{
	(void)events;
	hf_tty_unwait(tty_of(file), waiter);
}

static void tty_destroy(struct hf_file *file)
{
	hf_tty_unref(tty_of(file));
}

static const struct hf_file_ops tty_ops = {
	.read = tty_read,
	.write = tty_write,
	.pread = hf__file_no_offset,
	.pwrite = hf__file_no_offset,
	.seek = hf__file_no_seek,
	.getattr = tty_getattr,
	.poll = tty_poll,
	.unpoll = tty_unpoll,
	.destroy = tty_destroy,
};

int hf_file_open_tty(struct hf_tty *tty, struct hf_file **out)
{
	struct hf_file *file;
	int result = hf__file_create(&tty_ops, &file);
	if (result < 0)
		return result;
	atomic_fetch_add_explicit(&tty->refs, 1, memory_order_relaxed);
	file->tty = tty;
	file->access = HF_READ;
	file->filetype = HF_FILETYPE_CHARACTER_DEVICE;
	file->offset = atomic_fetch_add_explicit(&next_ino, 1, memory_order_relaxed);
	*out = file;
	return 0;
}
