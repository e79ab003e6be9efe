/* export/: writes the policy: the canonical document, and one file per enforcement target.
 *
 * To add a target: a file src/export/TARGET.c with one AmExportTarget, a line in the table of targets.c, a reader in
 * import/ that says what the emitted text permits (the job parses every export back and proves it equal), a unit test, and
 * a test that loads it into a real engine or its validator. Learned text never reaches generated rules: comments carry
 * rule ids only, names are mapped to [a-z0-9_] + hash. */
#pragma once

#include "base.h"
#include "model/policy.h"

#define AM_EXPORT_ERROR (am_export_error_quark())
GQuark am_export_error_quark(void);
typedef enum {
	AM_EXPORT_ERROR_UNAPPROVED,
	AM_EXPORT_ERROR_LIMIT,
	AM_EXPORT_ERROR_OPTION,
	AM_EXPORT_ERROR_WIDENS
} AmExportError;

typedef struct {
	gboolean enforce;        /* default: log only, nothing is dropped */
	gboolean unapproved;     /* with enforce: also rules that nobody has approved */
	gboolean allow_widening; /* accept a target that can only say more than the policy */
	gboolean host;           /* the variant for an end host (input and output); default: a router (forward) */
	gboolean json;           /* the target's JSON form where it has both */
} AmExportOptions;

typedef enum { AM_FIDELITY_EXACT, AM_FIDELITY_NARROWED, AM_FIDELITY_WIDENED, AM_FIDELITY_DROPPED } AmFidelityKind;
typedef struct {
	char rule_id[15];
	AmFidelityKind kind;
	char *reason; /* owned; NULL when exact */
} AmFidelity;

typedef struct {
	const char *name;   /* "nftables" */
	const char *help;   /* one line */
	const char *suffix; /* "nft" */
	gboolean denies;    /* with `enforce` it also says what is denied */
	/* The text for `policy`; adds one AmFidelity per rule to `fidelity`. */
	char *(*write)(const AmPolicy *policy, const AmExportOptions *options, GArray *fidelity, GError **error);
} AmExportTarget;

const AmExportTarget *am_export_find(const char *name);
const AmExportTarget *am_export_target(guint n); /* NULL past the end */

/* Checks the options against the policy (nobody's approval is assumed), writes, and refuses what widens unasked. The policy is
 * of one network: an enforcement point knows addresses only. The text is the caller's; *ret_fidelity (AmFidelity) too, if not
 * NULL. */
char *am_export_write(const AmExportTarget *target, const AmPolicy *policy, const AmExportOptions *options,
		      GArray **ret_fidelity, GError **error);

/* The canonical policy document, as JSON text: the same policy, the same bytes. */
char *am_export_policy(const AmPolicy *policy);
