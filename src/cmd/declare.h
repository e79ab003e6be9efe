/* What the commands share by which people say something: verdict, middlebox, import, expect, exclude, group, visibility. Private
 * to cmd/. */
#pragma once

#include "cmd.h"

/* Who declares what where. Strings are NULL when not given. */
typedef struct {
	char *format, *who, *why;
} AmDeclareArguments;

void am_declare_arguments_add(GOptionContext *context, AmDeclareArguments *arguments);
void am_declare_arguments_clear(AmDeclareArguments *arguments);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AmDeclareArguments, am_declare_arguments_clear)

/* The name of the facts. */
const char *am_declare_facts(const AmMapArguments *map_arguments);
/* The map, or one of nothing: one may decide before there are facts. */
AmSnapshot *am_declare_look(const AmMapArguments *map_arguments, GError **error);
/* For a list. Where there are neither facts nor decisions, the error of the facts: a name was mistyped. */
AmSnapshot *am_declare_look_first(const AmMapArguments *map_arguments, GError **error);
/* The same, when --format alone is allowed. NULL on error. */
AmSnapshot *am_declare_list(const AmMapArguments *map_arguments, const AmDeclareArguments *arguments,
			    AmFormat *ret_format, GError **error);
/* The decisions, made when missing. */
AmDecisions *am_declare_open(const AmMapArguments *map_arguments, GError **error);
/* Fills who, when and why, with borrowed strings; refuses --format. */
gboolean am_declare_said(const AmMapArguments *map_arguments, const AmDeclareArguments *arguments, AmSaid *ret_said,
			 GError **error);
/* "10.0.0.1,10.1.0.0/16" → AmPrefix, appended. */
gboolean am_declare_prefixes(const char *what, const char *text, GArray *prefixes, GError **error);
/* Takes back the decision of this number; `said` is what was said under it, NULL = there is no such decision of this verb. */
gboolean am_declare_take_back(const char *verb, const char *number, const AmSaid *said,
			      const AmMapArguments *map_arguments, const AmDeclareArguments *arguments, GError **error);
/* "7" → 7; 0 when it is no number. */
int64_t am_declare_number(const char *text);
