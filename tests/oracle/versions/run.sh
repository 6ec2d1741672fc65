#!/usr/bin/env bash
# Asks each ecosystem's own tool about the order of versions, and about names, and holds Bonafide's answers against theirs.
#
# Usage: tests/oracle/versions/run.sh      PAIRS=10000 for each ecosystem; SHOW=20 differences of each are printed
#                                          APK=path/to/apk for an apk that is not in the PATH
#
# Fetched from their registries into ~/.cache/bonafide-oracle: packaging, semver, maven-artifact, golang.org/x/mod,
# distribution/reference and nuget.exe. Taken from this machine: dpkg, rpm, ruby, php with composer/semver, apk, and mono for
# nuget.exe (Debian: rpm ruby php-cli php-composer-semver mono-mcs mono-runtime).
#
# Exit code 1: there is a difference that differences.txt does not explain. 2: a tool is missing, and what it would have
# judged was not compared.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
home=${XDG_CACHE_HOME:-$HOME/.cache}/bonafide-oracle/versions
mkdir -p "$home"
missing() { echo "oracle: $1 could not be had: its ecosystem is NOT compared" >&2; }

if ! { [ -x "$home/venv/bin/python" ] || python3 -m venv "$home/venv"; } ||
  ! "$home/venv/bin/pip" install --quiet --disable-pip-version-check packaging==25.0; then
  echo "oracle: Python's packaging could not be installed: NOTHING was compared" >&2
  exit 2
fi

if npm install --silent --no-fund --no-audit --prefix "$home" semver@7.7.3 >/dev/null; then
  export NODE_PATH=$home/node_modules ASK_NPM="node $here/tools/npm.js"
else
  missing "npm's semver"
fi

maven=maven-artifact-4.0.0-rc-4.jar
if [ -f "$home/$maven" ] ||
  mvn -q dependency:copy -Dartifact=org.apache.maven:maven-artifact:4.0.0-rc-4 -DoutputDirectory="$home" >/dev/null; then
  export ASK_MAVEN="java -cp $home/$maven $here/tools/maven.java"
else
  missing maven-artifact
fi

if (cd "$here/tools/go" && go build -o "$home/ask-go" .); then
  export ASK_GO=$home/ask-go
else
  missing golang.org/x/mod
fi

if command -v ruby >/dev/null; then
  export ASK_GEM="ruby $here/tools/gem.rb"
else
  missing ruby
fi

export COMPOSER_SEMVER=${COMPOSER_SEMVER:-/usr/share/php/Composer/Semver}
if command -v php >/dev/null && [ -f "$COMPOSER_SEMVER/autoload.php" ]; then
  export ASK_COMPOSER="php $here/tools/composer.php"
else
  missing "php with composer/semver"
fi

nuget=$home/node_modules/nuget-exe/nuget-5.8.0.exe
if npm install --silent --no-fund --no-audit --prefix "$home" nuget-exe@5.8.0 >/dev/null &&
  mcs -out:"$home/nuget-oracle.exe" "$here/tools/nuget.cs" 2>/dev/null; then
  export ASK_NUGET="mono $home/nuget-oracle.exe $nuget"
else
  missing "nuget.exe with mono"
fi

cargo build --quiet --locked --manifest-path "$root/Cargo.toml" --example versions
exec "$home/venv/bin/python" "$here/compare.py" "${CARGO_TARGET_DIR:-$root/target}/debug/examples/versions"
