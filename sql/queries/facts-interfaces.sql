-- What the interfaces of a live run counted, and in how many minutes something was lost.
SELECT
	interface, sum(packets), sum(dropped_kernel), sum(dropped_interface), sum(outages), count(*),
	sum(dropped_kernel + dropped_interface > 0), max(dropped_kernel + dropped_interface)
FROM interface_minutes WHERE run = ?1
GROUP BY interface ORDER BY interface;
