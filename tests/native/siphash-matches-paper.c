/* The hash of names is SipHash: tested with the vectors that its authors published for SipHash-2-4. SipHash-1-3 differs only in the number of rounds. */
#include "fs/siphash.h"

#include "support/check.h"

static uint64_t load_le(const uint8_t *bytes)
{
	uint64_t word = 0;
	for (int i = 7; i >= 0; i--)
		word = word << 8 | bytes[i];
	return word;
}

int main(void)
{
	/* Hashes of the first 0, 1, … bytes of 00 01 02 …, with the key 00 01 … 0f. */
	static const uint8_t expected[][8] = {
		{0x31, 0x0e, 0x0e, 0xdd, 0x47, 0xdb, 0x6f, 0x72}, {0xfd, 0x67, 0xdc, 0x93, 0xc5, 0x39, 0xf8, 0x74},
		{0x5a, 0x4f, 0xa9, 0xd9, 0x09, 0x80, 0x6c, 0x0d}, {0x2d, 0x7e, 0xfb, 0xd7, 0x96, 0x66, 0x67, 0x85},
		{0xb7, 0x87, 0x71, 0x27, 0xe0, 0x94, 0x27, 0xcf}, {0x8d, 0xa6, 0x99, 0xcd, 0x64, 0x55, 0x76, 0x18},
		{0xce, 0xe3, 0xfe, 0x58, 0x6e, 0x46, 0xc9, 0xcb}, {0x37, 0xd1, 0x01, 0x8b, 0xf5, 0x00, 0x02, 0xab},
		{0x62, 0x24, 0x93, 0x9a, 0x79, 0xf5, 0xf5, 0x93},
	};
	uint8_t bytes[16];
	for (uint8_t i = 0; i < 16; i++)
		bytes[i] = i;
	struct hf_siphash_key key = {load_le(bytes), load_le(bytes + 8)}, other = {key.k0, key.k1 + 1};
	for (size_t size = 0; size < sizeof expected / 8; size++)
		CHECK_EQ(hf__siphash24(&key, bytes, size), load_le(expected[size]));
	CHECK_EQ(hf__siphash24(&key, bytes, 15), UINT64_C(0xa129ca6149be45e5));

	for (size_t size = 0; size < 16; size++) {
		CHECK(hf__siphash13(&key, bytes, size) != hf__siphash13(&other, bytes, size));
		CHECK(hf__siphash13(&key, bytes, size) != hf__siphash13(&key, bytes, size + 1));
	}
	return done();
}
