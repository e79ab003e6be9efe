/* See outers.h. Fed by the pipeline's reader. */
#include "config.h"

#include "outers.h"

gboolean am_outer_packet(const AmOuter *outer, AmPacket *ret_packet)
{
	if (outer->packet.carries == AM_ENCAPSULATION_ERSPAN)
		return FALSE;
	*ret_packet = outer->packet;
	AmTuple *tuple = &ret_packet->tuple;
	switch (outer->packet.carries) {
	case AM_ENCAPSULATION_VXLAN:
	case AM_ENCAPSULATION_GENEVE:
	case AM_ENCAPSULATION_GTP:
		if (tuple->source_port != tuple->destination_port)
			tuple->source_port = 0;
		break;
	default:
		break;
	}
	return TRUE;
}
