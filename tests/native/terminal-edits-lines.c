/* In cooked mode, a line can be read once it is finished, with all edits applied, and the echo on the screen shows what will be read. */
#include "support/check.h"

#include <stdio.h>
#include <string.h>

#include "kernel/tty.h"

static struct hf_tty *tty;
static struct hf_file *file;
static char screen[2 * HF_TTY_ECHO];
static uint32_t screen_size;

static void begin(void)
{
	CHECK_OK(hf_tty_create(&tty));
	CHECK_OK(hf_file_open_tty(tty, &file));
	screen_size = 0;
	memset(screen, 0, sizeof screen);
	atomic_init(&file->flags, HF_FDFLAG_NONBLOCK);
}

static void end(void)
{
	hf_file_unref(file);
	hf_tty_unref(tty);
}

static uint32_t take_echo(void)
{
	static uint8_t echo[HF_TTY_ECHO];
	uint32_t size = hf_tty_echo(tty, echo);
	CHECK(size < sizeof screen - screen_size);
	memcpy(screen + screen_size, echo, size);
	screen_size += size;
	screen[screen_size] = 0;
	hf_tty_echoed(tty);
	hf_tty_deliver(tty);
	return size;
}

static enum hf_tty_signal keys_of(const char *keys, uint32_t size)
{
	enum hf_tty_signal signal = HF_TTY_NONE, one;
	uint32_t done = 0, taken, shown;
	do {
		taken = hf_tty_input(tty, (const uint8_t *)keys + done, size - done, &one, NULL);
		done += taken;
		signal = one ? one : signal;
		shown = take_echo();
	} while (shown > 0 || (taken > 0 && done < size));
	return signal;
}

static enum hf_tty_signal keys(const char *text)
{
	return keys_of(text, (uint32_t)strlen(text));
}

/* Returns the result of one read of at most `size` bytes, or -1 if it would block. */
static int read_some(char *to, uint32_t size)
{
	struct hf_iov iov;
	struct hf_uio uio;
	struct hf_thread thread = {0};
	hf_uio_kernel(&uio, &iov, to, size);
	if (file->ops->read(file, &thread, &uio) < 0)
		return -1;
	return (int)(size - uio.resid);
}

#define CHECK_READ(text)                               \
	do {                                               \
		char read_[5000];                              \
		int size_ = read_some(read_, sizeof read_);    \
		CHECK_EQ(size_, (int)strlen(text));            \
		CHECK(memcmp(read_, text, strlen(text)) == 0); \
	} while (0)
#define CHECK_BLOCKS()                     \
	do {                                   \
		char read_[1];                     \
		CHECK_EQ(read_some(read_, 1), -1); \
	} while (0)

static void check_lines(void)
{
	begin();
	keys("on");
	CHECK_BLOCKS();
	keys("e\rtwo\n");
	/* One line a read, however large the buffer. */
	CHECK_READ("one\n");
	CHECK_READ("two\n");
	CHECK_BLOCKS();
	CHECK(strcmp(screen, "one\ntwo\n") == 0);
	/* A line in parts, when the buffer is small. */
	char got[3];
	keys("abcd\n");
	CHECK_EQ(read_some(got, 3), 3);
	CHECK_EQ(read_some(got, 3), 2);
	CHECK_BLOCKS();
	end();
}

/* Output that answers a line must appear below it on the screen. */
static void check_echo_comes_first(void)
{
	enum hf_tty_signal signal;
	begin();
	CHECK_EQ(hf_tty_input(tty, (const uint8_t *)"a\n", 2, &signal, NULL), 2);
	CHECK_BLOCKS();
	take_echo();
	CHECK_READ("a\n");
	end();
}

static void check_end_of_file(void)
{
	char got[3];
	begin();
	keys("\x04");
	CHECK_READ("");
	CHECK_BLOCKS();
	/* After other input, ^D only hands over that input. */
	keys("abc\x04");
	CHECK_READ("abc");
	CHECK_BLOCKS();
	/* Also when the buffer has exactly that size. */
	keys("abc\x04");
	CHECK_EQ(read_some(got, 3), 3);
	CHECK_BLOCKS();
	keys("a\nb\x04\x04");
	CHECK_READ("a\n");
	CHECK_READ("b");
	CHECK_READ("");
	CHECK_BLOCKS();
	/* A read of 0 bytes does not consume it. */
	keys("\x04");
	CHECK_EQ(read_some(got, 0), 0);
	CHECK_READ("");
	CHECK_BLOCKS();
	end();
}

/* The echo's first and last bytes that move the cursor back. */
#define BACK "\x1b[?45h"
#define STAY "\x1b[?45l"

static void clear(void)
{
	screen_size = 0;
	screen[0] = 0;
}

static void set_before(const char *text)
{
	hf_tty_set_before(tty, (const uint8_t *)text, text ? (uint32_t)strlen(text) : HF_TTY_UNKNOWN);
}

static void check_shows(const char *text)
{
	if (strcmp(screen, text) != 0)
		fprintf(stderr, "shows \"%s\", not \"%s\"\n", screen, text);
	CHECK(strcmp(screen, text) == 0);
	clear();
}

static void check_erase(void)
{
	begin();
	set_before("");
	/* Keys that arrive together are shown as their final state. */
	keys("abx\x7f"
	     "c\n");
	CHECK_READ("abc\n");
	check_shows("abc\n");
	keys("abx");
	keys("\x7f");
	check_shows("abx" BACK "\b \b" STAY);
	keys("\x15\x7f\b\x15\x17"); /* nothing to erase: nothing happens */
	check_shows(BACK "\b \b\b \b" STAY);
	/* A control character is two columns. */
	keys("\x01");
	keys("\x7f");
	check_shows("^A" BACK "\b \b\b \b" STAY);
	/* Non-ASCII letters whose width is certain. */
	keys("\xC3\xA9");
	keys("\x7f");
	check_shows("\xC3\xA9" BACK "\b \b" STAY);
	/* A word, a line. */
	keys("one two  \x17three\n");
	CHECK_READ("one three\n");
	keys("one two\x15three\n");
	CHECK_READ("three\n");
	end();
}

/* Where a width is uncertain, the row is rewritten, including the text before the line. */
static void check_erase_of_uncertain_width(void)
{
	begin();
	set_before("P>");
	keys("\xE4\xBD\xA0");
	keys("\x7f");
	check_shows("\xE4\xBD\xA0" BACK "\b\b\b\b\b\b" STAY "\x1b[JP>");
	/* One code point per key. */
	keys("ae\xCC\x81");
	keys("\x7f");
	check_shows("ae\xCC\x81" BACK "\b\b\b\b\b\b\b" STAY "\x1b[JP>ae");
	keys("\x7f");
	check_shows(BACK "\b \b" STAY);
	/* Backspaces separate the letter from its combining character. */
	keys("\xCC\x81");
	check_shows(BACK "\b\b\b\b" STAY "\x1b[JP>a\xCC\x81");
	keys("\n");
	CHECK_READ("a\xCC\x81\n");
	/* A tab. */
	clear();
	keys("a\t");
	keys("\x7f");
	check_shows("a\t" BACK "\b\b\b\b\b\b\b\b\b\b" STAY "\x1b[Ja");
	end();
}

static void check_other_output(void)
{
	begin();
	/* The text before the line is unknown: the line is shown again on a new row. */
	set_before(NULL);
	keys("a\xE4\xBD\xA0");
	keys("\x7f");
	check_shows("a\xE4\xBD\xA0\na");
	keys("\x7f");
	check_shows(BACK "\b \b" STAY);
	/* Output in between: keys after it can be erased in place, keys before it cannot. */
	keys("abc");
	clear();
	set_before("xabcOUT");
	keys("d");
	keys("\x7f");
	check_shows("d" BACK "\b \b" STAY);
	keys("\x7f");
	check_shows("\nab");
	/* At the margin it needs no new row. */
	set_before("");
	keys("c");
	keys("\x17");
	check_shows("c" BACK "\b\b" STAY "\x1b[J");
	/* Output arrives between an erasure and its echo. */
	keys("ab");
	clear();
	CHECK_EQ(hf_tty_input(tty, (const uint8_t *)"\x7f", 1, &(enum hf_tty_signal){0}, NULL), 1);
	static uint8_t lost[HF_TTY_ECHO];
	CHECK(hf_tty_echo(tty, lost) > 0);
	set_before("abOUT");
	take_echo();
	check_shows("\na");
	keys("\n");
	CHECK_READ("a\n");
	end();
}

/* Bytes that are not UTF-8 are read as typed, but shown and erased as decoders show them. */
static void check_broken_characters(void)
{
	static const char *const broken[] = {
		"\xC0",     "\xC1",         "\xF5", "\xFF", "\x80", "\xBF", /* never a first byte */
		"\xE4\xBD", "\xF0\x9F\x98", "\xC3",                         /* cut off */
		"\xED",     "\xF4",         "\xE0", "\xF0",
	};
	begin();
	set_before("");
	for (unsigned i = 0; i < sizeof broken / sizeof *broken; i++) {
		keys(broken[i]);
		keys("a");
		CHECK(strcmp(screen, "\xEF\xBF\xBD"
		                     "a") == 0);
		keys("\x7f\x7f");
		clear();
		CHECK_EQ(tty->tail, tty->line);
	}
	/* Surrogates, overlong encodings and code points beyond the last: one character per byte. */
	keys("\xED\xA0\x80.");
	check_shows("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD.");
	keys("\x15\xC0\xAF\xF4\x90.");
	CHECK(strstr(screen, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD."));
	keys("\x15");
	clear();
	/* A character that arrives in parts is shown once it is complete. */
	keys("\xF0\x9F");
	keys("\x98");
	check_shows("");
	keys("\x80");
	check_shows("\xF0\x9F\x98\x80");
	keys("\xE4\n");
	check_shows("\xEF\xBF\xBD\n");
	CHECK_READ("\xF0\x9F\x98\x80\xE4\n");
	/* A screen would interpret C1 controls as commands. */
	keys("\xC2\x9B");
	check_shows("\xEF\xBF\xBD");
	end();
}

static void check_long_erase(void)
{
	char line[3000];
	begin();
	memset(line, 'x', sizeof line);
	keys_of(line, 1000);
	clear();
	keys("\x15");
	CHECK_EQ(screen_size, 3000 + sizeof(BACK STAY) - 1);
	CHECK_EQ(tty->tail, tty->line);
	keys("y\n");
	CHECK_READ("y\n");
	/* The most that is ever shown at once. */
	set_before("");
	memset(line, '\t', sizeof line);
	for (int i = 0; i < 5; i++)
		keys_of(line, 1000);
	clear();
	keys("\x7f");
	CHECK(screen_size < HF_TTY_ECHO);
	CHECK(screen_size > 4094 * 9);
	end();
}

static void check_literal_and_again(void)
{
	begin();
	set_before("");
	keys("a\x16\x03"
	     "b\x16\x04\n");
	CHECK_READ("a\x03"
	           "b\x04\n");
	check_shows("a" BACK "^\b" STAY "^Cb" BACK "^\b" STAY "^D\n");
	keys("ab\x12");
	check_shows("ab^R\nab");
	end();
}

/* For passwords: only the line's end is shown. */
static void check_without_echo(void)
{
	begin();
	set_before("Password: ");
	hf_tty_set_echo(tty, false);
	keys("\xE4\xBD\xA0x\x7f\x16\x03\x12y\n");
	CHECK_READ("\xE4\xBD\xA0\x03y\n");
	check_shows("\n");
	CHECK_EQ(keys("secret\x03"), HF_TTY_INTERRUPT);
	/* Hidden input stays hidden when echo is switched on, until its line ends. */
	keys("sec");
	hf_tty_set_echo(tty, true);
	keys("ret\x7f\x12\n");
	CHECK_READ("secre\n");
	check_shows("\n");
	keys("seen");
	check_shows("seen");
	hf_tty_set_echo(tty, false);
	hf_tty_set_echo(tty, true);
	keys("\x7f");
	check_shows(BACK "\b \b" STAY);
	end();
}

static void check_signals(void)
{
	begin();
	CHECK_EQ(keys("ready\npart\x03"), HF_TTY_INTERRUPT);
	/* Earlier input is discarded, including finished lines. */
	CHECK_BLOCKS();
	CHECK_EQ(keys("\x1c"), HF_TTY_QUIT);
	CHECK_EQ(keys("\x1a"), HF_TTY_NONE);
	CHECK(strcmp(screen, "ready\npart^C^\\^Z") == 0);
	keys("a\n");
	CHECK_READ("a\n");
	end();
}

static void check_full(void)
{
	char line[HF_TTY_ROOM + 100];
	enum hf_tty_signal signal;
	begin();
	memset(line, 'x', sizeof line);
	/* A line that is too long loses the excess, and can still be finished. */
	keys_of(line, sizeof line);
	keys("\n");
	char got[HF_TTY_ROOM + 100];
	CHECK_EQ(read_some(got, sizeof got), HF_TTY_ROOM);
	CHECK_EQ(got[HF_TTY_ROOM - 1], '\n');
	CHECK(strchr(screen, 7));
	/* Unread lines make the keyboard wait. */
	keys_of(line, 100);
	keys("\n");
	uint32_t taken = 0, more;
	do {
		more = hf_tty_input(tty, (uint8_t *)line, sizeof line - taken, &signal, NULL);
		taken += more;
		screen_size = 0;
		take_echo();
	} while (more > 0);
	CHECK_EQ(taken, HF_TTY_ROOM - 102);
	/* But not an interrupt. */
	CHECK_EQ(hf_tty_find_signal(tty, (uint8_t *)line, sizeof line), 0);
	memcpy(line + 50, "\x03", 1);
	CHECK_EQ(hf_tty_find_signal(tty, (uint8_t *)line, sizeof line), 51);
	CHECK_EQ(hf_tty_input(tty, (uint8_t *)line, sizeof line, &signal, NULL), 51);
	CHECK_EQ(signal, HF_TTY_INTERRUPT);
	CHECK_BLOCKS();
	end();
}

static void check_raw(void)
{
	begin();
	keys("typed");
	hf_tty_set_raw(tty, true);
	CHECK_READ("typed");
	screen_size = 0;
	CHECK_EQ(keys_of("a\x03\x04\r\x7f\0b", 7), HF_TTY_NONE);
	char got[10];
	CHECK_EQ(read_some(got, 10), 7);
	CHECK(memcmp(got, "a\x03\x04\r\x7f\0b", 7) == 0);
	CHECK_EQ(screen_size, 0);
	CHECK_EQ(hf_tty_find_signal(tty, (const uint8_t *)"a\x03", 2), 0);
	hf_tty_set_raw(tty, false);
	keys("c\n");
	CHECK_READ("c\n");
	/* An unread end of file counts as a byte, as on Linux: whatever is reported as readable can be read. */
	keys("d\n\x04");
	hf_tty_set_raw(tty, true);
	uint64_t there;
	CHECK_EQ(file->ops->poll(file, HF_READY_IN, NULL, &there), HF_READY_IN);
	CHECK_EQ(there, 3);
	CHECK_EQ(read_some(got, 10), 3);
	CHECK(memcmp(got, "d\n\0", 3) == 0);
	CHECK_BLOCKS();
	end();
}

static void check_hang_up(void)
{
	begin();
	keys("one\npart");
	hf_tty_hang_up(tty);
	CHECK_READ("one\n");
	CHECK_READ("part");
	CHECK_READ("");
	CHECK_READ("");
	end();
}

static void check_wraps(void)
{
	begin();
	for (int i = 0; i < 3000; i++) {
		keys("abcd\x7f"
		     "e\n");
		CHECK_READ("abce\n");
		screen_size = 0;
	}
	end();
}

int main(void)
{
	check_lines();
	check_echo_comes_first();
	check_end_of_file();
	check_erase();
	check_erase_of_uncertain_width();
	check_other_output();
	check_broken_characters();
	check_long_erase();
	check_literal_and_again();
	check_without_echo();
	check_signals();
	check_full();
	check_raw();
	check_hang_up();
	check_wraps();
	return done();
}
