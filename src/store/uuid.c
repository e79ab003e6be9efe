/* A sensor's UUID. Why it can be made from a name: an offline run has no sensor of its own, and the same input must give
 * the same bytes, on every machine.
 */
#include "config.h"

#include "facts.h"

#include <string.h>

/* RFC 4122 §4.3, the name space for names of allowmap's sensors. Made once, at random: 6f1d2c54-930b-4e7a-8c25-d17e40b83f96. */
static const guint8 name_space[16] = {0x6f, 0x1d, 0x2c, 0x54, 0x93, 0x0b, 0x4e, 0x7a,
				      0x8c, 0x25, 0xd1, 0x7e, 0x40, 0xb8, 0x3f, 0x96};

gboolean am_sensor_uuid(const char *name, char ret_uuid[AM_UUID_TEXT_SIZE])
{
	if (g_uuid_string_is_valid(name)) {
		for (int n = 0; n < AM_UUID_TEXT_SIZE; n++)
			ret_uuid[n] = g_ascii_tolower(name[n]);
		return FALSE;
	}
	guint8 hash[20];
	gsize size = sizeof hash;
	g_autoptr(GChecksum) sha1 = g_checksum_new(G_CHECKSUM_SHA1);
	g_checksum_update(sha1, name_space, sizeof name_space);
	g_checksum_update(sha1, (const guchar *)name, (gssize)strlen(name));
	g_checksum_get_digest(sha1, hash, &size);
	hash[6] = (guint8)((hash[6] & 0x0f) | 0x50);
	hash[8] = (guint8)((hash[8] & 0x3f) | 0x80);
	char *to = ret_uuid;
	for (int n = 0; n < 16; n++) {
		if (n == 4 || n == 6 || n == 8 || n == 10)
			*to++ = '-';
		*to++ = "0123456789abcdef"[hash[n] >> 4];
		*to++ = "0123456789abcdef"[hash[n] & 15];
	}
	*to = '\0';
	return TRUE;
}
