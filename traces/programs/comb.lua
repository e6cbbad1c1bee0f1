-- A comb: many strings of one size class are made, nine of ten die, and then come blocks that fit
-- into none of the holes. What an allocator does with the holes is to be seen in the map.
local keep = {}
for i = 1, 1500 do
	local s = ("%05d"):format(i):rep(20)
	if i % 10 == 0 then keep[#keep + 1] = s end
end
collectgarbage()
local big = {}
for i = 1, 40 do big[i] = ("%07d"):format(i):rep(600) end
for i = 1, 40, 2 do big[i] = nil end
collectgarbage()
io.write(#keep, " ", #big[40], "\n")
