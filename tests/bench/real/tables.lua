local all = {}
for round = 1, 6 do
	for i = 1, 60000 do
		all[i] = {id = i, name = "item " .. i * round, list = {i, i + 1, i + 2}}
	end
	local words = {}
	for i = 1, 60000 do words[#words + 1] = all[i].name:upper() end
	all.text = table.concat(words, " ")
end
