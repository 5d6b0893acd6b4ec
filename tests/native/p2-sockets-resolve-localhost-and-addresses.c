/* resolve-addresses: addresses as they are written, localhost, names that do not exist, and texts that are not names. */
#include "support/p2_net.h"

static uint32_t network;

static enum hf_p2_net try_resolve(struct p2_program *component, const char *name)
{
	hf_p2_resolve_addresses(component->b, network, 1024, poke_text(component->program, 1024, name), P2_OUT);
	return net_result(component, 4);
}

static uint32_t resolve(struct p2_program *component, const char *name)
{
	CHECK_EQ(try_resolve(component, name), NET_OK);
	return peek_u32(component->program, P2_OUT + 4);
}

static void is_next(struct p2_program *component, uint32_t stream, uint32_t family, const void *address)
{
	NET_IS(2, hf_p2_resolve_next_address(component->b, stream, P2_OUT), NET_OK);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 2), 1);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 4), family);
	CHECK_BYTES(component->program->guest->memory + P2_OUT + 6, address, family == IPV4 ? 4 : 16);
}

static void is_over(struct p2_program *component, uint32_t stream)
{
	NET_IS(2, hf_p2_resolve_next_address(component->b, stream, P2_OUT), NET_OK);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 2), 0);
	hf_p2_drop(component->b, HF_P2_RESOLVE_ADDRESS_STREAM, stream);
}

static void is(struct p2_program *component, const char *name, uint32_t family, const void *address)
{
	uint32_t stream = resolve(component, name);
	is_next(component, stream, family, address);
	is_over(component, stream);
}

#define IS4(name, ...) is(component, name, IPV4, (const uint8_t[4]){__VA_ARGS__})
#define IS6(name, ...) is(component, name, IPV6, (const uint16_t[8]){__VA_ARGS__})

static void guest(struct p2_program *component)
{
	static const uint16_t six[8] = {[7] = 1};
	static const char *const hosts[] = {"localhost", "LocalHost.", "www.localhost"};
	static const char *const unknown[] = {"example.com", "notlocalhost", "a-b_c.d",
	                                      "1.2.3",       "1.2.3.256",    "m\xc3\xbcnchen.de"};
	static const char *const wrong[] = {"",    ".",       "a..b",   "a b", "a/b", "::1%eth0", "1:2:3:4:5:6:7:8:9",
	                                    ":::", "1::2::3", "12345::"};
	network = net_network(component);
	IS4("127.0.0.1", 127, 0, 0, 1);
	IS4("255.0.10.1", 255, 0, 10, 1);
	IS6("::", 0);
	IS6("::1", [7] = 1);
	IS6("1:2:3:4:5:6:7:8", 1, 2, 3, 4, 5, 6, 7, 8);
	IS6("2001:DB8::ff", 0x2001, 0xdb8, [7] = 0xff);
	IS6("fe80::", 0xfe80);
	IS6("::1:2", [6] = 1, 2);
	IS6("::10.1.2.3", [6] = 0xa01, 0x203);
	IS6("1:2:3:4:5:6:1.2.3.4", 1, 2, 3, 4, 5, 6, 0x102, 0x304);
	for (unsigned i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		uint32_t stream = resolve(component, hosts[i]);
		uint32_t pollable = hf_p2_resolve_subscribe(component->b, stream);
		CHECK_EQ(hf_p2_pollable_ready(component->b, pollable), 1);
		hf_p2_drop(component->b, HF_P2_POLLABLE, pollable);
		is_next(component, stream, IPV4, "\x7f\0\0\1");
		is_next(component, stream, IPV6, six);
		is_over(component, stream);
	}
	for (unsigned i = 0; i < sizeof unknown / sizeof *unknown; i++) {
		uint32_t stream = resolve(component, unknown[i]);
		NET_IS(2, hf_p2_resolve_next_address(component->b, stream, P2_OUT), NET_NAME_UNRESOLVABLE);
	}
	for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++)
		CHECK_EQ(try_resolve(component, wrong[i]), NET_INVALID_ARGUMENT);
	/* The longest name, and one that is longer. */
	char name[255] = {0};
	for (unsigned i = 0; i < 254; i++)
		name[i] = i % 2 ? '.' : 'a';
	CHECK_EQ(try_resolve(component, name), NET_INVALID_ARGUMENT);
	name[253] = 0;
	CHECK_EQ(try_resolve(component, name), NET_OK);
	memset(name, 'a', 64);
	name[64] = 0;
	CHECK_EQ(try_resolve(component, name), NET_INVALID_ARGUMENT);
}

int main(void)
{
	p2_runs(guest);
	return done();
}
