-- How many of its entries were used, or were not for this reason.
INSERT INTO listener_list_lines (list, reason, lines) VALUES ((SELECT max(id) FROM listener_lists), ?1, ?2);
