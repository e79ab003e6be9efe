/* The options about visibility, for status and for whatever recommends a policy. */
#include "config.h"

#include "cmd.h"

#include <stdio.h>
#include <string.h>

void am_visibility_arguments_add(GOptionContext *context, AmVisibilityArguments *arguments)
{
	const GOptionEntry entries[] = {
		{"subnet", 0, 0, G_OPTION_ARG_STRING_ARRAY, &arguments->subnets,
		 "A subnet of the network (repeatable; default: each /24 of IPv4, /64 of IPv6)", "CIDR"},
		{"assume-visible", 0, 0, G_OPTION_ARG_STRING, &arguments->visible,
		 "Subnets whose traffic all passes a tap: 'all', or CIDRs and 'outside', with commas", "LIST"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_option_context_add_main_entries(context, entries, NULL);
}

void am_visibility_arguments_clear(AmVisibilityArguments *arguments)
{
	g_strfreev(arguments->subnets);
	g_free(arguments->visible);
}

gboolean am_cmd_assumes_all(const AmVisibilityArguments *arguments)
{
	return g_strcmp0(arguments->visible, "all") == 0;
}

static gboolean parse_prefixes(char **texts, const char *option, GArray *prefixes, gboolean *ret_outside,
			       GError **error)
{
	for (char **text = texts; text != NULL && *text != NULL; text++) {
		AmPrefix prefix;
		if (ret_outside != NULL && strcmp(*text, "outside") == 0) {
			*ret_outside = TRUE;
			continue;
		}
		if (!am_prefix_parse(*text, &prefix, error)) {
			g_prefix_error(error, "--%s: ", option);
			return FALSE;
		}
		g_array_append_val(prefixes, prefix);
	}
	return TRUE;
}

AmVisibility *am_cmd_visibility(const AmVisibilityArguments *arguments, const AmMap *map, GError **error)
{
	AmVisibilityOptions options = {0};
	g_autoptr(GArray) subnets = g_array_new(FALSE, FALSE, sizeof(AmPrefix));
	g_autoptr(GArray) visible = g_array_new(FALSE, FALSE, sizeof(AmPrefix));
	gboolean all = am_cmd_assumes_all(arguments);
	g_auto(GStrv) list = arguments->visible != NULL && !all ? g_strsplit(arguments->visible, ",", -1) : NULL;
	if (!parse_prefixes(arguments->subnets, "subnet", subnets, NULL, error) ||
	    !parse_prefixes(list, "assume-visible", visible, &options.outside_visible, error))
		return NULL;
	for (int family = 4; all && family <= 6; family += 2) {
		AmPrefix everything = {.address.family = (uint8_t)family};
		g_array_append_val(visible, everything);
	}
	options.subnets = subnets;
	options.visible = visible;
	return am_map_visibility(map, &options);
}

void am_cmd_note_visibility(const AmVisibility *visibility, const AmVisibilityArguments *arguments)
{
	uint64_t held = visibility->n_pairs[AM_VISIBILITY_BOTH] + visibility->n_pairs[AM_VISIBILITY_DECLARED];
	uint64_t rest = visibility->n_pairs[AM_VISIBILITY_NONE] + visibility->n_pairs[AM_VISIBILITY_ONE_WAY];
	if (am_cmd_assumes_all(arguments) || rest + visibility->half_seen->len == 0)
		return;
	am_cmd_say(
		"default deny holds between %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
		" pairs of subnets, or subnets and the outside%s; the others were not seen both ways, so what no rule "
		"permits there is only logged: 'allowmap status --visibility' names them, and the taps that are "
		"missing",
		held, held + rest, visibility->half_seen->len > 0 ? ", without the hosts that are seen in half" : "");
}
