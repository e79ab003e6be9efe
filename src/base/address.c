/* Addresses as text and back, their order, and the special ranges. Fed by every room; knows nothing of packets. */
#include "config.h"

#include "allowmap/base.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

GQuark am_base_error_quark(void)
{
	return g_quark_from_static_string("am-base-error-quark");
}

AmAddress am_address_ipv4(const uint8_t bytes[4])
{
	AmAddress address = {.family = 4};
	memcpy(address.bytes, bytes, 4);
	return address;
}

AmAddress am_address_ipv6(const uint8_t bytes[16])
{
	AmAddress address = {.family = 6};
	memcpy(address.bytes, bytes, 16);
	return address;
}

gboolean am_address_parse(const char *text, AmAddress *ret_address)
{
	AmAddress address = {0};
	if (inet_pton(AF_INET, text, address.bytes) == 1)
		address.family = 4;
	else if (inet_pton(AF_INET6, text, address.bytes) == 1)
		address.family = 6;
	else
		return FALSE;
	*ret_address = address;
	return TRUE;
}

const char *am_address_text(const AmAddress *address, char text[AM_ADDRESS_TEXT_SIZE])
{
	text[0] = '\0';
	if (address->family != 0)
		inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->bytes, text, AM_ADDRESS_TEXT_SIZE);
	return text;
}

int am_address_compare(const AmAddress *a, const AmAddress *b)
{
	return memcmp(a, b, sizeof *a);
}

gboolean am_address_is_multicast(const AmAddress *address)
{
	static const uint8_t broadcast[4] = {255, 255, 255, 255};
	if (address->family == 4)
		return (address->bytes[0] & 0xf0) == 0xe0 || memcmp(address->bytes, broadcast, 4) == 0;
	return address->family == 6 && address->bytes[0] == 0xff;
}

gboolean am_address_is_link_local(const AmAddress *address)
{
	if (address->family == 4)
		return address->bytes[0] == 169 && address->bytes[1] == 254;
	return address->family == 6 && address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

gboolean am_address_is_unspecified(const AmAddress *address)
{
	static const uint8_t zero[16];
	return memcmp(address->bytes, zero, 16) == 0;
}

gboolean am_address_is_loopback(const AmAddress *address)
{
	static const uint8_t one[16] = {[15] = 1};
	if (address->family == 4)
		return address->bytes[0] == 127;
	return address->family == 6 && memcmp(address->bytes, one, 16) == 0;
}

uint8_t am_address_bits(const AmAddress *address)
{
	return address->family == 4 ? 32 : 128;
}

const char *am_mac_text(const uint8_t mac[6], char text[AM_MAC_TEXT_SIZE])
{
	snprintf(text, AM_MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
	return text;
}

gboolean am_mac_parse(const char *text, uint8_t ret_mac[6])
{
	for (int n = 0; n < 6; n++, text += 3) {
		int high = g_ascii_xdigit_value(text[0]), low = high < 0 ? -1 : g_ascii_xdigit_value(text[1]);
		if (low < 0 || text[2] != (n == 5 ? '\0' : ':'))
			return FALSE;
		ret_mac[n] = (uint8_t)(high << 4 | low);
	}
	return TRUE;
}

gboolean am_address_parse_reverse(const char *name, AmAddress *ret_address)
{
	uint8_t bytes[16] = {0};
	unsigned octets[4];
	int end = 0;
	if (sscanf(name, "%3u.%3u.%3u.%3u.%n", &octets[3], &octets[2], &octets[1], &octets[0], &end) == 4 && end > 0 &&
	    g_ascii_strcasecmp(name + end, "in-addr.arpa") == 0) {
		for (int n = 0; n < 4; n++) {
			if (octets[n] > 255)
				return FALSE;
			bytes[n] = (uint8_t)octets[n];
		}
		*ret_address = am_address_ipv4(bytes);
		return TRUE;
	}
	for (int n = 0; n < 32; n++, name += 2) {
		int digit = g_ascii_xdigit_value(name[0]);
		if (digit < 0 || name[1] != '.')
			return FALSE;
		bytes[15 - n / 2] |= (uint8_t)(n % 2 == 0 ? digit : digit << 4);
	}
	*ret_address = am_address_ipv6(bytes);
	return g_ascii_strcasecmp(name, "ip6.arpa") == 0;
}
