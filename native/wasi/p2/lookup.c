/* lookup.c - wasi:sockets/ip-name-lookup: addresses as they are written, and localhost (RFC 6761, 6.3). No other name can be resolved. */
#include <string.h>

#include "fs/path.h"
#include "wasi/p2/net.h"
#include "wasi/p2/pollable.h"

/* The longest name, in bytes (RFC 1035, 3.1), and the longest label. */
#define NAME_MOST 253
#define LABEL_MOST 63

struct resolve_stream {
	struct hf_p2_object base;
	uint32_t count, next;
	struct hf_p2_ip found[2];
};

/* ---- parsing ---- */

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Reads a number in this base at *at, of at most `digits` digits and at most `most`. Moves *at past it; -1: there is none. */
static int number(const char **at, const char *end, int base, int digits, int most)
{
	int value = 0, count = 0;
	for (; *at < end && digit_of(**at) < base; ++*at, count++) {
		value = value * base + digit_of(**at);
		if (count == digits || value > most)
			return -1;
	}
	return count ? value : -1;
}

static bool parse_v4(const char *at, const char *end, uint8_t out[4])
{
	for (int i = 0; i < 4; i++) {
		int value = i == 0 || (at < end && *at++ == '.') ? number(&at, end, 10, 3, 255) : -1;
		if (value < 0)
			return false;
		out[i] = (uint8_t)value;
	}
	return at == end;
}

/* Reads groups, until the end or "::". Returns how many, or -1. An IPv4 address counts as the last two. */
static int parse_groups(const char **at, const char *end, uint16_t out[8], int room)
{
	int count = 0;
	uint8_t v4[4];
	while (count < room && *at < end) {
		if (room - count >= 2 && parse_v4(*at, end, v4)) {
			out[count++] = (uint16_t)(v4[0] << 8 | v4[1]);
			out[count++] = (uint16_t)(v4[2] << 8 | v4[3]);
			*at = end;
			break;
		}
		int value = number(at, end, 16, 4, 0xffff);
		if (value < 0)
			return -1;
		out[count++] = (uint16_t)value;
		if (*at == end || (end - *at > 1 && (*at)[0] == ':' && (*at)[1] == ':'))
			break;
		if (*(*at)++ != ':' || *at == end)
			return -1;
	}
	return count;
}

/* RFC 4291, 2.2. */
static bool parse_v6(const char *at, const char *end, uint16_t out[8])
{
	uint16_t tail[8];
	bool gap_first = end - at >= 2 && at[0] == ':' && at[1] == ':';
	int head = gap_first ? 0 : parse_groups(&at, end, out, 8);
	if (head < 0)
		return false;
	if (at == end)
		return head == 8;
	if (head > 7 || end - at < 2 || at[0] != ':' || at[1] != ':')
		return false;
	at += 2;
	int rest = parse_groups(&at, end, tail, 7 - head);
	if (rest < 0 || at != end)
		return false;
	memset(out + head, 0, (size_t)(8 - head) * sizeof *out);
	memcpy(out + 8 - rest, tail, (size_t)rest * sizeof *out);
	return true;
}

/* Whether the text can be a domain name. Bytes outside ASCII are accepted: a resolver would encode them. */
static bool is_name(const char *at, const char *end)
{
	int label = 0;
	for (; at < end; at++) {
		bool dot = *at == '.', hyphen = *at == '-' || *at == '_', ascii = (*at & 0x80) == 0;
		bool letter = digit_of(*at) < 10 || ((*at | 0x20) >= 'a' && (*at | 0x20) <= 'z');
		if (dot ? label == 0 : (ascii && !hyphen && !letter) || label == LABEL_MOST)
			return false;
		label = dot ? 0 : label + 1;
	}
	return true;
}

static bool is_localhost(const char *at, const char *end)
{
	static const char name[] = "localhost";
	const ptrdiff_t size = sizeof name - 1;
	if (end > at && end[-1] == '.')
		end--;
	if (end - at < size || (end - at > size && end[-size - 1] != '.'))
		return false;
	for (const char *tail = end - size; tail < end; tail++) {
		if ((*tail | 0x20) != name[tail - (end - size)])
			return false;
	}
	return true;
}

static enum hf_p2_net resolve(struct resolve_stream *stream, const char *name, uint32_t size)
{
	const char *end = name + size;
	if (size == 0 || size > NAME_MOST)
		return NET_INVALID_ARGUMENT;
	if (parse_v4(name, end, stream->found[0].v4)) {
		stream->count = 1;
	} else if (parse_v6(name, end, stream->found[0].v6)) {
		stream->found[0].family = IPV6;
		stream->count = 1;
	} else if (!is_name(name, end)) {
		return NET_INVALID_ARGUMENT;
	} else if (is_localhost(name, end)) {
		stream->found[0] = (struct hf_p2_ip){.family = IPV4, .v4 = {127, 0, 0, 1}};
		stream->found[1] = (struct hf_p2_ip){.family = IPV6, .v6 = {[7] = 1}};
		stream->count = 2;
	}
	return NET_OK;
}

/* ---- the functions ---- */

static void sys_resolve_addresses(hf_b b, uint32_t network, uint32_t at, uint32_t size, uint32_t out)
{
	struct {
		uint8_t failed;
		uint32_t handle;
	} ok = {0};
	char name[NAME_MOST + 1];
	uint32_t part = size < sizeof name ? size : (uint32_t)sizeof name;
	if (!hf__p2_borrow(b, HF_P2_NETWORK, network) || hf__p2_check(b, out, sizeof ok, 4) < 0 ||
	    hf__p2_check(b, at, size, 1) < 0 || hf__p2_get(b, name, at, part, 1) < 0)
		return;
	if (part == size && hf_path_check_text(name, size) == -HF_EILSEQ) {
		(void)hf__p2_trap(b->p2, "a string is not UTF-8");
		return;
	}
	struct resolve_stream *stream = hf__p2_object(b->p2, sizeof *stream, HF_P2_RESOLVE_ADDRESS_STREAM, NULL);
	enum hf_p2_net code = stream ? resolve(stream, name, size) : NET_OUT_OF_MEMORY;
	if (code == NET_OK)
		ok.handle = hf__p2_give(b, &stream->base);
	else if (stream)
		hf__p2_unref(&stream->base);
	hf__p2_put_net(b, out, code, &ok, sizeof ok, 4);
}

P2_VOID_DOOR(resolve_addresses, (uint32_t network, uint32_t name, uint32_t size, uint32_t out), network, name, size,
             out)

static void sys_resolve_next_address(hf_b b, uint32_t self, uint32_t out)
{
	struct resolve_stream *stream = hf__p2_borrow(b, HF_P2_RESOLVE_ADDRESS_STREAM, self);
	/* result<option<ip-address>, error-code>, of which everything is aligned to two bytes. */
	struct {
		uint16_t failed, some, family;
		union {
			uint8_t v4[4];
			uint16_t v6[8];
		};
	} ok = {0};
	_Static_assert(sizeof ok == 22, "as in the canonical ABI");
	if (!stream || hf__p2_check(b, out, sizeof ok, 2) < 0)
		return;
	if (stream->next < stream->count) {
		const struct hf_p2_ip *ip = &stream->found[stream->next++];
		ok.some = 1;
		ok.family = (uint16_t)ip->family;
		memcpy(ok.v6, ip->v6, sizeof ok.v6);
	}
	hf__p2_put_net(b, out, stream->count ? NET_OK : NET_NAME_UNRESOLVABLE, &ok, sizeof ok, 2);
}

P2_VOID_DOOR(resolve_next_address, (uint32_t self, uint32_t out), self, out)

static uint32_t sys_resolve_subscribe(hf_b b, uint32_t self)
{
	struct resolve_stream *stream = hf__p2_borrow(b, HF_P2_RESOLVE_ADDRESS_STREAM, self);
	struct hf_p2_pollable *pollable = stream ? hf__p2_pollable(b->p2, HF_P2_EVENT_NOW, &stream->base) : NULL;
	if (!stream)
		return 0;
	return hf__p2_give(b, pollable ? &pollable->base : NULL);
}

P2_DOOR(uint32_t, resolve_subscribe, (uint32_t self), self)
