/* What goes between the ends of a tunnel. shard.c shows every outer packet, and asks before it gives out a record.
 *
 * The ends of a tunnel send to each other, and what is between them has to permit it. A mirror wraps what it copies the same
 * way, but sends one way, to a collector that never answers in kind; that is nobody's service, and must not become a rule. So a
 * connection of outer packets is recorded once both directions were seen. A lone direction of a tunnel that is the network's own
 * is taken for a mirror's: less is recorded, never something wrong.
 *
 * Where the source port only spreads the load (job/ gives it as 0), each direction is a connection of its own, and finds the
 * other in the table.
 */
#include "config.h"

#include "outers.h"

#include "allowmap/model/encapsulation.h"

/* Where the ends that open a tunnel send to. */
static gboolean is_service(uint16_t port)
{
	switch (port) {
	case AM_PORT_VXLAN:
	case AM_PORT_VXLAN_GPE:
	case AM_PORT_VXLAN_LINUX:
	case AM_PORT_GENEVE:
	case AM_PORT_GTP:
	case AM_PORT_TEREDO:
	case AM_PORT_AYIYA:
		return TRUE;
	default:
		return FALSE;
	}
}

static void add_role(AmFlow *flow, const AmPacket *packet, int direction)
{
	if (packet->tuple.ip_protocol != AM_PROTO_UDP ||
	    (flow->evidence & (AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_CLIENT_HI)) != 0)
		return;
	int client = direction;
	if (!is_service(packet->tuple.destination_port)) {
		if (!is_service(packet->tuple.source_port))
			return;
		client = !direction;
	}
	flow->evidence |= client == 0 ? AM_EVIDENCE_CLIENT_LO : AM_EVIDENCE_CLIENT_HI;
}

/* The other direction of a tunnel whose source ports do not matter. */
static void find_other(AmFlowTable *table, const AmFlow *flow, AmFlowRecord *record)
{
	AmFlowKey other = flow->key;
	other.port_lo = flow->key.port_hi;
	other.port_hi = flow->key.port_lo;
	uint32_t index = am_flow_table_find(table, &other, am_flow_table_hash(table, &other));
	if (index == AM_NO_FLOW || am_flow_record_at(table, index)->n_outers == 0)
		return;
	record->is_answered = am_flow_record_at(table, index)->is_answered = TRUE;
}

void am_outers_add(AmFlowTable *table, AmFlow *flow, AmFlowRecord *record, const AmPacket *packet, int direction)
{
	if (record->n_outers++ == 0)
		record->carries = packet->carries;
	add_role(flow, packet, direction);
	if (!record->is_answered && packet->tuple.ip_protocol == AM_PROTO_UDP && packet->tuple.source_port == 0)
		find_other(table, flow, record);
}

gboolean am_outers_is_mirror(const AmFlow *flow, const AmFlowRecord *record)
{
	const uint64_t *packets = flow->total.packets;
	return record->n_outers != 0 && record->n_outers == packets[0] + packets[1] && !record->is_answered &&
	       (packets[0] == 0 || packets[1] == 0);
}
