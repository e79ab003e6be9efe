-- What was said of middleboxes, oldest first.
SELECT at_ns, who, content FROM log WHERE kind = 'middlebox' ORDER BY n;
