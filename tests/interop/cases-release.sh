# shellcheck shell=bash
# A release of this program, rehearsed: packed, signed by the real cosign as the release's own workflow, pushed, and verified by the
# scripts that the workflow runs; then what a release must be refused for. Sourced by run.sh.
# shellcheck disable=SC2154 # bonafide, labtool, work, root, mallory: set by those who source this

cargo_sbom_version=0.10.0

# The run of build.yml that release.yml of a tag calls, as flags of labtool.
release_run='--repo acme/bonafide --workflow .github/workflows/release.yml --ref refs/tags/v0.1.0
  --builder acme/bonafide/.github/workflows/build.yml@refs/tags/v0.1.0'

# sign_file WHO FILE — signs a file into the bundle beside it
sign_file() { run_cosign sign-blob rekor2 "$1" --bundle "$2.sigstore.json" "$2"; }

# rehearsed TITLE REFUSAL — what verify.sh says of the folder and the image: REFUSAL is a part of its output, or empty for a release
rehearsed() {
  local title=$1 refusal=$2 exit_code=0 expected=0 line=ok
  [ -z "$refusal" ] || expected=1
  "$root/release/verify.sh" "$bonafide" "$folder" acme/bonafide v0.1.0 "$image" "$LAB_TRUST/trusted_root.json" \
    >"$work/out" 2>&1 </dev/null || exit_code=$?
  [ "$exit_code" = "$expected" ] || line="NOT OK"
  grep -qF -- "${refusal:-verified  ${image%@*}  ${image#*@}}" "$work/out" || line="NOT OK"
  row "$title" - "$exit_code" "$expected" "$line" "$(tail -n 1 "$work/out" | cut -c 1-110)" ||
    tail -n 12 "$work/out" | sed 's/^/    /'
}

# push_release NAME — pushes the packed image, and attests what the release does
push_release() {
  local tag=$LAB_REGISTRY/interop-${work##*.}/$1:v0.1.0
  tag=${tag,,}
  image=${tag%:*}@$("$LAB_BIN/crane" push "$packed"/*.oci "$tag" 2>>"$LAB_LOGS/crane.log" | sed 's/.*@//')
}

sign_image() { sign rekor2 "${1:-$release_run}" "$image"; }

# attest_build [RUN FLAGS] — the release's own run signs what a provenance says of this one
attest_build() {
  # shellcheck disable=SC2086 # a list of words
  "$labtool" provenance ${1:-$release_run} >"$work/predicate.json"
  attest rekor2 "$release_run" slsaprovenance1 "$work/predicate.json" "$image"
}

# packages — installs what was packed into folders, without a script and without root's own files, and runs what is there
packages() {
  local package=$1/bonafide_0.1.0_amd64.deb tree=$work/debian line=ok said=
  mkdir -p "$tree/var/lib/dpkg/updates" "$tree/var/lib/dpkg/info" && : >"$tree/var/lib/dpkg/status"
  # Where this is not Debian, the packages were packed twice with the same bytes, and no more is known of them.
  if command -v dpkg >/dev/null; then
    dpkg --root="$tree" --force-not-root --log=/dev/null -i "$package" >"$work/out" 2>&1 || line="NOT OK"
    said=$("$tree/usr/bin/bonafide" --version) || line="NOT OK"
    cmp "$bonafide" "$tree/usr/bin/bonafide" || line="NOT OK"
    gzip --test "$tree/usr/share/man/man1/bonafide.1.gz" || line="NOT OK"
    dpkg --root="$tree" --force-not-root --log=/dev/null -r bonafide >"$work/out" 2>&1 || line="NOT OK"
    [ -z "$(find "$tree" -name '*bonafide*' -path '*/usr/*' -type f)" ] || line="NOT OK"
    packaged "release, the Debian package" "$line" "installed, run ($said), removed"
  fi
  mkdir -p "$work/alpine"
  line=ok
  { tar -xzf "$1/bonafide_0.1.0_x86_64.apk" -C "$work/alpine" 2>"$work/out" && cmp "$bonafide" "$work/alpine/usr/bin/bonafide"; } ||
    line="NOT OK"
  packaged "release, the Alpine package" "$line" "unpacked"
  if command -v rpm >/dev/null; then
    line=ok
    mkdir -p "$work/fedora"
    rpm --root "$work/fedora" --dbpath /var/lib/rpm -i "$1/bonafide-0.1.0-1.x86_64.rpm" >"$work/out" 2>&1 || line="NOT OK"
    cmp "$bonafide" "$work/fedora/usr/bin/bonafide" || line="NOT OK"
    packaged "release, the Fedora package" "$line" "installed"
  fi
  line=ok
  "$root/release/formula.sh" acme/bonafide "$1" >"$work/bonafide.rb" || line="NOT OK"
  grep -q "sha256 \"$(sha256sum "$1/$name.tar.gz" | cut -d' ' -f1)\"" "$work/bonafide.rb" || line="NOT OK"
  ! command -v ruby >/dev/null || ruby -c "$work/bonafide.rb" >"$work/out" 2>&1 || line="NOT OK"
  packaged "release, the formula" "$line" "of the archive's checksum"
}

# packaged TITLE LINE WORDS — prints a line, and counts it
packaged() {
  row "$1" - - - "$2" "$3" ||
    tail -n 12 "$work/out" | sed 's/^/    /'
}

attest_contents() { attest rekor2 "$release_run" spdxjson "$folder/$name.spdx.json" "${1:-$image}"; }

release_rehearsal() {
  local target name packed=$work/packed folder=$work/release image donor file
  echo "--- a release of Bonafide"
  if ! command -v cargo-sbom >/dev/null && ! timeout 900 cargo install cargo-sbom --version $cargo_sbom_version --locked \
    >"$LAB_LOGS/install-cargo-sbom.log" 2>&1 </dev/null; then
    echo '!!! cargo-sbom could not be installed: the release was NOT rehearsed' >&2
    return
  fi
  target=$(rustc -vV | sed -n 's/^host: //p')
  local PATH=$LAB_BIN:$PATH
  "$root/release/pack.sh" "$bonafide" "$target" "$packed" >"$work/out" || lab_fail "release/pack.sh failed"
  "$root/release/pack.sh" "$bonafide" "$target" "$work/again" >"$work/out" || lab_fail "release/pack.sh failed"
  diff -r "$packed" "$work/again" || lab_fail "release/pack.sh wrote other bytes the second time"
  mkdir "$folder"
  cp "$packed"/*.* "$packed/SHA256SUMS" "$folder" 2>/dev/null || true
  name=$(cd "$packed" && echo *.tar.gz)
  name=${name%.tar.gz}
  for file in "$folder"/*; do sign_file "$release_run" "$file"; done
  packages "$folder"

  push_release release
  sign_image && attest_build && attest_contents
  rehearsed "release" ''

  file=$folder/$name.tar.gz
  cp "$file" "$work/archive" && cp "$file.sigstore.json" "$work/archive.sigstore.json"
  rm "$file.sigstore.json"
  rehearsed "release, a file without a signature" "$name.tar.gz is not signed"
  sign_file "$mallory" "$file"
  rehearsed "release, a file of another signer" "refused: $name.tar.gz"
  sign_file '--repo acme/bonafide --workflow .github/workflows/ci.yml --ref refs/tags/v0.1.0' "$file"
  rehearsed "release, a file of another workflow" "refused: $name.tar.gz"
  sign_file "${release_run//v0.1.0/v0.0.9}" "$file"
  rehearsed "release, a file of an older release" "refused: $name.tar.gz"
  cp "$work/archive.sigstore.json" "$file.sigstore.json"
  printf x >>"$file"
  rehearsed "release, a swapped file" "a file is not the one that SHA256SUMS lists"
  cp "$folder/SHA256SUMS" "$work/sums"
  (cd "$folder" && find . -maxdepth 1 -type f ! -name '*.sigstore.json' ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort |
    xargs sha256sum >SHA256SUMS)
  rehearsed "release, a swapped file and its checksum" "refused: $name.tar.gz"
  cp "$work/archive" "$file" && cp "$work/sums" "$folder/SHA256SUMS"
  file=$folder/bonafide_0.1.0_amd64.deb
  cp "$file" "$work/package" && printf x >>"$file"
  rehearsed "release, a swapped package" "a file is not the one that SHA256SUMS lists"
  (cd "$folder" && sed -i "s/^[0-9a-f]*\(  bonafide_0.1.0_amd64.deb\)/$(sha256sum <"$file" | cut -d' ' -f1)\1/" SHA256SUMS)
  rehearsed "release, a swapped package and its checksum" "refused: bonafide_0.1.0_amd64.deb"
  cp "$work/package" "$file" && cp "$work/sums" "$folder/SHA256SUMS"
  touch "$folder/more"
  rehearsed "release, a file that nobody listed" "SHA256SUMS lists other files than there are"
  rm "$folder/more"
  rehearsed "release, all as it was" ''

  push_release unsigned
  attest_build && attest_contents
  rehearsed "release, an image without a signature" "no signature is attached"
  push_release stranger
  sign_image "$mallory" && attest_build && attest_contents
  rehearsed "release, an image of another signer" "the signer is not the expected one"
  push_release fork
  sign_image && attest_build "${release_run//acme/fork}" && attest_contents
  rehearsed "release, an image of another source" "bonafide explain provenance-source"
  push_release without-sbom
  sign_image && attest_build
  rehearsed "release, an image without an SBOM" "no SBOM is attached"
  push_release other-sbom
  sign_image && attest_build
  attest_sbom rekor2 "$release_run" "$image"
  rehearsed "release, the SBOM of another program" "bonafide explain sbom-packages"
  push_release moved-sbom
  sign_image && attest_build
  donor=$("$labtool" image -platforms linux/amd64 "${image%@*}-donor:v0.1.0")
  attest legacy "$release_run" spdxjson "$folder/$name.spdx.json" "$donor"
  "$LAB_BIN/crane" copy "${donor%@*}:sha256-${donor#*@sha256:}.att" "${image%@*}:sha256-${image#*@sha256:}.att" \
    >>"$LAB_LOGS/crane.log" 2>&1
  rehearsed "release, the SBOM of another image" "bonafide explain subject-digest"
}
