/* The sections of the HTML report. Private to report/. */
#pragma once

#include "digest.h"
#include "ledger.h"

#include "allowmap/report.h"

/* What every section draws on. All borrowed. */
typedef struct {
	const AmMap *map;
	const AmPolicy *policy; /* may be NULL */
	const GPtrArray *runs;
	const char *const *files; /* may be NULL */
	const AmDigest *digest;
	AmLedgerSum ledger;
	uint64_t over_grant, over_grant_unseen; /* of all rules */
} AmHtmlReport;

/* html-edges.c */
void am_html_essential(GString *page, const AmHtmlReport *report);
void am_html_questions(GString *page, const AmHtmlReport *report);
void am_html_suspicious(GString *page, const AmHtmlReport *report);
void am_html_background(GString *page, const AmHtmlReport *report);
void am_html_local(GString *page, const AmHtmlReport *report);

/* html-policy.c */
void am_html_policy(GString *page, const AmHtmlReport *report);
void am_html_groups(GString *page, const AmHtmlReport *report);

/* html-listeners.c */
void am_html_listeners(GString *page, const AmHtmlReport *report);

/* html-ledger.c */
void am_html_ledger(GString *page, const AmHtmlReport *report);
void am_html_limits(GString *page, const AmHtmlReport *report);
