/* Lists of listeners on their way in: what the formats have in common. Private to import/. */
#pragma once

#include "allowmap/import.h"

typedef struct {
	const AmListenerOptions *options;
	AmListenerList *list;
} AmListReader;

/* An entry that is not used. */
void am_list_skip(AmListReader *reader, AmListSkip reason);
/* What listens where, as a list tells. `address` may be one of all ("0.0.0.0", "::"); `wide`: with "::" those of IPv4, too. Counted
 * once, though it may be on several addresses of the host. */
typedef struct {
	AmAddress host, address;
	gboolean wide, is_closed;
	uint8_t ip_protocol;
	uint16_t port;
	int64_t at_ns;
	const char *program; /* `program_size` octets, whatever they are */
	size_t program_size;
} AmListSocket;
void am_list_add(AmListReader *reader, const AmListSocket *socket);
/* The list has all of the host's at this time. */
void am_list_add_whole(AmListReader *reader, const AmAddress *host, int64_t at_ns);
/* Text to address; an IPv4 address in IPv6 form (::ffff:10.0.0.1) is IPv4. */
gboolean am_list_address(const char *text, size_t size, AmAddress *ret_address);

/* Formats. FALSE: the error is set. */
gboolean am_list_read_ss(AmListReader *reader, const char *text, size_t size, GError **error);
gboolean am_list_read_osquery(AmListReader *reader, const char *text, size_t size, GError **error);
gboolean am_list_read_nmap(AmListReader *reader, const char *text, size_t size, GError **error);
gboolean am_list_is_ss(const char *text, size_t size);
