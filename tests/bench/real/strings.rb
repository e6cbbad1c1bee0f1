all = {}
3.times do |round|
  60000.times do |i|
    all["key #{i * 7919 % 50021}"] = [i, "a value that is too long to be embedded #{i * round}", { round => i }]
  end
  all = all.map { |k, v| [k + ".", v] }.to_h if round.odd?
end
puts all.size, all.values.map { |v| v[1].size }.sum
