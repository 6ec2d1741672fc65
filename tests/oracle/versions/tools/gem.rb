# RubyGems' own `Gem::Version`.
STDIN.each_line(chomp: true) do |line|
  one, other = line.split("\t").map { |text| Gem::Version.new(text) if Gem::Version.correct?(text) }
  order = one && other ? "<=>"[(one <=> other) + 1] : "-"
  puts "#{one ? 'y' : 'n'}#{other ? 'y' : 'n'}#{order}"
end
