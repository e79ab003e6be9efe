/* Names that hosts tell of themselves in text, and in NTLM: greetings, syslog, SSDP. Input: one packet, hostile. Fed by
 * observe-names.c. */
#include "config.h"

#include "observe-private.h"

#include <string.h>

void am_tell_host(const AmTeller *teller, const AmAddress *address, AmObservedKind kind, const uint8_t *name,
		  size_t size, gboolean wild)
{
	char text[AM_NAME_MAX];
	gboolean has_letter = FALSE;
	if (size == 0 || size >= sizeof text)
		return;
	for (size_t n = 0; n < size; n++) {
		gboolean star = wild && n == 0 && name[0] == '*' && size > 2 && name[1] == '.';
		if (!star && !am_is_of_host(name[n]))
			return;
		has_letter = has_letter || g_ascii_isalpha(name[n]);
		text[n] = (char)name[n];
	}
	text[size] = '\0';
	if (has_letter && text[0] != '.' && text[0] != '-' && strstr(text, "..") == NULL)
		am_tell(teller, address, kind, text);
}

/* ---- "220 mail.example.com ESMTP ready", "EHLO mail.example.com". A name without a dot may be any word. */
void am_observe_greeting(const AmTeller *teller)
{
	static const char *const beginnings[] = {"220 ", "220-", "EHLO ", "HELO "};
	const uint8_t *text = teller->packet->payload;
	size_t size = teller->packet->payload_size, begin = 0, n;
	for (size_t b = 0; b < G_N_ELEMENTS(beginnings) && begin == 0; b++) {
		if (size > strlen(beginnings[b]) &&
		    g_ascii_strncasecmp((const char *)text, beginnings[b], strlen(beginnings[b])) == 0)
			begin = strlen(beginnings[b]);
	}
	for (n = begin; n < size && g_ascii_isgraph(text[n]);)
		n++;
	if (begin != 0 && memchr(text + begin, '.', n - begin) != NULL && g_ascii_isalnum(text[begin]))
		am_tell_host(teller, &teller->packet->tuple.source, AM_OBSERVED_SMTP, text + begin, n - begin, FALSE);
}

/* ---- NTLM (MS-NLMP) */

static size_t le16(const uint8_t *at)
{
	return (size_t)at[0] | (size_t)at[1] << 8;
}

/* Length, room, offset: what part of the message that is; NULL when it is not inside of it. */
static const uint8_t *find_field(const uint8_t *message, size_t size, size_t at, size_t *ret_length)
{
	if (size < at + 8)
		return NULL;
	size_t length = le16(message + at), offset = le16(message + at + 4) | le16(message + at + 6) << 16;
	if (offset > size || length > size - offset)
		return NULL;
	*ret_length = length;
	return message + offset;
}

/* UTF-16LE; what is not ASCII is not taken. */
static void tell_wide(const AmTeller *teller, AmObservedKind kind, const uint8_t *text, size_t length)
{
	uint8_t name[AM_NAME_MAX];
	if (length / 2 >= sizeof name)
		return;
	for (size_t c = 0; c < length / 2; c++)
		name[c] = text[1 + 2 * c] == 0 ? text[2 * c] : ' ';
	am_tell_host(teller, &teller->packet->tuple.source, kind, name, length / 2, FALSE);
}

/* 2.2.1.2: the server's challenge, with what it says of itself as pairs of type, size and text. */
static void read_challenge(const AmTeller *teller, const uint8_t *message, size_t size)
{
	enum { TARGET_INFO = 40, PAIR_END = 0, DNS_COMPUTER_NAME = 3 };
	size_t length;
	const uint8_t *pair = find_field(message, size, TARGET_INFO, &length);
	while (pair != NULL && length >= 4) {
		size_t type = le16(pair), n = le16(pair + 2);
		if (type == PAIR_END || n > length - 4)
			return;
		if (type == DNS_COMPUTER_NAME)
			tell_wide(teller, AM_OBSERVED_NTLM, pair + 4, n);
		pair += 4 + n;
		length -= 4 + n;
	}
}

/* 2.2.1.3: the client's answer, with the name of the machine that it is. */
static void read_authentication(const AmTeller *teller, const uint8_t *message, size_t size)
{
	enum { WORKSTATION = 44, FLAGS = 60, UNICODE = 1 };
	size_t length;
	const uint8_t *name = find_field(message, size, WORKSTATION, &length);
	if (name == NULL || size < FLAGS + 4)
		return;
	if ((message[FLAGS] & UNICODE) != 0)
		tell_wide(teller, AM_OBSERVED_WORKSTATION, name, length);
	else
		am_tell_host(teller, &teller->packet->tuple.source, AM_OBSERVED_WORKSTATION, name, length, FALSE);
}

void am_observe_ntlm(const AmTeller *teller)
{
	static const uint8_t begin[8] = {'N', 'T', 'L', 'M', 'S', 'S', 'P', 0};
	const AmPacket *packet = teller->packet;
	const uint8_t *at = memmem(packet->payload, packet->payload_size, begin, sizeof begin);
	size_t size = at != NULL ? packet->payload_size - (size_t)(at - packet->payload) : 0;
	if (size < 12 || at[9] != 0 || at[10] != 0 || at[11] != 0)
		return;
	if (at[8] == 2)
		read_challenge(teller, at, size);
	else if (at[8] == 3)
		read_authentication(teller, at, size);
}

/* ---- syslog: the host's own name, or a relay's idea of whose message it passes on */

/* The word at the cursor, and steps over it and the blanks behind it. */
static size_t take_word(AmCursor *cursor, const uint8_t **ret_word)
{
	size_t size = 0;
	*ret_word = cursor->at;
	while (size < cursor->left && cursor->at[size] != ' ')
		size++;
	am_cursor_skip(cursor, size);
	while (cursor->left > 0 && cursor->at[0] == ' ')
		am_cursor_skip(cursor, 1);
	return size;
}

/* RFC 5424, 6: "<13>1 TIME HOST APP ..."; RFC 3164, 4.1: "<13>Mar  1 06:25:43 HOST TAG: ...". Over TCP the length may go before
 * it (RFC 6587, 3.4.1). */
void am_observe_syslog(const AmTeller *teller)
{
	AmCursor cursor = am_cursor(teller->packet->payload, teller->packet->payload_size);
	const uint8_t *word;
	size_t size;
	while (cursor.left > 0 && (g_ascii_isdigit(cursor.at[0]) || cursor.at[0] == ' '))
		am_cursor_skip(&cursor, 1);
	const uint8_t *close = cursor.left > 0 ? memchr(cursor.at, '>', MIN(cursor.left, 5)) : NULL;
	if (close == NULL || cursor.at[0] != '<')
		return;
	am_cursor_skip(&cursor, (size_t)(close - cursor.at) + 1);
	size = take_word(&cursor, &word);
	gboolean is_new = size == 1 && word[0] == '1';
	if (!is_new && (size != 3 || !g_ascii_isupper(word[0]) || take_word(&cursor, &word) > 2))
		return;
	size = take_word(&cursor, &word);
	if (is_new ? size < 20 || word[10] != 'T' : size != 8 || word[2] != ':' || word[5] != ':')
		return;
	size = take_word(&cursor, &word);
	/* Without a host it is the tag, which ends with a colon, or has a number in brackets: no name then. */
	if (cursor.left > 0)
		am_tell_host(teller, &teller->packet->tuple.source, AM_OBSERVED_SYSLOG, word, size, FALSE);
}

/* ---- SSDP (UPnP Device Architecture, 1.2.2 and 1.3.3): what kind of device it says that it is */
void am_observe_ssdp(const AmTeller *teller)
{
	static const char begin[] = "urn:schemas-upnp-org:device:";
	const AmPacket *packet = teller->packet;
	char value[AM_OBSERVED_SIZE] = "upnp:";
	size_t used = strlen(value);
	if (packet->payload_size < 8 ||
	    (memcmp(packet->payload, "NOTIFY *", 8) != 0 && memcmp(packet->payload, "HTTP/1.1", 8) != 0))
		return;
	const uint8_t *at = memmem(packet->payload, packet->payload_size, begin, strlen(begin));
	const uint8_t *end = packet->payload + packet->payload_size;
	if (at == NULL)
		return;
	for (at += strlen(begin); at < end && g_ascii_isalnum(*at) && used + 1 < sizeof value;)
		value[used++] = (char)*at++;
	if (at < end && *at == ':')
		am_tell(teller, &packet->tuple.source, AM_OBSERVED_OFFERS, value);
}
