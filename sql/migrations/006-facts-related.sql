-- Why: a connection to a port that another connection of the same two endpoints announced (passive FTP, TFTP, RPC, SIP's media)
-- is needed as much as that one is. So it tells which service announced it, and so does its tally: the map is made of tallies.
--
-- kind * 2^25 + server * 2^24 + IP protocol * 2^16 + port: of the service that announced it; kind: 1 FTP, 2 TFTP, 3 MS-RPC,
-- 4 SunRPC, 5 SIP; server: 0 lo, 1 hi.
ALTER TABLE connections ADD COLUMN related_to INTEGER; -- NULL: nothing
ALTER TABLE tallies ADD COLUMN related_to INTEGER NOT NULL DEFAULT 0; -- the largest among its connections; 0: none

PRAGMA user_version = 6;
