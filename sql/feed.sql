-- How a feed (src/store/feed.h) declares itself to SQLite; its columns stand for the $.
CREATE TABLE feed ($);
