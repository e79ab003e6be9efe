/* An IP address as it is kept and compared everywhere: family + 16 bytes. */
#pragma once

#include <stdint.h>

/* `family` is 4, 6, or 0 for "none". An IPv4 address fills bytes[0..3], the rest is zero, so that memcmp() over the
 * 17 bytes is a total order: none < IPv4 < IPv6, numerically inside a family. The database keeps these 17 bytes. */
typedef struct {
	uint8_t family;
	uint8_t bytes[16];
} AmAddress;

#define AM_ADDRESS_SIZE 17
_Static_assert(sizeof(AmAddress) == AM_ADDRESS_SIZE, "AmAddress is stored as it lies in memory");

/* A CIDR block. `length` is in bits, at most 32 or 128; bits past it are zero in `address`. */
typedef struct {
	AmAddress address;
	uint8_t length;
} AmPrefix;
