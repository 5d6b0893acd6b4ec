/* tty_text.c - characters of a terminal's line, and their widths. */
#include "kernel/tty_parts.h"

bool hf__tty_is_control(uint32_t c)
{
	return c < ' ' || c == HF__TTY_DELETE;
}

static bool is_continuation(uint8_t byte)
{
	return (byte & 0xC0) == 0x80;
}

/* Returns how many bytes follow a lead byte; 0: `lead` is not a lead byte. */
static uint32_t more_after(uint8_t lead)
{
	return lead < 0xC2 || lead > 0xF4 ? 0 : lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
}

/* Whether `byte` may follow `lead`. Excludes overlong forms, surrogates, and code points beyond U+10FFFF. */
static bool may_follow(uint8_t lead, uint8_t byte)
{
	uint8_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
	uint8_t most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
	return byte >= least && byte <= most;
}

struct hf__tty_character hf__tty_character_at(struct hf_tty *tty, uint32_t at, uint32_t end)
{
	uint8_t lead = *hf__tty_byte(tty, at++);
	uint32_t more = more_after(lead), c = more ? lead & (0x3Fu >> more) : lead < 0x80 ? lead : HF__TTY_BROKEN;
	for (bool first = true; more > 0 && at != end; more--, first = false) {
		uint8_t byte = *hf__tty_byte(tty, at);
		if (first ? !may_follow(lead, byte) : !is_continuation(byte))
			break;
		c = c << 6 | (byte & 0x3F);
		at++;
	}
	return (struct hf__tty_character){more > 0 ? HF__TTY_BROKEN : c, at, more > 0 && at == end};
}

uint32_t hf__tty_last_character(struct hf_tty *tty, uint32_t start, uint32_t end)
{
	uint32_t at = end - 1;
	while (at != start && end - at < 4 && is_continuation(*hf__tty_byte(tty, at)))
		at--;
	return hf__tty_character_at(tty, at, end).next == end ? at : end - 1;
}

uint32_t hf__tty_width(uint32_t c)
{
	static const uint16_t narrow[][2] = {
		{0x20, 0x7E}, {0xA1, 0xAC}, {0xAE, 0x2FF}, {0x370, 0x482}, {0x48A, 0x52F},
	};
	if (c == '\t')
		return 0;
	if (hf__tty_is_control(c))
		return 2; /* ^X */
	for (unsigned i = 0; i < sizeof narrow / sizeof *narrow; i++) {
		if (c >= narrow[i][0] && c <= narrow[i][1])
			return 1;
	}
	return 0;
}
