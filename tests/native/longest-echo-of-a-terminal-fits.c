/* Whatever is erased and typed between two echoes, the output fits into hf_tty_echo's buffer. The worst case: a line of maximum length with the
 * widest characters, after a full row, is erased and replaced by one with the longest encodings. */
#include "support/check.h"

#include <string.h>

#include "kernel/tty.h"

#define LINE (HF_TTY_ROOM - 1)
#define ERASE_LINE ('U' & 0x1f)
#define LITERAL ('V' & 0x1f)

static struct hf_tty *tty;
static uint8_t echo[HF_TTY_ECHO];

static uint32_t take_echo(void)
{
	uint32_t size = hf_tty_echo(tty, echo);
	hf_tty_echoed(tty);
	hf_tty_deliver(tty);
	return size;
}

/* Types all of them with as few echoes as the terminal allows; returns the longest echo. */
static uint32_t type(const uint8_t *keys, uint32_t size)
{
	enum hf_tty_signal signal;
	uint32_t longest = 0, shown;
	for (uint32_t done = 0;;) {
		done += hf_tty_input(tty, keys + done, size - done, &signal, NULL);
		shown = take_echo();
		longest = shown > longest ? shown : longest;
		if (done == size)
			return longest;
	}
}

static uint32_t fill(uint8_t *line, uint8_t key, bool literal)
{
	uint32_t size = 0;
	for (uint32_t i = 0; i < LINE; i++) {
		if (literal)
			line[size++] = LITERAL;
		line[size++] = key;
	}
	return size;
}

/* A line of the first kind is on the screen after `before`; one step replaces it by one of the other kind. */
static uint32_t replace(uint8_t first, bool literal, uint8_t second, uint8_t before)
{
	static uint8_t keys[2 * LINE + 1];
	uint8_t row[HF_TTY_BEFORE];
	memset(row, before, sizeof row);
	CHECK_OK(hf_tty_create(&tty));
	hf_tty_set_before(tty, row, sizeof row);
	(void)type(keys, fill(keys, first, literal));
	keys[0] = ERASE_LINE;
	uint32_t size = type(keys, 1 + fill(keys + 1, second, false));
	hf_tty_unref(tty);
	return size;
}

int main(void)
{
	/* Tabs, controls, letters, and invalid bytes, each of which is shown as a character of three bytes. */
	static const uint8_t shown[] = {'\t', 1, 'a', 0xFF};
	uint32_t longest = 0;
	for (unsigned i = 0; i < sizeof shown; i++) {
		for (unsigned j = 0; j < sizeof shown; j++) {
			if (shown[j] == 1)
				continue; /* each needs a ^V before it, which has its own echo */
			uint32_t size = replace(shown[i], shown[i] == 1, shown[j], '\t');
			longest = size > longest ? size : longest;
		}
	}
	/* Eight columns per tab are blanked, and three bytes per character are written. */
	CHECK(longest > LINE * (8 + 3));
	return done();
}
