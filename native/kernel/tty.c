/* tty.c - the line discipline. */
#include "kernel/tty.h"

#include <string.h>

#include "platform/alloc.h"

#define CONTROL(letter) ((letter)&0x1f)
#define DELETE 0x7f
#define BELL 7
/* The most that one key is echoed with: a tab's eight columns, or as much to erase them, thrice. */
#define ECHO_MOST 24
#define TAB 8

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
	tty->erase_to = tty->tail;
}

/* What has been typed is whole, and may be read. */
static void publish_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	tty->ready = tty->line = tty->tail;
	hf_waitq_wake(&tty->readable);
}

/* ---- echo ---- */

static void echo_locked(struct hf_tty *tty, const char *text, uint32_t size) HF_REQUIRES(tty->lock)
{
	HF_ASSERT(size <= HF_TTY_ECHO - tty->echo_size);
	memcpy(tty->echo + tty->echo_size, text, size);
	tty->echo_size += size;
}

static void echo_times_locked(struct hf_tty *tty, const char *text, uint32_t times) HF_REQUIRES(tty->lock)
{
	while (times-- > 0)
		echo_locked(tty, text, (uint32_t)strlen(text));
}

static bool is_control(uint32_t c)
{
	return c < ' ' || c == DELETE;
}

static bool is_continuation(uint8_t byte)
{
	return (byte & 0xC0) == 0x80;
}

/* Ranges of characters that take two columns (Unicode's East Asian Width W and F, the common blocks). */
static bool is_wide(uint32_t c)
{
	static const uint32_t ranges[][2] = {
		{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xAC00, 0xD7A3},
		{0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
		{0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
	};
	for (unsigned i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		if (c >= ranges[i][0] && c <= ranges[i][1])
			return true;
	}
	return false;
}

/* The character that begins at the index; *next is set behind it. Bytes that are no UTF-8 are characters by themselves. */
static uint32_t character_at(struct hf_tty *tty, uint32_t index, uint32_t end, uint32_t *next)
{
	uint8_t lead = *byte_at(tty, index++);
	uint32_t more = lead > 0xF4 ? 0 : lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC2 ? 1 : 0;
	uint32_t c = more ? lead & (0x3Fu >> more) : lead;
	for (; more > 0 && index != end && is_continuation(*byte_at(tty, index)); more--)
		c = c << 6 | (*byte_at(tty, index++) & 0x3F);
	*next = index;
	return c;
}

/* A tab is echoed as spaces, to the next eighth column of the line as it was typed: so it can be erased again without
 * knowing where on the screen the line begins. */
static uint32_t width_of(uint32_t c, uint32_t column)
{
	if (c == '\t')
		return TAB - column % TAB;
	if (is_control(c))
		return 2; /* ^X */
	return is_wide(c) ? 2 : 1;
}

/* The columns that [line, to) takes. */
static uint32_t columns_locked(struct hf_tty *tty, uint32_t to) HF_REQUIRES(tty->lock)
{
	uint32_t columns = 0;
	for (uint32_t at = tty->line; at != to;)
		columns += width_of(character_at(tty, at, to, &at), columns);
	return columns;
}

/* Shows what has been put at [from, tail): one character or a part of one. */
static void show_locked(struct hf_tty *tty, uint32_t from) HF_REQUIRES(tty->lock)
{
	uint8_t byte = *byte_at(tty, from);
	if (byte == '\t') {
		echo_times_locked(tty, " ", width_of('\t', columns_locked(tty, from)));
	} else if (is_control(byte)) {
		char text[2] = {'^', (char)(byte ^ 0x40)};
		echo_locked(tty, text, 2);
	} else {
		char text = (char)byte;
		echo_locked(tty, &text, 1);
	}
}

/* ---- editing ---- */

/* Takes the last character of the line away, on the screen too. */
static void erase_one_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	uint32_t start = tty->tail - 1, next;
	for (uint32_t at = start; at != tty->line && tty->tail - at < 4 && is_continuation(*byte_at(tty, at));)
		start = --at;
	/* A lone continuation byte is a character by itself. */
	uint32_t c = character_at(tty, start, tty->tail, &next);
	if (next != tty->tail)
		c = character_at(tty, start = tty->tail - 1, tty->tail, &next);
	tty->tail = start;
	uint32_t columns = width_of(c, c == '\t' ? columns_locked(tty, start) : 0);
	echo_times_locked(tty, "\b", columns);
	echo_times_locked(tty, " ", columns);
	echo_times_locked(tty, "\b", columns);
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

static bool echo_has_room_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	return HF_TTY_ECHO - tty->echo_size >= ECHO_MOST;
}

/* Goes on erasing as far as there is room for the echo. True: done. */
static bool erase_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	while ((int32_t)(tty->tail - tty->erase_to) > 0) {
		if (!echo_has_room_locked(tty))
			return false;
		erase_one_locked(tty);
	}
	tty->erase_to = tty->tail;
	return true;
}

static void show_again_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	/* As much of it as there is room for: it is for the eye only. */
	echo_locked(tty, "^R\n", 3);
	for (uint32_t at = tty->line; at != tty->tail && echo_has_room_locked(tty); at++)
		show_locked(tty, at);
}

static void forget_locked(struct hf_tty *tty) HF_REQUIRES(tty->lock)
{
	tty->head = tty->ready = tty->line = tty->tail;
	tty->erase_to = tty->tail;
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

static void put_locked(struct hf_tty *tty, uint8_t key) HF_REQUIRES(tty->lock)
{
	append_locked(tty, key, false);
	show_locked(tty, tty->tail - 1);
}

enum outcome { TAKEN, NO_ROOM, SIGNAL };

static enum outcome end_line_locked(struct hf_tty *tty, uint8_t byte) HF_REQUIRES(tty->lock)
{
	if (!has_room_locked(tty, true))
		return NO_ROOM;
	append_locked(tty, byte, true);
	if (byte == '\n')
		echo_locked(tty, "\n", 1);
	tty->line = tty->tail;
	return TAKEN;
}

/* A key that stands for itself. */
static enum outcome type_locked(struct hf_tty *tty, uint8_t key) HF_REQUIRES(tty->lock)
{
	if (has_room_locked(tty, false)) {
		put_locked(tty, key);
	} else if (tty->line != tty->head) {
		return NO_ROOM; /* there are lines to be read first */
	} else {
		char bell = BELL;
		echo_locked(tty, &bell, 1); /* this line is as long as can be */
	}
	tty->literal = false;
	return TAKEN;
}

static enum outcome cooked_key_locked(struct hf_tty *tty, uint8_t key) HF_REQUIRES(tty->lock)
{
	char caret[2] = {'^', (char)(key ^ 0x40)};
	if (tty->literal)
		return type_locked(tty, key);
	switch (key) {
	case CONTROL('C'):
	case CONTROL('\\'):
		forget_locked(tty);
		echo_locked(tty, caret, 2);
		return SIGNAL;
	case CONTROL('Z'):
		echo_locked(tty, caret, 2);
		return TAKEN;
	case CONTROL('V'):
		tty->literal = true;
		echo_locked(tty, "^\b", 2);
		return TAKEN;
	case CONTROL('R'):
		show_again_locked(tty);
		return TAKEN;
	case DELETE:
	case CONTROL('H'):
		tty->erase_to = tty->tail - (tty->tail != tty->line);
		return TAKEN;
	case CONTROL('W'):
		tty->erase_to = word_start_locked(tty);
		return TAKEN;
	case CONTROL('U'):
		tty->erase_to = tty->line;
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
	while (erase_locked(tty) && done < size && echo_has_room_locked(tty) && outcome == TAKEN) {
		outcome = tty->raw ? raw_key_locked(tty, keys[done]) : cooked_key_locked(tty, keys[done]);
		uint32_t ahead = outcome == NO_ROOM && !tty->raw ? find_signal(keys + done, size - done) : 0;
		if (ahead) {
			done += ahead - 1;
			tty->literal = false;
			outcome = cooked_key_locked(tty, keys[done]);
		}
		if (outcome != NO_ROOM)
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

uint32_t hf_tty_take_echo(struct hf_tty *tty, uint8_t *to, uint32_t room)
{
	hf_lock(&tty->lock);
	uint32_t size = tty->echo_size < room ? tty->echo_size : room;
	memcpy(to, tty->echo, size);
	tty->echo_size -= size;
	memmove(tty->echo, tty->echo + size, tty->echo_size);
	hf_unlock(&tty->lock);
	return size;
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
		tty->erase_to = tty->tail;
		publish_locked(tty);
	}
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
