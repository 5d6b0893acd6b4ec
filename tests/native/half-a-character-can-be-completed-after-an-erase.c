/* A byte that may begin a character is shown as invalid once the next key does not continue it. When that key is erased, the byte may begin a
 * character again: it disappears from the screen until the character is complete. */
#include "support/check.h"

#include <string.h>

#include "kernel/tty.h"

static struct hf_tty *tty;
static uint8_t echo[HF_TTY_ECHO];
static uint32_t size;

static void type(const char *keys)
{
	enum hf_tty_signal signal;
	uint32_t count = (uint32_t)strlen(keys);
	CHECK_EQ(hf_tty_input(tty, (const uint8_t *)keys, count, &signal, NULL), count);
	size = hf_tty_echo(tty, echo);
	hf_tty_echoed(tty);
	hf_tty_deliver(tty);
}

static bool ends_with(const char *text)
{
	return size >= strlen(text) && memcmp(echo + size - strlen(text), text, strlen(text)) == 0;
}

static void take_back(bool separated)
{
	CHECK_OK(hf_tty_create(&tty));
	hf_tty_set_before(tty, (const uint8_t *)"", 0);
	type("a\xD6\xD6");
	CHECK(ends_with("a\xEF\xBF\xBD")); /* the second byte may still begin a character */
	if (separated)
		hf_tty_set_before(tty, (const uint8_t *)"> ", 2);
	type("\x7F");
	CHECK(ends_with(separated ? "\na" : "\033[Ja"));
	type("\x80");
	CHECK_BYTES(echo, "\xD6\x80", size);
	CHECK_EQ(size, 2);
	hf_tty_unref(tty);
}

int main(void)
{
	take_back(false);
	take_back(true);
	return done();
}
