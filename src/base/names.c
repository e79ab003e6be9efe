/* The product's words for the values of its enums, from the lists beside the enums. */
#include "config.h"

#include "allowmap/base.h"
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
NAMES(am_outcome_name, AmOutcome, AM_OUTCOMES(NAME3), AM_N_OUTCOMES)
NAMES(am_l7_confidence_name, AmL7Confidence, AM_L7_CONFIDENCES(NAME2), AM_N_L7_CONFIDENCES)
NAMES(am_verdict_name, AmVerdict, AM_VERDICTS(NAME3), AM_N_VERDICTS)
NAMES(am_reason_name, AmReason, AM_REASONS(NAME3), AM_N_REASONS)
NAMES(am_reason_text, AmReason, AM_REASONS(TEXT3), AM_N_REASONS)
NAMES(am_direction_name, AmDirection, AM_DIRECTIONS(NAME2), AM_N_DIRECTIONS)

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
