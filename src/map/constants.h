/* Every number that a verdict or a group hangs on, with where it comes from. [ALGORITHMS: the published values that the
 * project starts from; "ours": chosen by us, for the reason given.] */
#pragma once

#include <glib.h>

#define AM_NS_PER_MINUTE (60 * G_GINT64_CONSTANT(1000000000))
#define AM_NS_PER_HOUR (60 * AM_NS_PER_MINUTE)
#define AM_NS_PER_DAY (24 * AM_NS_PER_HOUR)

/* ---- Scans: threshold random walk (Jung et al., IEEE S&P 2004; the parameters of SiLK's rwscan). A failure multiplies the
 * likelihood ratio by (1-.2)/(1-.8) = 4, a success by .2/.8 = 1/4; it is decided at .99/.01 = 99. Kept as a logarithm to
 * base 4: +1, -1, floor 0 (a source that was harmless for weeks can be taken over), alarm at log4(99) = 3.31: four
 * straight failures. Every target or port counts once a day, so four failures are four distinct ones. */
#define AM_SCAN_ALARM 3.3147
/* Ours: the walk forgets by half in six hours. A person's typing errors (0.1 an hour) stay below the alarm for months,
 * a scan of one target every two hours does not. */
#define AM_SCAN_HALF_LIFE_NS (6 * AM_NS_PER_HOUR)
/* Ours: a port that is tried again and again, for hours, is a client of something that went away, not a probe. */
#define AM_SCAN_RETRY_CONNECTIONS 5
#define AM_SCAN_RETRY_HOURS 3
/* Ours: what happened within a minute of a scan may belong to it (timers, reordering). */
#define AM_SCAN_PAD_NS AM_NS_PER_MINUTE
/* The usual 5%: an edge all of whose n active hours fall into scan windows that fill the share f of the observation is the
 * scan's work if f^n is below it. */
#define AM_SCAN_CHANCE 0.05
/* Ours: with fewer active hours than this, an edge inside a scan window proves nothing of its own. */
#define AM_SCAN_OWN_HOURS 3

/* Ours: who scans every night does the rest of that night's work within so long of it. */
#define AM_SCAN_NIGHT_NS (3 * AM_NS_PER_HOUR)

/* ---- Recurrence. Ours, after the measured recurrence in ALGORITHMS §2 (distinct days and hours beat counts). */
#define AM_RECUR_HOURS 3  /* distinct hours of activity */
#define AM_PASSING_DAYS 4 /* an observation of fewer days cannot tell what passes */
#define AM_RECUR_DAYS 3   /* or distinct days */
#define AM_HEALTH_HOURS 6 /* of a check that only connects: a person's wrong port is tried again, but not for so long */
#define AM_RECUR_SHORT_HOURS 6 /* an observation shorter than this cannot show hours: connections are counted instead */
#define AM_RECUR_SHORT_CONNECTIONS 2
/* ALGORITHMS §2, poisoning: nothing is learned from what was first seen in the last fifth, unless peers speak for it. Asked
 * of observations of at least this many days only: shorter ones have a nightly job in their last fifth. */
#define AM_LATE_SHARE 5
#define AM_LATE_MIN_DAYS 3

/* Ours: adverts of routing and redundancy come every second to half a minute, so minutes show this many. */
#define AM_LOCAL_PACKETS 10

/* ---- Direction (ours). One beginning in so many may have been missed by the mirror, or its packets come out of order. */
#define AM_MISSED_SHARE 10

/* ---- Half-seen hosts (ours): so many packets sent, and not one received for so many sent. */
#define AM_HALF_SEEN_PACKETS 100
#define AM_HALF_SEEN_RATIO 50

/* ---- Visibility (ours): a service counts as one that every subnet may need from so many client subnets on, if these are one in so
 * many. Where half of all pairs are never mirrored, a need of all shows from half of them. */
#define AM_EXPECTED_SUBNETS 3
#define AM_EXPECTED_SHARE 3
/* The same connections before and behind a balancer, but for what a mirror loses; so many, or it may be chance. */
#define AM_BALANCED_CONNECTIONS 5
#define AM_BALANCED_ERROR 0.02
#define AM_FRONT_CLIENTS 3 /* of an address that never asks anything itself, so that it may be a balancer's */

/* ---- Middleboxes (ours). Connections that went on as others: so many, and the other way round, which is chance, not even one for so
 * many. */
#define AM_RELAYED_CONNECTIONS 5
#define AM_RELAYED_TURNED 5
#define AM_RELAYED_CLIENTS 2 /* of one client, two legs may be its own doing */
/* Of all with words: of what is asked on in a middlebox's own name half came from somewhere (checks of its own, and paths that are not
 * mirrored, are the rest); of what it was asked, as much went on as a mirror of one path in three shows. Nearly all of what it was
 * asked stands for what it asks, too. */
#define AM_RELAYED_SHARE 0.5
#define AM_RELAYED_SEEN 0.3
#define AM_RELAYED_NEARLY_ALL 0.8
/* Another system behind an address shows in so many connections, and in one of so many. */
#define AM_SYSTEM_CONNECTIONS 5
#define AM_SYSTEM_SHARE 50

/* ---- Collectors (ours). A collector need not say a word, and then nothing shows that it is up; but so many hosts would
 * not all go on writing to one that is gone without a router's complaint. */
#define AM_COLLECTOR_CLIENTS 4

/* ---- Leases (ours). Few hosts take more than two a day, but who gives one to so many hosts that go on to use it, and was
 * asked by broadcast for each, is this network's DHCP server. */
#define AM_LEASE_CLIENTS 3
/* Two servers that share the work give half each; somebody's home router, plugged in for a while, gives less than this share of what
 * the server of the same hosts gives. */
#define AM_LEASE_SHARE 0.1

/* ---- Pools (ours). So many hosts of a group in a subnet, of which so many were given an address by a DHCP server or changed it, */
#define AM_POOL_MEMBERS 4
#define AM_POOL_MOVED 2
/* or of which at least this share (and number) came after the first day, on two days or more, and as many went before the last one, */
#define AM_POOL_SHARE 0.25
#define AM_POOL_COMERS 3
/* while of others there is no more than one for so many. */
#define AM_POOL_OWN 3

/* Clients of a server that others rely on. It does not vouch for a host that serves nobody: both ask the same resolver and the
 * same directory, whatever they are for. */
#define AM_RELIED_ON_CLIENTS 2

/* ---- Peers (ours). Two clients are alike when they share at least two services and half of those of the one that has
 * fewer; looked for among this many clients of the service, spread evenly. */
#define AM_PEER_SHARED 2
#define AM_PEER_SHARE 0.5
#define AM_PEER_SAMPLE 64
/* So many servers that a client uses regularly on one port make one more inside no surprise. */
#define AM_HABIT_SERVERS 3
/* What so many inside clients use, each too seldom to speak for itself, together often enough, is a service of this network's. As
 * many as of a collector. */
#define AM_POOL_CLIENTS 4
/* One in so many of them gets less than what is asked of each. */
#define AM_POOL_LOW 4
/* A nightly job comes again after a day; what goes over midnight does not. */
#define AM_RETURN_NS (12 * AM_NS_PER_HOUR)
/* A service is everybody's when one in so many of its network's hosts that use anything regularly uses it: DNS, the clock,
 * logons. */
#define AM_COMMON_SHARE 2
/* So many clients of a port number with a server each that is nobody else's are tenants; fewer may be a primary and its
 * secondary, each with the client that prefers it. As many as make pairs of a policy (policy/apart.c). */
#define AM_PAIR_CLIENTS 4
/* A service is public when this many outside clients use it regularly. */
#define AM_PUBLIC_CLIENTS 5
/* A visit that got less than this share of what a little served regular client gets (one in AM_CONFORM_LOW gets less: the
 * very least may owe it to losses of the mirror) was not served: a failed login, a broken TLS handshake, an error page. */
#define AM_CONFORM_SHARE 0.5
#define AM_CONFORM_LOW 10
/* Where most of those who come by from outside get less than this share of it, the service is that of partners, and the others
 * are those who knock. */
#define AM_VISIT_SHARE 0.8
/* Ours: so many strangers for each regular client of a login, or where there is none, guess passwords. */
#define AM_GUESSERS 10

/* ---- Administration and lateral movement (ours). */
#define AM_ADMIN_ESTABLISHED 3 /* servers that a client administers regularly before one more is no surprise */
/* And these are at least one in so many of all that it logs in to: a worm has lasting victims, too, but more that are new. */
#define AM_ADMIN_SHARE 4
#define AM_ADMIN_DAYS 5 /* on so many days, or over half of the observation, it is no intruder's visit */
#define AM_LATERAL_HOSTS 3
#define AM_LATERAL_PROTOCOLS 2

/* ---- Beacons (RITA v5: at least 4 connections, at least 6 hours). */
#define AM_BEACON_CONNECTIONS 4
#define AM_BEACON_HOURS 6
/* Ours: active in this share of all hours from the first to the last; between one contact in two hours and one a minute;
 * less than this much payload each. */
#define AM_BEACON_COVERAGE 0.9
#define AM_BEACON_SLOWEST 0.5
#define AM_BEACON_FASTEST 60.0
#define AM_BEACON_TELLING_RATE 2.0 /* above it chance fills nearly all hours as well (1 - e^-2 = .86) */
#define AM_BEACON_BYTES 65536
/* A destination is out of the ordinary when at most one, or less than half, of the inside hosts that talk to the outside
 * use it (RITA counts a prevalence of half and more in favour). */
#define AM_BEACON_CLIENT_SHARE 2
/* Index of dispersion (variance by mean) of the counts of this many whole days or more: below this, a Poisson process is
 * found once in 20 (chi-square with 2 degrees of freedom: .103/2); a timer with a jitter of a third is, always. */
#define AM_BEACON_DISPERSION_DAYS 3
#define AM_BEACON_DISPERSION 0.05

/* ---- Assets. */
/* A DHCP server may have been slow to say that an address is free, and a resolver remembers. */
#define AM_IDENTITY_SLACK_NS (600 * INT64_C(1000000000))

/* Hosts that one sender of syslog tells of: more than a machine that was renamed. */
#define AM_RELAY_NAMES 3

/* ---- Groups (ALGORITHMS §3, measured on a real network and on generated ones, whose roles are known). */
/* Likeness .60. On the real network .59 to .62 give the same groups (adjusted Rand index .81 at pair precision .96); the
 * generated ones are better the lower it is, down to .58. */
#define AM_GROUP_CUT 0.40
/* What several hosts serve, against what they use. From 2.5 to 3 the range of cuts that are right for all is widest. */
#define AM_GROUP_SERVES_WEIGHT 2.5
/* A habit is what nine hosts in ten do, and is not a habit of others of whom one in ten does. That of twelve hosts the six that
 * do one thing are the six that do not do another is chance once in 924. */
#define AM_GROUP_HABIT_SHARE 0.9
#define AM_GROUP_HABIT_HOSTS 6
#define AM_GROUP_MIN_CLIENTS 2 /* a (server, port) counts only with this many clients */
/* What a group is known by is a habit of two members in three. */
#define AM_GROUP_MOST (2.0 / 3)
/* A host that serves more ports than this hands them out as it goes (RPC, passive FTP, media): which ones says nothing. Any
 * number from 16 to 64 gives the same groups there. */
#define AM_GROUP_DYNAMIC_PORTS 32

/* ---- Coverage (ALGORITHMS §2). */
#define AM_COVERAGE_MISSED 0.05 /* how probable it is that what is as frequent as the rare-flow bound was missed */
/* Ours: one day says nothing of another, and two cannot tell a habit from a chance. */
#define AM_COVERAGE_MIN_DAYS 3
/* Ours: two points of a hundred between prediction and outcome are chance; more are days that are not alike. */
#define AM_COVERAGE_MARGIN 0.02
#define AM_COVERAGE_WEEK 7     /* days before anything is said of how many more are needed */
#define AM_COVERAGE_HELD_OUT 7 /* last days that are predicted from those before: a week has all kinds of them */
#define AM_COVERAGE_TARGETS 0.95, 0.99
/* Ours: a first or last day with fewer hours than this share of those of the fullest day is a part of one. */
#define AM_COVERAGE_WHOLE_DAY 0.75
