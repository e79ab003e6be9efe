/* The product's words for the values of its enums, from the lists beside the enums. */
#include "config.h"

#include "allowmap/base.h"
#include "allowmap/model/encapsulation.h"
#include "allowmap/model/packet.h"

#include <stdio.h>
#include <string.h>

#define NAMES(function, type, list, n)                                                                                 \
	const char *function(type value)                                                                               \
	{                                                                                                              \
		static const char *const names[] = {list};                                                             \
		return (unsigned)value < (n) ? names[value] : NULL;                                                    \
	}

#define NAME2(id, name) name,
#define NAME3(id, name, text) name,
#define TEXT3(id, name, text) text,
#define AFTER(first, list) first, list
NAMES(am_outcome_name, AmOutcome, AM_OUTCOMES(NAME3), AM_N_OUTCOMES)
NAMES(am_l7_confidence_name, AmL7Confidence, AM_L7_CONFIDENCES(NAME2), AM_N_L7_CONFIDENCES)
NAMES(am_verdict_name, AmVerdict, AM_VERDICTS(NAME3), AM_N_VERDICTS)
NAMES(am_reason_name, AmReason, AM_REASONS(NAME3), AM_N_REASONS)
NAMES(am_reason_text, AmReason, AM_REASONS(TEXT3), AM_N_REASONS)
NAMES(am_related_name, AmRelatedKind, AM_RELATED_KINDS(NAME2), AM_N_RELATED_KINDS)
NAMES(am_direction_name, AmDirection, AM_DIRECTIONS(NAME2), AM_N_DIRECTIONS)
NAMES(am_network_reason_name, AmNetworkReason, AM_NETWORK_REASONS(NAME3), AM_N_NETWORK_REASONS)
NAMES(am_network_reason_text, AmNetworkReason, AM_NETWORK_REASONS(TEXT3), AM_N_NETWORK_REASONS)
NAMES(am_input_kind_name, AmInputKind, AM_INPUT_KINDS(NAME2), AM_N_INPUT_KINDS)
NAMES(am_log_skip_name, AmLogSkip, AFTER("none", AM_LOG_SKIPS(NAME3)), AM_N_LOG_SKIPS)
NAMES(am_log_skip_text, AmLogSkip, AFTER("", AM_LOG_SKIPS(TEXT3)), AM_N_LOG_SKIPS)

gboolean am_verdict_parse(const char *name, AmVerdict *ret_verdict)
{
	for (unsigned verdict = 0; verdict < AM_N_VERDICTS; verdict++) {
		if (strcmp(name, am_verdict_name((AmVerdict)verdict)) != 0)
			continue;
		*ret_verdict = (AmVerdict)verdict;
		return TRUE;
	}
	return FALSE;
}

static const char withdrawn[] = "withdrawn";

const char *am_override_name(AmVerdict verdict)
{
	return verdict == AM_OVERRIDE_WITHDRAWN ? withdrawn : am_verdict_name(verdict);
}

gboolean am_override_parse(const char *name, AmVerdict *ret_verdict)
{
	if (strcmp(name, withdrawn) != 0)
		return am_verdict_parse(name, ret_verdict);
	*ret_verdict = AM_OVERRIDE_WITHDRAWN;
	return TRUE;
}

#define KIND(id, name, is_transit, text) [AM_ENCAPSULATION_##id] = {name, is_transit, text},
static const struct {
	const char *name;
	gboolean is_transit;
	const char *text;
} encapsulations[AM_N_ENCAPSULATIONS] = {AM_ENCAPSULATIONS(KIND)};

const char *am_encapsulation_name(AmEncapsulation kind)
{
	return (unsigned)kind < AM_N_ENCAPSULATIONS ? encapsulations[kind].name : NULL;
}

const char *am_encapsulation_text(AmEncapsulation kind)
{
	return (unsigned)kind < AM_N_ENCAPSULATIONS ? encapsulations[kind].text : NULL;
}

gboolean am_encapsulation_is_transit(AmEncapsulation kind)
{
	return (unsigned)kind < AM_N_ENCAPSULATIONS && encapsulations[kind].is_transit;
}

gboolean am_encapsulation_parse(const char *name, AmEncapsulation *ret_kind)
{
	for (unsigned kind = AM_ENCAPSULATION_NONE + 1; kind < AM_N_ENCAPSULATIONS; kind++) {
		if (strcmp(name, encapsulations[kind].name) != 0)
			continue;
		*ret_kind = (AmEncapsulation)kind;
		return TRUE;
	}
	return FALSE;
}

gboolean am_network_reason_parse(const char *name, AmNetworkReason *ret_reason)
{
	for (unsigned reason = 0; reason < AM_N_NETWORK_REASONS; reason++) {
		if (strcmp(name, am_network_reason_name((AmNetworkReason)reason)) != 0)
			continue;
		*ret_reason = (AmNetworkReason)reason;
		return TRUE;
	}
	return FALSE;
}

static const struct {
	uint8_t ip_protocol;
	const char *name;
} protocols[] = {
	{AM_PROTO_TCP, "tcp"},   {AM_PROTO_UDP, "udp"},       {AM_PROTO_SCTP, "sctp"},
	{AM_PROTO_ICMP, "icmp"}, {AM_PROTO_ICMPV6, "icmpv6"},
};

const char *am_protocol_text(uint8_t ip_protocol, char text[8])
{
	for (size_t n = 0; n < G_N_ELEMENTS(protocols); n++) {
		if (protocols[n].ip_protocol == ip_protocol) {
			g_strlcpy(text, protocols[n].name, 8);
			return text;
		}
	}
	snprintf(text, 8, "%u", ip_protocol);
	return text;
}

const char *am_related_text(AmRelated related, char text[AM_RELATED_TEXT_SIZE])
{
	const char *kind = am_related_name(am_related_kind(related));
	char protocol[8];
	text[0] = '\0';
	if (kind != NULL && kind[0] != '\0')
		snprintf(text, AM_RELATED_TEXT_SIZE, "%s %s/%u", kind,
			 am_protocol_text(am_related_protocol(related), protocol), am_related_port(related));
	return text;
}

gboolean am_protocol_parse(const char *text, int *ret_ip_protocol)
{
	for (size_t n = 0; n < G_N_ELEMENTS(protocols); n++) {
		if (strcmp(protocols[n].name, text) != 0)
			continue;
		*ret_ip_protocol = protocols[n].ip_protocol;
		return TRUE;
	}
	guint64 number;
	if (!g_ascii_string_to_unsigned(text, 10, 0, 255, &number, NULL))
		return FALSE;
	*ret_ip_protocol = (int)number;
	return TRUE;
}

gboolean am_service_is_icmp(uint8_t ip_protocol)
{
	return ip_protocol == AM_PROTO_ICMP || ip_protocol == AM_PROTO_ICMPV6;
}

gboolean am_service_has_ports(uint8_t ip_protocol)
{
	return ip_protocol == AM_PROTO_TCP || ip_protocol == AM_PROTO_UDP || ip_protocol == AM_PROTO_SCTP;
}

const char *am_service_text(uint8_t ip_protocol, uint16_t port, char text[AM_SERVICE_TEXT_SIZE])
{
	char digits[8];
	const char *protocol = am_protocol_text(ip_protocol, digits);
	if (am_service_is_icmp(ip_protocol))
		snprintf(text, AM_SERVICE_TEXT_SIZE, "%s/%u.%u", protocol, port >> 8, port & 0xff);
	else if (am_service_has_ports(ip_protocol))
		snprintf(text, AM_SERVICE_TEXT_SIZE, "%s/%u", protocol, port);
	else
		snprintf(text, AM_SERVICE_TEXT_SIZE, "ip/%s", protocol);
	return text;
}

/* "8" or "8.0". */
static gboolean parse_type_and_code(const char *text, int *ret_port)
{
	const char *dot = strchr(text, '.');
	g_autofree char *type_text = dot != NULL ? g_strndup(text, (gsize)(dot - text)) : g_strdup(text);
	guint64 type, code = 0;
	if (!g_ascii_string_to_unsigned(type_text, 10, 0, UINT8_MAX, &type, NULL) ||
	    (dot != NULL && !g_ascii_string_to_unsigned(dot + 1, 10, 0, UINT8_MAX, &code, NULL)))
		return FALSE;
	*ret_port = (int)(type << 8 | code);
	return TRUE;
}

static gboolean parse_port(const char *text, int *ret_port)
{
	guint64 port;
	if (!g_ascii_string_to_unsigned(text, 10, 0, UINT16_MAX, &port, NULL))
		return FALSE;
	*ret_port = (int)port;
	return TRUE;
}

gboolean am_service_parse(const char *text, int *ret_ip_protocol, int *ret_port)
{
	const char *number = g_str_has_prefix(text, "ip/") ? text + strlen("ip/") : text;
	const char *slash = strchr(number, '/');
	g_autofree char *protocol = slash != NULL ? g_strndup(number, (gsize)(slash - number)) : g_strdup(number);
	int ip_protocol, port = 0;
	if (!am_protocol_parse(protocol, &ip_protocol))
		return FALSE;
	gboolean is_icmp = am_service_is_icmp((uint8_t)ip_protocol);
	gboolean has_port = is_icmp || am_service_has_ports((uint8_t)ip_protocol);
	if (has_port != (slash != NULL) || (has_port && number != text))
		return FALSE;
	if (has_port && !(is_icmp ? parse_type_and_code(slash + 1, &port) : parse_port(slash + 1, &port)))
		return FALSE;
	*ret_ip_protocol = ip_protocol;
	*ret_port = port;
	return TRUE;
}
