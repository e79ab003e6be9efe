/* The leases of ISC dhcpd (man dhcpd.leases): statements that end in ";", or in a block of such. The file grows; of one address
 * every lease in it was true in its time. Times are UTC, as "4 2026/03/05 08:15:00", or "epoch 1772698500".
 *
 * A lease was told to be somebody's from "starts" to "cltt" (when the client was last heard). DHCPv6 leases (ia-na) tell no MAC
 * and are counted as of another kind. */
#include "config.h"

#include "inventory.h"

#include <string.h>

#define MAX_WORDS 16

typedef struct {
	const char *at, *end;
	GString *words[MAX_WORDS];
	guint n_words;
} Statements;

/* What ended the words. */
typedef enum { END_OF_FILE, SEMICOLON, OPENS, CLOSES } Stop;

static void add_octet(GString *word, char c)
{
	if (word != NULL && word->len < 256 && c != '\0')
		g_string_append_c(word, c);
}

/* The text of a string; `word` NULL: it is passed over. */
static void read_quoted(Statements *s, GString *word)
{
	for (s->at++; s->at < s->end && *s->at != '"'; s->at++) {
		if (*s->at == '\\' && s->at + 1 < s->end)
			s->at++;
		add_octet(word, *s->at);
	}
	if (s->at < s->end)
		s->at++;
}

static GString *next_word(Statements *s)
{
	if (s->n_words == MAX_WORDS)
		return NULL;
	return g_string_truncate(s->words[s->n_words++], 0);
}

static gboolean is_plain(char c)
{
	return !g_ascii_isspace(c) && strchr("{};\"#", c) == NULL;
}

/* Words up to ";", "{" or "}". */
static Stop read_statement(Statements *s)
{
	s->n_words = 0;
	while (s->at < s->end) {
		char c = *s->at;
		if (c == ';' || c == '{' || c == '}') {
			s->at++;
			return c == ';' ? SEMICOLON : c == '{' ? OPENS : CLOSES;
		}
		if (c == '#') {
			const char *next = memchr(s->at, '\n', (size_t)(s->end - s->at));
			s->at = next != NULL ? next : s->end;
		} else if (c == '"') {
			read_quoted(s, next_word(s));
		} else if (c == '\0' || g_ascii_isspace(c)) {
			s->at++;
		} else {
			GString *word = next_word(s);
			for (; s->at < s->end && *s->at != '\0' && is_plain(*s->at); s->at++)
				add_octet(word, *s->at);
		}
	}
	return END_OF_FILE;
}

static gboolean says(const Statements *s, guint n, const char *text)
{
	return n < s->n_words && strcmp(s->words[n]->str, text) == 0;
}

/* After the first word. */
static gboolean read_time(const Statements *s, int64_t *ret_ns)
{
	if (s->n_words < 3)
		return FALSE;
	if (says(s, 1, "epoch"))
		return am_time_parse(s->words[2]->str, ret_ns);
	if (s->n_words < 4 || strlen(s->words[2]->str) != 10)
		return FALSE;
	g_autofree char *text = g_strdup_printf("%sT%sZ", s->words[2]->str, s->words[3]->str);
	text[4] = text[7] = '-';
	return am_time_parse(text, ret_ns);
}

typedef struct {
	AmAddress address;
	gboolean has_address, has_mac, has_starts, is_abandoned;
	uint8_t mac[6];
	int64_t starts_ns, heard_ns;
	char host[96];
} Lease;

static void read_detail(const Statements *s, Lease *lease)
{
	if (says(s, 0, "starts"))
		lease->has_starts = read_time(s, &lease->starts_ns);
	else if (says(s, 0, "cltt"))
		(void)read_time(s, &lease->heard_ns); /* without it, it was heard when it was given */
	else if (says(s, 0, "hardware") && says(s, 1, "ethernet") && s->n_words == 3)
		lease->has_mac = am_inventory_mac(s->words[2]->str, lease->mac);
	else if (says(s, 0, "client-hostname") && s->n_words == 2)
		g_strlcpy(lease->host, s->words[1]->str, sizeof lease->host);
	else if (says(s, 0, "abandoned") || (says(s, 0, "binding") && says(s, 2, "abandoned")))
		lease->is_abandoned = TRUE;
}

/* Passes over what is inside of a block, which may hold others. FALSE: the file ends before it does. */
static gboolean skip_block(Statements *s)
{
	for (guint depth = 1; depth > 0;) {
		Stop stop = read_statement(s);
		if (stop == END_OF_FILE)
			return FALSE;
		if (stop == OPENS)
			depth++;
		else if (stop == CLOSES)
			depth--;
	}
	return TRUE;
}

static gboolean read_block(Statements *s, Lease *lease)
{
	for (;;) {
		switch (read_statement(s)) {
		case END_OF_FILE:
			return FALSE;
		case CLOSES:
			return TRUE;
		case OPENS:
			if (!skip_block(s))
				return FALSE;
			break;
		case SEMICOLON:
			read_detail(s, lease);
			break;
		}
	}
}

/* Its first words were read. */
static void read_lease(AmInventorySink *sink, Statements *s)
{
	Lease lease = {.has_address = am_address_parse(s->words[1]->str, &lease.address)};
	lease.has_address = lease.has_address && !am_address_is_unspecified(&lease.address) &&
			    !am_address_is_multicast(&lease.address) && !am_address_is_loopback(&lease.address);
	if (!read_block(s, &lease))
		am_entry_skip(sink, AM_INVENTORY_SKIP_SYNTAX);
	else if (!lease.has_address)
		am_entry_skip(sink, AM_INVENTORY_SKIP_ADDRESS);
	else if (lease.is_abandoned)
		am_entry_skip(sink, AM_INVENTORY_SKIP_ENDED);
	else if (!lease.has_mac)
		am_entry_skip(sink, AM_INVENTORY_SKIP_MAC);
	else if (!lease.has_starts)
		am_entry_skip(sink, AM_INVENTORY_SKIP_TIME);
	else
		am_lease_add(sink, &lease.address, lease.mac, lease.host, lease.starts_ns,
			     MAX(lease.starts_ns, lease.heard_ns));
}

static Statements statements_new(const char *text, size_t size)
{
	Statements s = {.at = text, .end = text + size};
	for (guint n = 0; n < MAX_WORDS; n++)
		s.words[n] = g_string_new(NULL);
	return s;
}

static void statements_clear(Statements *s)
{
	for (guint n = 0; n < MAX_WORDS; n++)
		g_string_free(s->words[n], TRUE);
}

static gboolean is_lease(const Statements *s)
{
	return s->n_words == 2 && says(s, 0, "lease");
}

/* By its first statements. */
static gboolean recognise(const char *text, size_t size, const json_t *root)
{
	if (root != NULL)
		return FALSE;
	Statements s = statements_new(text, size);
	gboolean found = FALSE;
	for (guint n = 0; n < 8 && !found; n++) {
		Stop stop = read_statement(&s);
		found = stop == OPENS && (is_lease(&s) || says(&s, 0, "failover") || says(&s, 0, "ia-na"));
		if (stop != SEMICOLON)
			break;
	}
	statements_clear(&s);
	return found;
}

static gboolean read_isc_dhcp(AmInventorySink *sink, const char *text, size_t size, const json_t *root, GError **error)
{
	(void)root;
	(void)error;
	Statements s = statements_new(text, size);
	for (;;) {
		Stop stop = read_statement(&s);
		if (stop == END_OF_FILE)
			break;
		if (stop != OPENS)
			continue; /* of the server itself */
		gboolean is_failover = says(&s, 0, "failover");
		if (is_lease(&s)) {
			read_lease(sink, &s);
			continue;
		}
		gboolean whole = skip_block(&s);
		if (!is_failover)
			am_entry_skip(sink, whole ? AM_INVENTORY_SKIP_OTHER : AM_INVENTORY_SKIP_SYNTAX);
	}
	statements_clear(&s);
	return TRUE;
}

const AmInventoryFormat am_inventory_isc_dhcp = {AM_INVENTORY_ISC_DHCP, recognise, FALSE, read_isc_dhcp};
