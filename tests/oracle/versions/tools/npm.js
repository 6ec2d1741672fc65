// npm's `semver`, strict as the versions of its registry are.
const semver = require("semver");
const read = (text) => semver.parse(text);
for (const line of require("fs").readFileSync(0, "utf8").split("\n").slice(0, -1)) {
  const [one, other] = line.split("\t").map(read);
  const order = one && other ? "<=>"[semver.compare(one, other) + 1] : "-";
  console.log((one ? "y" : "n") + (other ? "y" : "n") + order);
}
