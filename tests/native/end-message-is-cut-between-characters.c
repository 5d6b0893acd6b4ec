/* A message that is too long is cut between characters, never within one. */
#include "support/threads.h"

#include <string.h>

static void ignore(struct hf_work *work)
{
	(void)work;
}

/* `lead` bytes of ASCII, then one character again and again. */
static void check(uint32_t lead, const char *character)
{
	static char text[HF_EXIT_STACK_MAX + 100];
	uint32_t length = (uint32_t)strlen(character), size = lead;
	memset(text, 'x', lead);
	while (size + length <= sizeof text) {
		memcpy(text + size, character, length);
		size += length;
	}
	struct hf_process *process = process_begin(ignore);
	hf_process_end(process, HF_EXIT_TRAP, 134, text, size, text, size);
	uint32_t message = (HF_EXIT_MESSAGE_MAX - lead) / length * length + lead;
	uint32_t stack = (HF_EXIT_STACK_MAX - lead) / length * length + lead;
	CHECK_EQ(process->message_size, message);
	CHECK_EQ(process->stack_size, stack);
	CHECK_BYTES(process->message, text, message);
	CHECK_BYTES(process->stack, text, stack);
	(void)hf_work_drain();
	hf_process_unref(process);
}

static void check_exact(void)
{
	static char text[HF_EXIT_MESSAGE_MAX];
	memset(text, 'y', sizeof text);
	struct hf_process *process = process_begin(ignore);
	hf_process_end(process, HF_EXIT_TRAP, 134, text, sizeof text, NULL, 0);
	CHECK_EQ(process->message_size, sizeof text);
	CHECK_EQ(process->stack_size, 0);
	(void)hf_work_drain();
	hf_process_unref(process);
}

int main(void)
{
	for (uint32_t lead = 0; lead < 5; lead++) {
		check(lead, "a");
		check(lead, "\xc3\xa9");
		check(lead, "\xe2\x82\xac");
		check(lead, "\xf0\x9f\x90\xa7");
	}
	check_exact();
	return done();
}
