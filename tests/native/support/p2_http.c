#include "support/p2_http.h"

#include <stdio.h>

/* ---- the page ---- */

struct hf_listener *page_listens(void)
{
	struct hf_listener *page;
	CHECK_EQ(hf_listener_open(HF_PORT_HTTP | 1, &page), 0);
	return page;
}

/* Reads exactly this many bytes. */
static void read_all(struct hf_socket *socket, void *to, uint32_t size)
{
	for (uint32_t done = 0; done < size;) {
		int part = s_read(socket, (char *)to + done, size - done);
		CHECK(part > 0);
		done += (uint32_t)part;
	}
}

void page_reads(struct hf_socket *socket, struct hf_http_message *message, char fields[1000])
{
	uint8_t bytes[1000];
	uint32_t sizes[2], length = 0;
	read_all(socket, message, sizeof *message);
	CHECK(message->size <= sizeof bytes);
	read_all(socket, bytes, message->size);
	fields[0] = 0;
	for (uint32_t at = 0; at < message->size; at += sizes[0] + sizes[1]) {
		memcpy(sizes, bytes + at, sizeof sizes);
		at += sizeof sizes;
		length += (uint32_t)snprintf(fields + length, 1000 - length, "%.*s: %.*s\n", (int)sizes[0], bytes + at,
		                             (int)sizes[1], bytes + at + sizes[0]);
	}
}

struct hf_socket *page_accepts(struct hf_listener *page, struct hf_http_message *message, char fields[1000])
{
	struct hf_socket *socket = accept_from(page);
	page_reads(socket, message, fields);
	return socket;
}

void page_sends(struct hf_socket *socket, struct hf_http_message message, const char *fields)
{
	uint8_t bytes[2000];
	uint32_t size = 0;
	for (const char *end; *fields; fields = end + 1) {
		const char *middle = strstr(fields, ": ");
		end = strchr(fields, '\n');
		CHECK(middle && end);
		const uint32_t sizes[2] = {(uint32_t)(middle - fields), (uint32_t)(end - middle - 2)};
		memcpy(bytes + size, sizes, sizeof sizes);
		size += sizeof sizes;
		memcpy(bytes + size, fields, sizes[0]);
		size += sizes[0];
		memcpy(bytes + size, middle + 2, sizes[1]);
		size += sizes[1];
	}
	message.size = size;
	CHECK_EQ(s_write(socket, &message, sizeof message), (int)sizeof message);
	if (size > 0)
		CHECK_EQ(s_write(socket, bytes, size), (int)size);
}

/* ---- the component ---- */

uint32_t http_handle(struct p2_program *component, uint32_t offset)
{
	CHECK_EQ(peek_u8(component->program, P2_OUT), 0);
	return peek_u32(component->program, P2_OUT + offset);
}

uint32_t http_fields(struct p2_program *component, const char *name, const char *value)
{
	uint32_t fields = hf_p2_fields_new(component->b), size = poke_text(component->program, TEXT_AT, name);
	hf_p2_fields_append(component->b, fields, TEXT_AT, size, 2048, poke_text(component->program, 2048, value), P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 0);
	return fields;
}

uint32_t http_request(struct p2_program *component, uint32_t fields)
{
	hf_b b = component->b;
	uint32_t request = hf_p2_outgoing_request_new(b, fields);
	CHECK_EQ(hf_p2_outgoing_request_set_scheme(b, request, 1, 0, 0, 0), 0);
	CHECK_EQ(hf_p2_outgoing_request_set_authority(b, request, 1, TEXT("host")), 0);
	CHECK_EQ(hf_p2_outgoing_request_set_path_with_query(b, request, 1, TEXT("/path")), 0);
	return request;
}

uint32_t http_sends(struct p2_program *component, uint32_t request)
{
	hf_p2_outgoing_handle(component->b, request, 0, 0, P2_OUT);
	return http_handle(component, 8);
}

void http_writes(struct p2_program *component, uint32_t stream, const char *text)
{
	hf_p2_output_stream_blocking_write_and_flush(component->b, stream, TEXT(text), P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 0);
}

void http_is(struct p2_program *component, uint32_t at, const char *text)
{
	uint32_t where = peek_u32(component->program, at), size = peek_u32(component->program, at + 4);
	CHECK_EQ(size, strlen(text));
	CHECK_BYTES(component->program->guest->memory + where, text, size);
}

void http_fields_are(struct p2_program *component, uint32_t fields, const char *text)
{
	char found[1000] = "";
	component->next = P2_HEAP;
	hf_p2_fields_entries(component->b, fields, P2_OUT);
	uint32_t at = peek_u32(component->program, P2_OUT), count = peek_u32(component->program, P2_OUT + 4);
	for (uint32_t i = 0, length = 0; i < count; i++, at += 16) {
		const char *memory = (const char *)component->program->guest->memory;
		uint32_t name = peek_u32(component->program, at), value = peek_u32(component->program, at + 8);
		length += (uint32_t)snprintf(found + length, sizeof found - length, "%.*s: %.*s\n",
		                             (int)peek_u32(component->program, at + 4), memory + name,
		                             (int)peek_u32(component->program, at + 12), memory + value);
	}
	CHECK_EQ(strlen(found), strlen(text));
	CHECK_BYTES(found, text, strlen(text));
	hf_p2_drop(component->b, HF_P2_FIELDS, fields);
}
