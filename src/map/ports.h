/* What port numbers alone say. Only conventions that RFCs or vendors fix; no network's own habits. */
#pragma once

#include <glib.h>
#include <stdint.h>

#define AM_PORT_DNS 53
#define AM_PORT_DHCP_SERVER 67
#define AM_PORT_DHCP_CLIENT 68

/* Remote administration and logins: ssh, telnet, smb, rdp, winrm, vnc, ... Single sources there stay a question. */
gboolean am_port_is_admin(uint8_t ip_protocol, uint16_t port);
/* Discovery by multicast or broadcast: mDNS, LLMNR, SSDP, NetBIOS, WS-Discovery, ... */
gboolean am_port_is_discovery(uint8_t ip_protocol, uint16_t port);
/* A service has this port by convention, and hardly anything else has it. */
gboolean am_port_is_service(uint8_t ip_protocol, uint16_t port);
/* A short name for a group that serves it ("web", "dns"), or NULL. */
const char *am_port_group_name(uint8_t ip_protocol, uint16_t port);
/* The same from an l7 name ("tls.google" counts as tls), or NULL. */
const char *am_l7_group_name(const char *l7);
/* Infrastructure that a site's own servers poll outside around the clock: DNS, NTP, SMTP. */
gboolean am_port_is_relayed(uint8_t ip_protocol, uint16_t port);
