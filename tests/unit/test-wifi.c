/* Frames of wireless networks and of provider backbones: the addresses and the packet are found, what is encrypted, in pieces or
 * damaged is told, and no cut or lie is read past. */
#include "config.h"

#include "decoding.h"

#define WIFI 105
#define RADIOTAP 127
#define AVS 163
#define PPI 192

#define QOS 0x88
#define DATA 0x08
#define TO_DS 0x01
#define FROM_DS 0x02
#define MORE_FRAGMENTS 0x04
#define PROTECTED 0x40
#define HT 0x80

/* Addresses 1 to 4 end in 1 to 4. */
static void put_address(Frame *f, uint8_t n)
{
	put(f, "\x02\x00\x00\x00\x00", 5);
	put8(f, n);
}

/* A data frame's header up to LLC. */
static void wifi_header(Frame *f, uint8_t type, uint8_t flags, uint8_t qos)
{
	put8(f, type);
	put8(f, flags);
	put16(f, 0);
	for (uint8_t n = 1; n <= 3; n++)
		put_address(f, n);
	put16(f, 0x1000); /* sequence 1, fragment 0: little-endian */
	if ((flags & (TO_DS | FROM_DS)) == (TO_DS | FROM_DS))
		put_address(f, 4);
	if (type == QOS) {
		put8(f, qos);
		put8(f, 0);
	}
	if (type == QOS && (flags & HT) != 0)
		put32(f, 0);
}

static void llc_tcp(Frame *f)
{
	put(f, "\xaa\xaa\x03\x00\x00\x00\x08\x00", 8);
	ipv4(f, 6, 25);
	tcp(f, 5);
	put(f, "hello", 5);
}

static Frame wifi(uint8_t type, uint8_t flags, uint8_t qos)
{
	Frame f = {0};
	wifi_header(&f, type, flags, qos);
	llc_tcp(&f);
	return f;
}

static void check_packet(const AmPacket *p)
{
	CU_ASSERT(is_v4(&p->tuple.source, 1) && is_v4(&p->tuple.destination, 2));
	CU_ASSERT(p->tuple.source_port == 40000 && p->tuple.destination_port == 443);
	CU_ASSERT_FATAL(p->payload_size == 5);
	CU_ASSERT(memcmp(p->payload, "hello", 5) == 0);
}

static AmSkipReason skip_of(const Frame *f, uint32_t link_type)
{
	AmPacket p;
	return decode_as(f, link_type, f->size, f->size, &p);
}

/* Whatever one octet says, what comes out lies inside the frame. */
static void check_lies(const Frame *f, uint32_t link_type)
{
	for (size_t at = 0; at < f->size; at++) {
		for (unsigned value = 0; value < 256; value++) {
			Frame g = *f;
			g.bytes[at] = (uint8_t)value;
			AmPacket p;
			if (decode_as(&g, link_type, g.size, g.size, &p) == AM_SKIP_NONE)
				check_in_frame(&p, g.size);
		}
	}
}

static void test_addresses(void)
{
	static const struct {
		uint8_t flags, source, destination;
	} cases[] = {{0, 2, 1}, {TO_DS, 2, 3}, {FROM_DS, 3, 1}, {TO_DS | FROM_DS, 4, 3}};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		for (guint q = 0; q < 3; q++) {
			Frame f = wifi(q > 0 ? QOS : DATA, (uint8_t)(cases[n].flags | (q == 2 ? HT : 0)), 0);
			AmPacket p;
			CU_ASSERT_FATAL(decode_as(&f, WIFI, f.size, f.size, &p) == AM_SKIP_NONE);
			check_packet(&p);
			CU_ASSERT(p.source_mac[0] == 2 && p.source_mac[5] == cases[n].source);
			CU_ASSERT(p.destination_mac[0] == 2 && p.destination_mac[5] == cases[n].destination);
			check_every_cut(&f, WIFI);
			check_lies(&f, WIFI);
		}
	}
}

static void test_what_is_not_followed(void)
{
	Frame f = wifi(QOS, TO_DS | PROTECTED, 0);
	CU_ASSERT(skip_of(&f, WIFI) == AM_SKIP_WIFI_PROTECTED);
	f = wifi(QOS, TO_DS | MORE_FRAGMENTS, 0);
	CU_ASSERT(skip_of(&f, WIFI) == AM_SKIP_WIFI_FRAGMENT);
	f = wifi(QOS, TO_DS, 0);
	f.bytes[22] = 0x01; /* the second piece */
	CU_ASSERT(skip_of(&f, WIFI) == AM_SKIP_WIFI_FRAGMENT);
	f = wifi(QOS, TO_DS, 0x80);
	CU_ASSERT(skip_of(&f, WIFI) == AM_SKIP_WIFI_FRAGMENT);
	f = wifi(QOS, TO_DS | FROM_DS, 0x80);
	CU_ASSERT(skip_of(&f, WIFI) == AM_SKIP_WIFI_FRAGMENT);
	f = wifi(DATA, TO_DS, 0);
	f.bytes[0] = 0x48; /* no data */
	CU_ASSERT(skip_of(&f, WIFI) == AM_SKIP_NOT_IP);
	f.bytes[0] = 0x80; /* a beacon */
	CU_ASSERT(skip_of(&f, WIFI) == AM_SKIP_NOT_IP);
	f.bytes[0] = 0xd4; /* an acknowledgement */
	f.size = 10;
	CU_ASSERT(skip_of(&f, WIFI) == AM_SKIP_NOT_IP);
	f = wifi(DATA, TO_DS, 0);
	f.bytes[0] = 0x09; /* another version */
	CU_ASSERT(skip_of(&f, WIFI) == AM_SKIP_NOT_IP);
	f = wifi(DATA, TO_DS, 0);
	f.bytes[24] = 0x42; /* spanning tree, or the header of a mesh */
	CU_ASSERT(skip_of(&f, WIFI) == AM_SKIP_NOT_IP);
}

/* radiotap with a time, flags, and one word of fields more. */
static void radiotap(Frame *f, uint8_t flags)
{
	put(f, "\x00\x00\x20\x00\x03\x00\x00\x80\x00\x00\x00\x80\x00\x00\x00\x00", 16);
	fill(f, 0xaa, 8);
	put8(f, flags);
	fill(f, 0, 7);
}

static void test_radiotap(void)
{
	Frame f = {0};
	radiotap(&f, 0x10);
	wifi_header(&f, QOS, TO_DS, 0);
	llc_tcp(&f);
	fill(&f, 0xee, 4); /* the checksum that 0x10 tells of */
	AmPacket p;
	CU_ASSERT_FATAL(decode_as(&f, RADIOTAP, f.size, f.size, &p) == AM_SKIP_NONE);
	check_packet(&p);
	check_every_cut(&f, RADIOTAP);
	check_lies(&f, RADIOTAP);
	f.bytes[24] = 0x50;
	CU_ASSERT(skip_of(&f, RADIOTAP) == AM_SKIP_WIFI_DAMAGED);
	f.bytes[4] = 0x01; /* no flags: what is there is something else */
	CU_ASSERT(skip_of(&f, RADIOTAP) == AM_SKIP_NONE);
	f.bytes[4] = 0x02;                                  /* flags without a time are where that was */
	CU_ASSERT(skip_of(&f, RADIOTAP) == AM_SKIP_NOT_IP); /* they tell of padding that is not there */
	f.bytes[16] = 0x40;
	CU_ASSERT(skip_of(&f, RADIOTAP) == AM_SKIP_WIFI_DAMAGED);
	f.bytes[16] = 0;
	CU_ASSERT(skip_of(&f, RADIOTAP) == AM_SKIP_NONE);
	f.bytes[0] = 1; /* another version */
	CU_ASSERT(skip_of(&f, RADIOTAP) == AM_SKIP_NOT_IP);
	f.bytes[0] = 0;
	f.bytes[2] = 7; /* shorter than itself */
	CU_ASSERT(skip_of(&f, RADIOTAP) == AM_SKIP_NOT_IP);
	f.bytes[2] = 12; /* words of fields without an end */
	CU_ASSERT(skip_of(&f, RADIOTAP) == AM_SKIP_NOT_IP);
	f.bytes[2] = 16; /* no room for the flags */
	CU_ASSERT(skip_of(&f, RADIOTAP) == AM_SKIP_NOT_IP);
	f.bytes[3] = 0xff; /* longer than the frame */
	CU_ASSERT(skip_of(&f, RADIOTAP) == AM_SKIP_LINK_TRUNCATED);
}

static void test_padded_header(void)
{
	Frame f = {0};
	radiotap(&f, 0x20);
	wifi_header(&f, QOS, TO_DS, 0); /* 26 octets */
	put16(&f, 0);
	llc_tcp(&f);
	AmPacket p;
	CU_ASSERT_FATAL(decode_as(&f, RADIOTAP, f.size, f.size, &p) == AM_SKIP_NONE);
	check_packet(&p);
	check_every_cut(&f, RADIOTAP);
	Frame g = {0};
	radiotap(&g, 0x20);
	wifi_header(&g, DATA, TO_DS, 0); /* 24: nothing to pad */
	llc_tcp(&g);
	CU_ASSERT(skip_of(&g, RADIOTAP) == AM_SKIP_NONE);
}

static void test_other_tools(void)
{
	Frame inner = wifi(DATA, FROM_DS, 0), avs = {0}, ppi = {0};
	put(&avs, "\x80\x21\x10\x01\x00\x00\x00\x0c\x01\x02\x03\x04", 12);
	put(&avs, inner.bytes, inner.size);
	put(&ppi, "\x00\x00\x0c\x00\x69\x00\x00\x00\x01\x02\x03\x04", 12);
	put(&ppi, inner.bytes, inner.size);
	AmPacket p;
	CU_ASSERT_FATAL(decode_as(&avs, AVS, avs.size, avs.size, &p) == AM_SKIP_NONE);
	check_packet(&p);
	check_every_cut(&avs, AVS);
	check_lies(&avs, AVS);
	CU_ASSERT_FATAL(decode_as(&ppi, PPI, ppi.size, ppi.size, &p) == AM_SKIP_NONE);
	check_packet(&p);
	check_every_cut(&ppi, PPI);
	check_lies(&ppi, PPI);
	avs.bytes[3] = 2; /* another version */
	CU_ASSERT(skip_of(&avs, AVS) == AM_SKIP_NOT_IP);
	avs.bytes[3] = 1;
	avs.bytes[4] = 0xff; /* longer than anything */
	CU_ASSERT(skip_of(&avs, AVS) == AM_SKIP_LINK_TRUNCATED);
	ppi.bytes[4] = 0x7f; /* something else inside */
	CU_ASSERT(skip_of(&ppi, PPI) == AM_SKIP_NOT_IP);
	ppi.bytes[4] = 0x69;
	ppi.bytes[2] = 7;
	CU_ASSERT(skip_of(&ppi, PPI) == AM_SKIP_NOT_IP);
}

/* ---- 802.1ah */

static Frame backbone(gboolean has_tag)
{
	Frame f = {0};
	ethernet(&f, has_tag ? 0x88a8 : 0x88e7);
	if (has_tag) {
		put16(&f, 4000);
		put16(&f, 0x88e7);
	}
	put32(&f, 0x60012345);
	put(&f, "\x06\0\0\0\0\x0d\x06\0\0\0\0\x05", 12);
	put16(&f, 0x8100);
	put16(&f, 0x6007);
	put16(&f, 0x0800);
	ipv4(&f, 6, 25);
	tcp(&f, 5);
	put(&f, "hello", 5);
	return f;
}

static void test_backbone(void)
{
	for (guint n = 0; n < 2; n++) {
		Frame f = backbone(n == 1);
		AmPacket p;
		CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
		check_packet(&p);
		CU_ASSERT(p.encapsulation == AM_ENCAPSULATION_PBB && p.encapsulation_id == 0x12345);
		CU_ASSERT(p.vlan == 7 && p.inner_vlan == 0); /* the customer's */
		CU_ASSERT(memcmp(p.source_mac, "\x06\0\0\0\0\x05", 6) == 0);
		CU_ASSERT(memcmp(p.destination_mac, "\x06\0\0\0\0\x0d", 6) == 0);
		CU_ASSERT(layers.n == 2 + n && layers.n_tunnels == 0);
		CU_ASSERT(layers.at[n].kind == AM_ENCAPSULATION_PBB && layers.at[n].id == 0x12345);
		check_every_cut(&f, ETHERNET);
		check_lies(&f, ETHERNET);
		f.bytes[n == 1 ? 18 : 14] |= 0x01; /* reserved */
		CU_ASSERT(decode(&f, &p) == AM_SKIP_NOT_IP);
	}
}

static void test_backbone_never_ends(void)
{
	for (guint depth = 7; depth <= 10; depth++) {
		Frame f = {0};
		ethernet(&f, 0x88e7);
		for (guint n = 0; n < depth; n++) {
			put32(&f, n + 1);
			ethernet(&f, n + 1 < depth ? 0x88e7 : 0x0800);
		}
		ipv4(&f, 6, 25);
		tcp(&f, 5);
		put(&f, "hello", 5);
		CU_ASSERT(skip_of(&f, ETHERNET) == (depth <= 8 ? AM_SKIP_NONE : AM_SKIP_NESTED));
	}
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_addresses),
		UNIT_TEST(test_what_is_not_followed),
		UNIT_TEST(test_radiotap),
		UNIT_TEST(test_padded_header),
		UNIT_TEST(test_other_tools),
		UNIT_TEST(test_backbone),
		UNIT_TEST(test_backbone_never_ends),
		{NULL, NULL},
	};
	return unit_run("wifi", tests);
}
