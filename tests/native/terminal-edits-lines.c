/* A cooked terminal: a line is read when it is finished, as the keys have edited it, and the echo on the screen shows what will be read. */
#include "support/check.h"

#include <string.h>

#include "kernel/tty.h"

static struct hf_tty *tty;
static struct hf_file *file;
static char screen[16384];
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

static void take_echo(void)
{
	screen_size += hf_tty_take_echo(tty, (uint8_t *)screen + screen_size, sizeof screen - 1 - screen_size);
	screen[screen_size] = 0;
	hf_tty_deliver(tty);
}

static enum hf_tty_signal keys_of(const char *keys, uint32_t size)
{
	enum hf_tty_signal signal = HF_TTY_NONE;
	for (uint32_t done = 0, taken;; done += taken) {
		taken = hf_tty_input(tty, (const uint8_t *)keys + done, size - done, &signal, NULL);
		take_echo();
		if (done + taken == size && hf_tty_input(tty, NULL, 0, &(enum hf_tty_signal){0}, NULL) == 0 &&
		    tty->erase_to == tty->tail)
			break;
	}
	take_echo();
	return signal;
}

static enum hf_tty_signal keys(const char *text)
{
	return keys_of(text, (uint32_t)strlen(text));
}

/* What one read of at most `size` bytes returns; -1: it would block. */
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

/* What answers a line must come below it on the screen. */
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
	/* After something typed it only hands that over. */
	keys("abc\x04");
	CHECK_READ("abc");
	CHECK_BLOCKS();
	/* Also when the buffer was just as large. */
	keys("abc\x04");
	CHECK_EQ(read_some(got, 3), 3);
	CHECK_BLOCKS();
	keys("a\nb\x04\x04");
	CHECK_READ("a\n");
	CHECK_READ("b");
	CHECK_READ("");
	CHECK_BLOCKS();
	/* Who asks for nothing has not seen it. */
	keys("\x04");
	CHECK_EQ(read_some(got, 0), 0);
	CHECK_READ("");
	CHECK_BLOCKS();
	end();
}

static void check_erase(void)
{
	begin();
	keys("abx\x7f"
	     "c\n");
	CHECK_READ("abc\n");
	CHECK(strcmp(screen, "abx\b \bc\n") == 0);
	keys("\x7f\b\x15\x17"); /* nothing to erase: nothing happens */
	CHECK(strcmp(screen, "abx\b \bc\n") == 0);
	/* Whole characters, with their columns; a broken one byte by byte. */
	screen_size = 0;
	keys("\xC3\xA9\x7f\xE4\xBD\xA0\x7f\xFF\x7f");
	CHECK(strcmp(screen, "\xC3\xA9\b \b\xE4\xBD\xA0\b\b  \b\b\xFF\b \b") == 0);
	CHECK_EQ(tty->tail, tty->line);
	keys("\xA0\xA0\x7f\n");
	CHECK_READ("\xA0\n");
	/* A control character is two columns. */
	screen_size = 0;
	keys("\x01\x7f\n");
	CHECK(strcmp(screen, "^A\b\b  \b\b\n") == 0);
	CHECK_READ("\n");
	/* A tab as many as it took. */
	screen_size = 0;
	keys("abc\t\x7f\t\n");
	CHECK(strcmp(screen, "abc     \b\b\b\b\b     \b\b\b\b\b     \n") == 0);
	CHECK_READ("abc\t\n");
	/* A word, a line. */
	keys("one two  \x17three\n");
	CHECK_READ("one three\n");
	keys("one two\x15three\n");
	CHECK_READ("three\n");
	end();
}

static void check_long_erase(void)
{
	char line[3000];
	begin();
	memset(line, 'x', sizeof line);
	keys_of(line, 1000);
	screen_size = 0;
	/* The echo does not fit into the terminal at once. */
	keys("\x15");
	CHECK_EQ(screen_size, 3000);
	CHECK_EQ(tty->tail, tty->line);
	keys("y\n");
	CHECK_READ("y\n");
	end();
}

static void check_literal_and_again(void)
{
	begin();
	keys("a\x16\x03"
	     "b\x16\x04\n");
	CHECK_READ("a\x03"
	           "b\x04\n");
	CHECK(strcmp(screen, "a^\b^Cb^\b^D\n") == 0);
	screen_size = 0;
	keys("ab\x12");
	CHECK(strcmp(screen, "ab^R\nab") == 0);
	end();
}

static void check_signals(void)
{
	begin();
	CHECK_EQ(keys("ready\npart\x03"), HF_TTY_INTERRUPT);
	/* What was typed before is forgotten, lines too. */
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
	/* A line that is too long loses what goes beyond, and can still be finished. */
	keys_of(line, sizeof line);
	keys("\n");
	char got[HF_TTY_ROOM + 100];
	CHECK_EQ(read_some(got, sizeof got), HF_TTY_ROOM);
	CHECK_EQ(got[HF_TTY_ROOM - 1], '\n');
	CHECK(strchr(screen, 7));
	/* Lines that nobody has read keep what comes after them at the keyboard. */
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
	/* An end of file that nobody has read is a byte, as on Linux: what is said to be readable can be read. */
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
	check_long_erase();
	check_literal_and_again();
	check_signals();
	check_full();
	check_raw();
	check_hang_up();
	check_wraps();
	return done();
}
