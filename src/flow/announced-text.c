/* Announcements in text: FTP's ports, and the media of SIP. Input: one packet, hostile; nothing is kept. Fed by related.c. */
#include "config.h"

#include "related.h"

#include <string.h>

/* What is left of a line, or of a message. */
typedef struct {
	const char *at;
	size_t n;
} Text;

static Text text_of(const AmPacket *packet)
{
	return (Text){(const char *)packet->payload, packet->payload_size};
}

/* Takes the next line, without its end. FALSE when there is none. A line that the packet cuts off is none: half a number
 * is another number. */
static gboolean next_line(Text *text, Text *ret_line)
{
	const char *end = memchr(text->at, '\n', text->n);
	if (end == NULL)
		return FALSE;
	size_t size = (size_t)(end - text->at);
	*ret_line = (Text){text->at, size};
	if (size > 0 && end[-1] == '\r')
		ret_line->n--;
	text->at += size + 1;
	text->n -= size + 1;
	return TRUE;
}

static void skip(Text *text, size_t n)
{
	text->at += n;
	text->n -= n;
}

/* Steps over `word` at the beginning, in any case of letters. */
static gboolean take(Text *text, const char *word)
{
	size_t size = strlen(word);
	if (text->n < size || g_ascii_strncasecmp(text->at, word, size) != 0)
		return FALSE;
	skip(text, size);
	return TRUE;
}

/* Steps to behind the first `c`. */
static gboolean take_until(Text *text, char c)
{
	const char *at = memchr(text->at, c, text->n);
	if (at == NULL)
		return FALSE;
	skip(text, (size_t)(at - text->at) + 1);
	return TRUE;
}

static gboolean take_number(Text *text, uint32_t max, uint32_t *ret_number)
{
	uint32_t number = 0;
	size_t n = 0;
	for (; n < text->n && n < 6 && g_ascii_isdigit(text->at[n]); n++)
		number = number * 10 + (uint32_t)(text->at[n] - '0');
	if (n == 0 || n == 6 || number > max)
		return FALSE;
	skip(text, n);
	*ret_number = number;
	return TRUE;
}

/* Is the text, up to its end or a character that no address has, this address? */
static gboolean is_address(Text text, const AmAddress *address)
{
	char word[64];
	AmAddress named;
	size_t n = 0;
	for (; n < text.n && (g_ascii_isxdigit(text.at[n]) || text.at[n] == '.' || text.at[n] == ':'); n++) {
		if (n == sizeof word - 1)
			return FALSE;
		word[n] = text.at[n];
	}
	word[n] = '\0';
	return am_address_parse(word, &named) && am_address_compare(&named, address) == 0;
}

/* ---- FTP */

/* h1,h2,h3,h4,p1,p2 */
static uint32_t host_port(Text text, const AmAddress *sender)
{
	uint32_t octets[6];
	for (int n = 0; n < 6; n++) {
		if ((n > 0 && !take(&text, ",")) || !take_number(&text, 255, &octets[n]))
			return 0;
	}
	for (int n = 0; n < 4; n++) {
		if (sender->family != 4 || sender->bytes[n] != octets[n])
			return 0;
	}
	return octets[4] << 8 | octets[5];
}

/* |af|address|port|, with any character for the bar; `sender` NULL: af and address are empty, as in an answer. */
static uint32_t extended_port(Text text, const AmAddress *sender)
{
	uint32_t family, port;
	if (text.n == 0 || text.at[0] < '!' || text.at[0] > '~' || g_ascii_isdigit(text.at[0]))
		return 0;
	const char bar[2] = {text.at[0], '\0'};
	skip(&text, 1);
	if (sender != NULL && (!take_number(&text, 2, &family) || family != (sender->family == 4 ? 1 : 2)))
		return 0;
	if (!take(&text, bar) || (sender != NULL && !is_address(text, sender)) || !take_until(&text, bar[0]) ||
	    !take_number(&text, UINT16_MAX, &port) || !take(&text, bar))
		return 0;
	return port;
}

/* "227 Entering Passive Mode (h1,h2,h3,h4,p1,p2)"; some leave the bracket out. */
static uint32_t passive_port(Text text, const AmAddress *sender)
{
	if (!take_until(&text, '('))
		while (text.n > 0 && !g_ascii_isdigit(text.at[0]))
			skip(&text, 1);
	return host_port(text, sender);
}

void am_announced_ftp(const AmPacket *packet, gboolean from_server, AmAnnounced *announced)
{
	const AmAddress *sender = &packet->tuple.source;
	Text text = text_of(packet), line;
	while (announced->n < AM_MAX_ANNOUNCED && next_line(&text, &line)) {
		uint32_t port = 0;
		if (from_server && take(&line, "227 "))
			port = passive_port(line, sender);
		else if (from_server && take(&line, "229 "))
			port = take_until(&line, '(') ? extended_port(line, NULL) : 0;
		else if (!from_server && take(&line, "PORT "))
			port = host_port(line, sender);
		else if (!from_server && take(&line, "EPRT "))
			port = extended_port(line, sender);
		am_announced_add(announced, AM_PROTO_TCP, port);
	}
}

/* ---- SIP */

/* The body, when it is a session description. */
static gboolean find_description(Text *text)
{
	const char *body = memmem(text->at, text->n, "\r\n\r\n", 4);
	if (body == NULL)
		return FALSE;
	Text head = {text->at, (size_t)(body - text->at)};
	skip(text, head.n + 4);
	const char *end = memchr(head.at, '\r', head.n);
	Text first = {head.at, end != NULL ? (size_t)(end - head.at) : head.n};
	return memmem(first.at, first.n, "SIP/2.0", 7) != NULL && text->n >= 3 && memcmp(text->at, "v=0", 3) == 0;
}

typedef struct {
	uint32_t port, rtcp; /* 0 = none */
	gboolean is_ours;    /* at the sender's address */
} Media;

/* "audio 49170 RTP/AVP 0"; a port of 0 refuses it. */
static Media media_of(Text line, gboolean is_ours)
{
	Media media = {.is_ours = is_ours};
	if (!take_until(&line, ' ') || !take_number(&line, UINT16_MAX, &media.port) || !take_until(&line, ' '))
		return (Media){0};
	gboolean is_rtp = take(&line, "RTP/") || take(&line, "UDP/TLS/RTP/");
	if (!is_rtp && !take(&line, "udptl"))
		return (Media){0};
	media.rtcp = is_rtp && media.port > 0 ? media.port + 1 : 0;
	return media;
}

/* "53020", or "53020 IN IP4 126.16.64.4", which may be anywhere. */
static uint32_t rtcp_port(Text line, const AmAddress *sender)
{
	uint32_t port;
	if (!take_number(&line, UINT16_MAX, &port))
		return 0;
	if (take(&line, " IN IP4 ") || take(&line, " IN IP6 "))
		return is_address(line, sender) ? port : 0;
	return port;
}

static void announce_media(AmAnnounced *announced, const Media *media)
{
	if (!media->is_ours)
		return;
	am_announced_add(announced, AM_PROTO_UDP, media->port);
	if (media->rtcp != media->port)
		am_announced_add(announced, AM_PROTO_UDP, media->rtcp);
}

void am_announced_sip(const AmPacket *packet, AmAnnounced *announced)
{
	const AmAddress *sender = &packet->tuple.source;
	Text text = text_of(packet), line;
	if (!find_description(&text))
		return;
	gboolean session_ours = FALSE, in_media = FALSE;
	Media media = {0};
	while (announced->n < AM_MAX_ANNOUNCED && next_line(&text, &line)) {
		if (take(&line, "m=")) {
			announce_media(announced, &media);
			media = media_of(line, session_ours);
			in_media = TRUE;
		} else if (take(&line, "c=IN IP4 ") || take(&line, "c=IN IP6 ")) {
			media.is_ours = is_address(line, sender);
			if (!in_media)
				session_ours = media.is_ours;
		} else if (media.port > 0 && take(&line, "a=rtcp:")) {
			media.rtcp = rtcp_port(line, sender);
		}
	}
	announce_media(announced, &media);
}
