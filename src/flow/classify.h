/* What flow/ asks of nDPI, in words that no version of nDPI changes: a classifier per shard, and per connection a slot
 * with nDPI's state while it still wants packets, then with what it said. Private to flow/; classify.c is the only file
 * that includes nDPI. */
#pragma once

#include <allowmap/base.h>
#include <allowmap/model/packet.h>

/* At most so many connections per classifier keep nDPI state (0.7 KB each and what it allocates); beyond it the one
 * that was begun first is given up, as at its end. */
#define AM_DPI_MAX_LIVE 4096
/* Payload packets that nDPI gets of one connection. It looks at no more than 32 itself. */
#define AM_DPI_MAX_PACKETS 32
/* And of one that it has no word for yet: what it names, it names within 6 packets, with few exceptions (10 the latest in
 * hundreds of captures), and each more goes through all its dissectors. */
#define AM_DPI_MAX_UNNAMED 16

typedef struct AmClassifier AmClassifier;
typedef struct AmDpi AmDpi;

typedef struct AmDpiNames {
	char server_name[AM_SERVER_NAME_SIZE];
	char alpn[AM_ALPN_SIZE];
	struct AmDpiNames *next; /* in the pool of free ones */
} AmDpiNames;

/* Zeroed at first. Must not move while `state` is set: the classifier may give it up on its own. */
typedef struct {
	AmDpi *state;
	AmDpiNames *names; /* NULL = none were seen */
	uint64_t risks;
	uint16_t master, app; /* nDPI's protocol ids, 0 = none: am_classifier_name() */
	uint16_t first_app;   /* app as it was said first */
	uint16_t tls_version;
	uint8_t confidence; /* AmL7Confidence */
	uint8_t name_kind;  /* AmNameKind */
	uint8_t name;       /* AM_ROLE_NAMES bit of what our recognisers say; it goes before nDPI's */
	gboolean done;      /* the rest is set, no packet is wanted */
} AmDpiSlot;

/* Cheap: nDPI's module (5.5 MB, 20 ms) is made when the first packet arrives. Fails when the nDPI library that is
 * loaded is not the one that this was compiled against. */
AmClassifier *am_classifier_new(GError **error);
void am_classifier_free(AmClassifier *classifier);

/* Gives nDPI one packet with payload; the slot must not be done. `is_last`: it must make up its mind with this one.
 * `brief`: its first word is enough. */
void am_classifier_packet(AmClassifier *classifier, AmDpiSlot *slot, const AmPacket *packet, gboolean is_last,
			  gboolean brief);
/* Our recognisers know the protocol (a bit of AM_ROLE_NAMES): nDPI needs no more of it. */
void am_classifier_set_name(AmClassifier *classifier, AmDpiSlot *slot, uint8_t name);
/* The connection ends: what can be said by now. Without any payload seen: nDPI's guess by IP protocol, ports and
 * addresses of `tuple`, which is in the direction of the opener. */
void am_classifier_finish(AmClassifier *classifier, AmDpiSlot *slot, const AmTuple *tuple);
/* Gives back what the slot holds, and zeroes it. */
void am_classifier_clear(AmClassifier *classifier, AmDpiSlot *slot);

/* "tls.google" for nDPI's TLS and Google; "" for nothing. */
void am_classifier_name(const AmClassifier *classifier, const AmDpiSlot *slot, char name[AM_L7_SIZE]);
/* Whether connections of what was found carry names of servers, and the protocol that carries them. */
gboolean am_classifier_carries_names(const AmDpiSlot *slot);
uint16_t am_classifier_base(const AmDpiSlot *slot);
const char *am_classifier_version(void);
const char *am_classifier_risk_name(guint bit);
