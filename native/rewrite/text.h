/* text.h - builds short texts in a buffer of known size, always NUL-terminated (printf would be most of the wasm module). */
#ifndef HF_REWRITE_TEXT_H
#define HF_REWRITE_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct hf__text {
	char *at, *end; /* `end` is the buffer's last byte */
};

static inline struct hf__text hf__text_begin(char *buffer, size_t size)
{
	buffer[0] = 0;
	return (struct hf__text){buffer, buffer + size - 1};
}

static inline void hf__text_add(struct hf__text *text, const char *more)
{
	while (*more && text->at < text->end)
		*text->at++ = *more++;
	*text->at = 0;
}

static inline void hf__text_add_number(struct hf__text *text, uint64_t number, unsigned base)
{
	char digits[24];
	size_t at = sizeof digits - 1;
	digits[at] = 0;
	do {
		digits[--at] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	hf__text_add(text, digits + at);
}

#endif
