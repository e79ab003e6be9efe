/* What the files about groups share. Private to map/. */
#pragma once

#include "work.h"

/* What a host does, as a number that sorts: it serves (or uses) a port. */
typedef uint32_t AmFeature; /* direction << 24 | protocol << 16 | port */
#define AM_FEATURE_USES (1u << 24)
#define AM_FEATURE_DYNAMIC_PROTOCOL 255 /* with port 0: any of the ports that are handed out as it goes */
static inline AmFeature am_feature(gboolean uses, uint8_t ip_protocol, uint16_t port)
{
	return (uses ? AM_FEATURE_USES : 0) | (AmFeature)ip_protocol << 16 | port;
}

/* Assets that do exactly the same. */
typedef struct {
	GArray *members;  /* uint32_t asset indexes, ascending */
	GArray *features; /* AmFeature, ascending, each once */
	uint64_t realm;   /* AmMapWork.realms: merged with none of another */
	uint64_t role;    /* am_labels_group_mark(): not 0, and it goes with all of the same, and with no others */
} AmClass;

/* merge.c: average-link clustering of classes by IDF-Jaccard likeness, down to a likeness of 1 - cut. Gives for each class
 * the lowest class of its cluster. Deterministic; ties go to the lowest class. g_free() */
uint32_t *am_merge_classes(const GArray *classes, uint32_t n_hosts, double cut);

/* Something that members of a group do, as a number that is the same in every map. */
typedef struct {
	uint64_t mark;
	uint32_t hosts; /* that do it */
	gboolean is_served;
} AmTrait;

/* What a group is known by: the first trait that is drawn, and the first two. */
typedef struct {
	uint64_t first, both;
} AmMark;

/* group-ids.c: the mark of a group of so many members, from their traits (AmTrait, any order, may repeat, which adds up; sorted
 * by this). */
AmMark am_group_mark(GArray *traits, guint n_members);
/* Sets the ids of map->groups: unique, from their marks (AmMark). */
void am_group_ids_set(AmMap *map, const GArray *marks);
/* Indexes of map->groups, in the order in which a first member of each was seen. g_free() */
uint32_t *am_groups_by_age(const AmMap *map);

/* group-edits.c: what people changed of groups; assets' groups are to be set again from their members. */
void am_group_edits_apply(AmMapWork *work);

/* naming-labelled.c: names for the groups that an inventory made, from what it says that they are for. `order`: in which they are
 * named. `taken` (char *, owned): names that are given. */
void am_naming_labelled(AmMapWork *work, const uint32_t *order, GHashTable *taken);
/* naming.c: names for map->groups (unique, from what members serve, else use) and their `why` lines. */
void am_naming_build(AmMapWork *work);
