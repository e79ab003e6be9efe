/* import/: reads what others (and our own exports) wrote: policy documents, connection logs, deployed rules. */
#pragma once

#include "base.h"
#include "model/connection.h"
#include "model/policy.h"
#include "model/run.h"

#define AM_IMPORT_ERROR (am_import_error_quark())
GQuark am_import_error_quark(void);
typedef enum { AM_IMPORT_ERROR_READ, AM_IMPORT_ERROR_INVALID } AmImportError;

/* Zeek conn.log, TSV or JSON, streamed: each usable line becomes an AmConnection (sequence = first_sequence, +1, ...;
 * evidence AM_EVIDENCE_LOG, the originator by SYN where history or conn_state shows one, and by protocol role where Zeek
 * named the service or the originator's datagrams were answered). All counts lie on the day on which it began: the log has
 * no others. *ret_lines counts the lines that are records, *ret_skipped those among them that cannot be used, also when an
 * error stops it. `each` gives FALSE with its error set to stop. A line of more than 64 KiB is skipped. */
typedef gboolean (*AmLogFunc)(const AmConnection *connection, gpointer user_data, GError **error);
gboolean am_import_conn_log(AmByteReader reader, AmInputKind kind, uint64_t first_sequence, uint32_t network,
			    AmLogFunc each, gpointer user_data, uint64_t *ret_lines, uint64_t *ret_skipped,
			    GError **error);

/* The canonical policy document; strict: the path of what is wrong is in the message, `rules[3].service.ports[0]: ...`.
 * As it was written: am_policy_settle() makes it canonical and checks its ids. */
AmPolicy *am_import_policy(const char *text, size_t size, GError **error);

/* What an nftables ruleset of ours permits: the JSON form, and the text form. For the parse-back proof. */
AmPolicy *am_import_nftables_json(const char *text, size_t size, GError **error);
AmPolicy *am_import_nftables_text(const char *text, size_t size, GError **error);
/* The CSV export, read back. */
AmPolicy *am_import_csv(const char *text, size_t size, GError **error);
