/* The text form of our nftables export, read back line by line against its frame, data/nftables-*.nft: a line of the frame
 * must stand there as it is; where the frame has a mark, sets, rules or the end of a chain are read. Any other line is an
 * error with its number, so that nothing that permits (or no longer denies) can go unseen. */
#include "config.h"

#include "nftables.h"

#include "allowmap/model/packet.h"

#include <string.h>

typedef struct {
	AmNftReader *reader;
	char **lines; /* NULL at the end */
	guint at;
	int enforce;       /* -1 = not known yet; AM_NFT_LOG, _DENY, _DENY_SCOPES */
	GPtrArray *scopes; /* AmNftParsedScope *: where it denies, the same in all chains; NULL = not read yet */
} TextReader;

static const char *line_of(const TextReader *text)
{
	return text->lines[text->at];
}

static gboolean is_line(const TextReader *text, const char *line, size_t size)
{
	const char *here = line_of(text);
	return here != NULL && strlen(here) == size && memcmp(here, line, size) == 0;
}

static gboolean take_line(TextReader *text, const char *line)
{
	if (!is_line(text, line, strlen(line)))
		return FALSE;
	text->at++;
	return TRUE;
}

/* What follows `word` at *at, if that is there. */
static gboolean take(const char **at, const char *word)
{
	if (!g_str_has_prefix(*at, word))
		return FALSE;
	*at += strlen(word);
	return TRUE;
}

/* Decimal digits as we write them: no sign, no zero in front. */
static gboolean take_number(const char **at, guint most, guint *ret_number)
{
	size_t digits = strspn(*at, "0123456789");
	if (digits == 0 || digits > 5 || (digits > 1 && **at == '0'))
		return FALSE;
	guint number = 0;
	for (size_t n = 0; n < digits; n++)
		number = number * 10 + (guint)(*(*at)++ - '0');
	*ret_number = number;
	return number <= most;
}

/* Up to the next blank; the blank is stepped over. */
static char *take_word(const char **at)
{
	size_t size = strcspn(*at, " ");
	char *word = g_strndup(*at, size);
	*at += size + ((*at)[size] == ' ');
	return word;
}

static gboolean read_set(TextReader *text)
{
	const char *at = line_of(text);
	if (!take(&at, "\tset "))
		return FALSE;
	size_t size = strcspn(at, " ");
	if (strcmp(at + size, " {") != 0)
		return FALSE;
	const char *name = at;
	text->at++;
	uint8_t family = take_line(text, "\t\ttype ipv4_addr") ? 4 : take_line(text, "\t\ttype ipv6_addr") ? 6 : 0;
	AmPolicyGroup *set = family != 0 ? am_nft_add_set(text->reader, name, size, family) : NULL;
	if (set == NULL || !take_line(text, "\t\tflags interval") || !take_line(text, "\t\telements = {"))
		return FALSE;
	for (gboolean more = TRUE; more; text->at++) {
		at = line_of(text);
		if (at == NULL || !take(&at, "\t\t\t"))
			return FALSE;
		size = strcspn(at, ",");
		more = at[size] == ',';
		if (!am_nft_add_prefix(set, family, at, size) || (more && at[size + 1] != '\0'))
			return FALSE;
	}
	return take_line(text, "\t\t}") && take_line(text, "\t}");
}

static gboolean read_ports(AmNftReader *reader, const char **at, GArray *ports)
{
	if (!take(at, " dport {"))
		return FALSE;
	for (const char *before = " "; take(at, before); before = ", ") {
		guint low, high;
		if (!take_number(at, UINT16_MAX, &low))
			return FALSE;
		high = low;
		if (take(at, "-") && (!take_number(at, UINT16_MAX, &high) || high == low))
			return FALSE;
		if (!am_nft_add_ports(reader, ports, low, high))
			return FALSE;
	}
	return take(at, " } ");
}

static gboolean read_icmp(const char **at, const char *name, AmNftParsedRule *rule)
{
	guint number;
	if (!take(at, " type ") || !take_number(at, 255, &number) || !take(at, " "))
		return FALSE;
	rule->has_type = TRUE;
	rule->type = (AmIcmpType){(uint8_t)number, -1};
	if (!take(at, name))
		return TRUE;
	if (!take(at, " code ") || !take_number(at, 255, &number) || !take(at, " "))
		return FALSE;
	rule->type.code = (int16_t)number;
	return TRUE;
}

static gboolean read_service(AmNftReader *reader, const char **at, AmNftParsedRule *rule, GArray *ports)
{
	static const struct {
		const char *name;
		uint8_t ip_protocol;
	} names[] = {{"tcp", AM_PROTO_TCP},
		     {"udp", AM_PROTO_UDP},
		     {"sctp", AM_PROTO_SCTP},
		     {"icmpv6", AM_PROTO_ICMPV6},
		     {"icmp", AM_PROTO_ICMP}};
	guint number;
	if (take(at, "meta l4proto ")) {
		gboolean ok = take_number(at, 255, &number) && take(at, " ");
		rule->ip_protocol = (uint8_t)(ok ? number : 0);
		return ok;
	}
	for (guint n = 0; n < G_N_ELEMENTS(names); n++) {
		if (!take(at, names[n].name))
			continue;
		rule->ip_protocol = names[n].ip_protocol;
		if (names[n].ip_protocol == AM_PROTO_ICMP || names[n].ip_protocol == AM_PROTO_ICMPV6)
			return read_icmp(at, names[n].name, rule);
		rule->ports = ports;
		return read_ports(reader, at, ports);
	}
	return FALSE;
}

/* "[meta nfproto ipvN | ipN saddr @SET ipN daddr @SET] SERVICE counter accept comment "ID"" */
static gboolean read_rule(TextReader *text)
{
	const char *at = line_of(text);
	g_autofree char *from = NULL, *to = NULL, *id = NULL;
	g_autoptr(GArray) ports = g_array_new(FALSE, FALSE, sizeof(AmPortRange));
	AmNftParsedRule rule = {.family = 0};
	if (!take(&at, "\t\t"))
		return FALSE;
	if (take(&at, "meta nfproto ipv4 "))
		rule.family = 4;
	else if (take(&at, "meta nfproto ipv6 "))
		rule.family = 6;
	else
		rule.family = g_str_has_prefix(at, "ip6 ") ? 6 : 4;
	gboolean bare = g_str_has_prefix(line_of(text), "\t\tmeta nfproto");
	if (!bare && take(&at, rule.family == 4 ? "ip saddr @" : "ip6 saddr @"))
		from = take_word(&at);
	if (!bare && take(&at, rule.family == 4 ? "ip daddr @" : "ip6 daddr @"))
		to = take_word(&at);
	if (!bare && from == NULL && to == NULL)
		return FALSE;
	if (!read_service(text->reader, &at, &rule, ports) || !take(&at, "counter accept comment \"") ||
	    strlen(at) != 15 || at[14] != '"')
		return FALSE;
	id = g_strndup(at, 14);
	rule.from = from;
	rule.to = to;
	rule.id = id;
	if (!am_nft_add_rule(text->reader, &rule))
		return FALSE;
	text->at++;
	return TRUE;
}

/* "ipN saddr @SET ipN daddr @SET " at *at, which steps over it; NULL when it is not that. */
static AmNftParsedScope *take_scope(const char **at)
{
	g_autoptr(AmNftParsedScope) scope = g_new0(AmNftParsedScope, 1);
	scope->family = g_str_has_prefix(*at, "ip6 ") ? 6 : 4;
	if (!take(at, scope->family == 4 ? "ip saddr @" : "ip6 saddr @"))
		return NULL;
	scope->from = take_word(at);
	if (!take(at, scope->family == 4 ? "ip daddr @" : "ip6 daddr @"))
		return NULL;
	scope->to = take_word(at);
	return g_steal_pointer(&scope);
}

/* "BEFORE ipN saddr @SET ipN daddr @SET AFTER" */
static gboolean take_scope_line(TextReader *text, const char *before, const AmNftParsedScope *scope, const char *after)
{
	const char *ip = scope->family == 4 ? "ip" : "ip6";
	g_autofree char *line =
		g_strdup_printf("\t\t%s%s saddr @%s %s daddr @%s %s", before, ip, scope->from, ip, scope->to, after);
	return take_line(text, line);
}

/* The same in all chains. */
static gboolean set_enforce(TextReader *text, int enforce)
{
	gboolean ok = text->enforce < 0 || text->enforce == enforce;
	text->enforce = enforce;
	return ok;
}

static gboolean read_default(TextReader *text)
{
	if (take_line(text, "\t\tlimit rate 10/second log prefix \"allowmap deny: \""))
		return take_line(text, "\t\tcounter drop comment \"denied\"") && set_enforce(text, AM_NFT_DENY);
	for (guint n = 0; text->scopes != NULL && n < text->scopes->len; n++) {
		const AmNftParsedScope *scope = text->scopes->pdata[n];
		if (!take_scope_line(text, "", scope, "limit rate 10/second log prefix \"allowmap deny: \"") ||
		    !take_scope_line(text, "", scope, "counter drop comment \"denied\""))
			return FALSE;
	}
	gboolean scoped = text->scopes != NULL && text->scopes->len > 0;
	return take_line(text, "\t\tlimit rate 10/second log prefix \"allowmap would deny: \"") &&
	       take_line(text, "\t\tcounter accept comment \"would-be-denied\"") &&
	       set_enforce(text, scoped ? AM_NFT_DENY_SCOPES : AM_NFT_LOG);
}

/* The first chain says where it denies, the others must say the same. */
static gboolean read_invalid(TextReader *text)
{
	static const char after[] = "counter drop comment \"invalid\"";
	if (take_line(text, "\t\tct state invalid counter drop comment \"invalid\""))
		return set_enforce(text, AM_NFT_DENY);
	for (guint n = 0; text->scopes != NULL && n < text->scopes->len; n++)
		if (!take_scope_line(text, "ct state invalid ", text->scopes->pdata[n], after))
			return FALSE;
	if (text->scopes == NULL) {
		text->scopes = am_nft_scopes_new();
		for (const char *at; line_of(text) != NULL; text->at++) {
			at = line_of(text);
			if (!take(&at, "\t\tct state invalid "))
				break;
			AmNftParsedScope *scope = take_scope(&at);
			if (scope == NULL || strcmp(at, after) != 0) {
				am_nft_parsed_scope_free(scope);
				return FALSE;
			}
			g_ptr_array_add(text->scopes, scope);
		}
	}
	return set_enforce(text, text->scopes->len > 0 ? AM_NFT_DENY_SCOPES : AM_NFT_LOG);
}

static gboolean read_mark(TextReader *text, const char *mark)
{
	if (g_str_has_prefix(mark, "@SETS@")) {
		while (line_of(text) != NULL && g_str_has_prefix(line_of(text), "\tset ")) {
			if (!read_set(text))
				return FALSE;
		}
		return TRUE;
	}
	if (g_str_has_prefix(mark, "@RULES@")) {
		while (line_of(text) != NULL && g_str_has_prefix(line_of(text), "\t\t")) {
			if (!read_rule(text))
				return FALSE;
		}
		return TRUE;
	}
	if (g_str_has_prefix(mark, "@INVALID@"))
		return read_invalid(text);
	return read_default(text);
}

static gboolean read_frame(TextReader *text, const char *frame)
{
	while (line_of(text) != NULL && line_of(text)[0] == '#')
		text->at++;
	for (const char *line = frame; *line != '\0';) {
		size_t size = strcspn(line, "\n");
		if (line[0] == '@') {
			if (!read_mark(text, line))
				return FALSE;
		} else if (is_line(text, line, size)) {
			text->at++;
		} else {
			return FALSE;
		}
		line += size + (line[size] == '\n');
	}
	return line_of(text) != NULL && line_of(text)[0] == '\0' && text->lines[text->at + 1] == NULL;
}

AmPolicy *am_import_nftables_text(const char *bytes, size_t size, GError **error)
{
	if (memchr(bytes, '\0', size) != NULL) {
		g_set_error_literal(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
				    "the nftables text holds a zero octet");
		return NULL;
	}
	g_autofree char *copy = g_strndup(bytes, size);
	g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
	gboolean is_host = g_strv_contains((const char *const *)lines, "\tchain input {");
	AmNftReader reader;
	am_nft_reader_init(&reader);
	TextReader text = {.reader = &reader, .lines = lines, .enforce = -1};
	gboolean ok =
		read_frame(&text, am_embedded(is_host ? "data/nftables-host.nft" : "data/nftables-router.nft", NULL)) &&
		am_nft_finish(&reader, text.enforce, text.scopes);
	g_clear_pointer(&text.scopes, g_ptr_array_unref);
	if (!ok) {
		const char *line = line_of(&text) != NULL ? line_of(&text) : "it ends too early";
		char safe[61];
		line += strspn(line, "\t");
		am_text_safe(safe, sizeof safe, line, strlen(line));
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
			    "the nftables text is not understood at line %u%s: %s", text.at + 1, reader.why, safe);
		am_nft_reader_clear(&reader);
		return NULL;
	}
	AmPolicy *policy = g_steal_pointer(&reader.policy);
	am_nft_reader_clear(&reader);
	return policy;
}
