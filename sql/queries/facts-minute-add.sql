-- What an interface counted in a minute, added to what that minute has.
INSERT INTO interface_minutes (run, interface, minute, packets, dropped_kernel, dropped_interface, outages)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (run, interface, minute) DO UPDATE SET
	packets = packets + excluded.packets,
	dropped_kernel = dropped_kernel + excluded.dropped_kernel,
	dropped_interface = dropped_interface + excluded.dropped_interface,
	outages = outages + excluded.outages;
