-- A table, an index, a query that sorts: the page cache grows, the sorter comes and goes.
CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, note TEXT);
CREATE INDEX item_name ON item(name);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
INSERT INTO item SELECT i, 'item ' || (i * 7919 % 1009), hex(i * i) FROM n;
SELECT name, length(note) FROM item ORDER BY note DESC LIMIT 2;
DELETE FROM item WHERE id % 3 = 0;
SELECT count(*) FROM item;
