import json
rows = []
for i in range(60000):
    rows.append({"id": i, "name": "item %d" % i, "tags": [str(i % 97), str(i % 13)], "p": i * 0.5})
text = json.dumps(rows)
back = json.loads(text)
words = {}
for row in back:
    words.setdefault(row["name"][:8], []).append(row["id"])
print(len(text), len(words), sum(len(str(r)) for r in back))
