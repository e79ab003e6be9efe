/* The filters of a listing, parsed once. Private to report/. */
#pragma once

#include "allowmap/report.h"

/* Which filters a listing can apply. */
enum {
	AM_FILTER_ASSET = 1 << 0,
	AM_FILTER_GROUP = 1 << 1,
	AM_FILTER_PORT = 1 << 2,
	AM_FILTER_L7 = 1 << 3,
	AM_FILTER_VERDICT = 1 << 4,
	AM_FILTER_ALL = AM_FILTER_ASSET | AM_FILTER_GROUP | AM_FILTER_PORT | AM_FILTER_L7 | AM_FILTER_VERDICT,
};

typedef struct {
	const AmMap *map;
	gboolean has_asset, has_verdict, has_port;
	AmPrefix asset;
	uint32_t group;  /* index; AM_NO_INDEX = any */
	int ip_protocol; /* -1 = any with ports */
	uint16_t port_low, port_high;
	const char *l7;
	AmVerdict verdict;
} AmFilter;

/* `what` names the listing in errors ("groups"), `allowed` are the filters that make sense for it. A value that cannot
 * be understood, or a filter that does not fit: AM_REPORT_ERROR_OPTION, with what is allowed. */
gboolean am_filter_parse(const AmMap *map, const AmListOptions *options, const char *what, guint allowed,
			 AmFilter *ret_filter, GError **error);

/* One endpoint, by its address and its asset's group. */
gboolean am_filter_endpoint(const AmFilter *filter, uint32_t endpoint);
/* An address that no packet had: it is in no group. */
gboolean am_filter_address(const AmFilter *filter, const AmAddress *address);
/* Either end. */
gboolean am_filter_ends(const AmFilter *filter, uint32_t a, uint32_t b);
gboolean am_filter_port(const AmFilter *filter, uint8_t ip_protocol, uint16_t port);
/* "tls" matches "tls" and "tls.google", never "tlsx". NULL = no l7 name. */
gboolean am_filter_l7(const AmFilter *filter, const char *l7);
gboolean am_filter_edge(const AmFilter *filter, const AmEdge *edge);
