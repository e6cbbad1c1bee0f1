// A C++ program: maps of strings, vectors that grow, lists spliced, strings joined.
#include <cstdio>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

struct Node {
	std::unique_ptr<Node> left, right;
	std::string name;
};

static std::unique_ptr<Node> tree(int depth, unsigned &count)
{
	auto node = std::make_unique<Node>();
	node->name = "a node with a long enough name " + std::to_string(count++);
	if (depth > 0) {
		node->left = tree(depth - 1, count);
		node->right = tree(depth - 1, count);
	}
	return node;
}

int main()
{
	std::map<std::string, std::vector<int>> index;
	std::unordered_map<unsigned, std::list<std::string>> lists;
	size_t bytes = 0;
	unsigned nodes = 0;

	for (unsigned i = 0; i < 300000; i++)
		index["word " + std::to_string(i * 7919u % 20011u)].push_back(static_cast<int>(i));
	for (unsigned i = 0; i < 300000; i++) {
		lists[i % 5003].push_back("entry number " + std::to_string(i) + " of this list");
		if (i % 3 == 0)
			lists[i % 5003].pop_front();
	}
	for (int i = 0; i < 8; i++)
		tree(14, nodes);
	for (auto &entry : lists)
		for (auto &text : entry.second)
			bytes += text.size();
	std::printf("%zu %zu %u\n", index.size(), bytes, nodes);
}
