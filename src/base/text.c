/* Text that came from the network becomes text that may be shown. */
#include "config.h"

#include "allowmap/base.h"

#include <string.h>

/* Characters that change how the text around them is shown, or end a line. */
static gboolean is_harmless(gunichar c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xfeff)
		return FALSE;
	if ((c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f))
		return FALSE;
	return g_unichar_isprint(c);
}

void am_text_safe(char *destination, size_t destination_size, const void *bytes, size_t size)
{
	const char *at = bytes;
	size_t used = 0;
	while (size > 0) {
		gunichar c = g_utf8_get_char_validated(at, (gssize)MIN(size, 8));
		gboolean valid = c != (gunichar)-1 && c != (gunichar)-2 && c != 0;
		size_t length = valid ? (size_t)(g_utf8_next_char(at) - at) : 1;
		gboolean keep = valid && is_harmless(c);
		if (used + (keep ? length : 1) >= destination_size)
			break;
		if (keep)
			memcpy(destination + used, at, length);
		else
			destination[used] = '?';
		used += keep ? length : 1;
		at += length;
		size -= length;
	}
	if (destination_size > 0)
		memset(destination + used, 0, destination_size - used);
}

char *am_text_safe_dup(const char *text)
{
	size_t size = strlen(text);
	char *safe = g_malloc(size + 1); /* nothing gets longer */
	am_text_safe(safe, size + 1, text, size);
	return safe;
}
