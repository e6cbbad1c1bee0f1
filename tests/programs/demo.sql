-- What ./run demo records: a program that nobody here wrote, doing a day's work in its heap.
CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, price REAL, note TEXT);
CREATE INDEX item_name ON item(name);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
INSERT INTO item SELECT i, 'item ' || (i * 7919 % 100003), i * 0.25,
	hex(i * i) || printf('%0*d', i % 90, i) FROM n;
CREATE TABLE total AS SELECT substr(name, 1, 7) AS k, count(*) AS c, group_concat(note, ';') AS g
	FROM item GROUP BY k;
SELECT count(*), sum(length(g)) FROM total;
UPDATE item SET note = note || name WHERE id % 3 = 0;
DELETE FROM item WHERE id % 4 = 1;
SELECT count(DISTINCT name), sum(length(note)), avg(price) FROM item;
SELECT a.name FROM item a JOIN item b ON b.id = a.id + 2 ORDER BY a.note LIMIT 3;
DROP TABLE total;
