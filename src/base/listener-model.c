/* Lists of listeners: their words, made and freed. Read by import/, kept by store/. */
#include "config.h"

#include "allowmap/base.h"

#include <string.h>

#define NAMES(function, type, list, n)                                                                                 \
	const char *function(type value)                                                                               \
	{                                                                                                              \
		static const char *const names[] = {list};                                                             \
		return (unsigned)value < (n) ? names[value] : NULL;                                                    \
	}
#define PARSE(function, type, name_of, n)                                                                              \
	gboolean function(const char *name, type *ret_value)                                                           \
	{                                                                                                              \
		for (unsigned value = 0; value < (n); value++) {                                                       \
			if (strcmp(name, name_of((type)value)) != 0)                                                   \
				continue;                                                                              \
			*ret_value = (type)value;                                                                      \
			return TRUE;                                                                                   \
		}                                                                                                      \
		return FALSE;                                                                                          \
	}

#define NAME2(id, name) name,
#define NAME3(id, name, text) name,
#define TEXT3(id, name, text) text,
#define AFTER(first, list) first, list
NAMES(am_listener_source_name, AmListenerSource, AM_LISTENER_SOURCES(NAME2), AM_N_LISTENER_SOURCES)
NAMES(am_listener_flag_name, AmListenerFlag, AM_LISTENER_FLAGS(NAME3), AM_N_FLAGS)
NAMES(am_listener_flag_text, AmListenerFlag, AM_LISTENER_FLAGS(TEXT3), AM_N_FLAGS)
NAMES(am_list_kind_name, AmListKind, AM_LIST_KINDS(NAME2), AM_N_LIST_KINDS)
NAMES(am_list_skip_name, AmListSkip, AFTER("used", AM_LIST_SKIPS(NAME3)), AM_N_LIST_SKIPS)
NAMES(am_list_skip_text, AmListSkip, AFTER("used", AM_LIST_SKIPS(TEXT3)), AM_N_LIST_SKIPS)
PARSE(am_listener_source_parse, AmListenerSource, am_listener_source_name, AM_N_LISTENER_SOURCES)
PARSE(am_list_kind_parse, AmListKind, am_list_kind_name, AM_N_LIST_KINDS)
PARSE(am_list_skip_parse, AmListSkip, am_list_skip_name, AM_N_LIST_SKIPS)

AmListenerList *am_listener_list_new(AmListKind kind)
{
	AmListenerList *list = g_new0(AmListenerList, 1);
	list->kind = kind;
	list->entries = g_array_new(FALSE, FALSE, sizeof(AmListEntry));
	list->whole = g_array_new(FALSE, FALSE, sizeof(AmListWhole));
	return list;
}

void am_listener_list_free(AmListenerList *list)
{
	if (list == NULL)
		return;
	g_array_unref(list->entries);
	g_array_unref(list->whole);
	g_free(list);
}
