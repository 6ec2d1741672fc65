# shellcheck shell=bash
# The scripts of action.yml and integrations/, as their runners start them, and what real tools say of the files. Sourced by run.sh.
# shellcheck disable=SC2154 # bonafide, here, root, work, passed and failed: set by run.sh

actionlint_version=1.7.12
zizmor_version=1.32.0
pre_commit_version=4.6.0

# told TITLE EXPECTED FOUND — a row of the table
told() {
  local title=$1 expected=$2 found=$3 result=ok
  [ "$expected" = "$found" ] || result='NOT OK'
  row "$title" - "$found" "$expected" "$result" '' ||
    sed 's/^/  | /' "$work/told.log"
}

# no_reader NAME — says what was left out
no_reader() { printf '!!! %s could not be had: its cases were NOT run\n' "$1" >&2; }

# a_step COMMAND… — runs it with the files and variables of a step, sets code; the files are in $work/step
a_step() {
  rm -rf "$work/step" && mkdir -p "$work/step/temp"
  : >"$work/step/output"
  : >"$work/step/summary"
  code=0
  (cd "$work/step" && env -i PATH="$work/bin:$PATH" HOME="$work/step" RUNNER_TEMP="$work/step/temp" RUNNER_OS=Linux RUNNER_ARCH=X64 \
    GITHUB_ACTIONS=true GITHUB_OUTPUT="$work/step/output" GITHUB_STEP_SUMMARY="$work/step/summary" "$@") >"$work/told.log" 2>&1 || code=$?
}

# output_of NAME — an output of the step, as the runner reads the file
output_of() {
  awk -v name="$1" 'index($0, name "<<") == 1 { end = substr($0, length(name) + 3); next }
    end != "" && $0 == end { exit }
    end != "" { print; next }
    index($0, name "=") == 1 { print substr($0, length(name) + 2); exit }' "$work/step/output"
}

# fake_gh DOWNLOADS ATTESTED — a gh whose commands end with these codes; its download is an archive with a program
fake_gh() {
  mkdir -p "$work/bin"
  cat >"$work/bin/gh" <<GH
#!/bin/sh
printf '%s\n' "gh \$*" >>"$work/gh.log"
case "\$1 \$2" in
'release download') [ "$1" = 0 ] || exit "$1"; while [ "\$1" != --dir ]; do shift; done; cp "$work/release.tar.gz" "\$2/bonafide-1.0.0-x86_64-unknown-linux-gnu.tar.gz" ;;
'attestation verify') exit "$2" ;;
esac
GH
  chmod +x "$work/bin/gh"
}

the_action() {
  local step=$root/integrations/github layout=oci:$root/fixtures/images code
  local trust=--trusted-root=$root/fixtures/trust/lab.trusted_root.json
  local arguments
  arguments=$(printf '%s\n' --offline "$trust" --repo=acme/shop)
  a_step BONAFIDE_PROGRAM="$bonafide" "$step/install.sh"
  told "action, a program" "0 $bonafide" "$code $(output_of program)"
  a_step BONAFIDE_PROGRAM= "$step/install.sh"
  told "action, neither program nor version" 3 "$code"
  a_step BONAFIDE_PROGRAM="$bonafide" BONAFIDE_VERSION=1.0.0 "$step/install.sh"
  told "action, program and version" 3 "$code"
  a_step BONAFIDE_PROGRAM=/etc/passwd "$step/install.sh"
  told "action, no program" 3 "$code"
  # shellcheck disable=SC2016 # it must stay as it is
  a_step BONAFIDE_VERSION='1.0.0; touch hacked $(touch hacked)' BONAFIDE_REPOSITORY=acme/bonafide "$step/install.sh"
  told "action, a version with a command in it" "3 no" "$code $([ -e "$work/step/hacked" ] && echo yes || echo no)"

  mkdir -p "$work/pack/bonafide-1.0.0-x86_64-unknown-linux-gnu"
  cp "$bonafide" "$work/pack/bonafide-1.0.0-x86_64-unknown-linux-gnu/bonafide"
  tar -czf "$work/release.tar.gz" -C "$work/pack" .
  : >"$work/gh.log"
  fake_gh 0 0
  a_step BONAFIDE_VERSION=1.0.0 BONAFIDE_REPOSITORY=acme/bonafide "$step/install.sh"
  told "action, an attested release" "0 yes" "$code $([ -x "$(output_of program)" ] && echo yes)"
  told "action, what the attestation must say" 1 "$(grep -c -- '--repo acme/bonafide --signer-workflow acme/bonafide/.github/workflows/build.yml --source-ref refs/tags/v1.0.0 --deny-self-hosted-runners' "$work/gh.log")"
  fake_gh 0 1
  a_step BONAFIDE_VERSION=1.0.0 BONAFIDE_REPOSITORY=acme/bonafide "$step/install.sh"
  told "action, a release without attestation" "3 " "$code $(output_of program)"
  fake_gh 1 0
  a_step BONAFIDE_VERSION=1.0.0 BONAFIDE_REPOSITORY=acme/bonafide "$step/install.sh"
  told "action, no release" "3 " "$code $(output_of program)"

  a_step BONAFIDE_PROGRAM="$bonafide" BONAFIDE_IMAGES="$layout/signed:v1.0.0" BONAFIDE_ARGUMENTS="$arguments" "$step/verify.sh"
  told "action, a signed image" "0 verified yes" "$code $(output_of verdict) $([ -s "$(output_of sarif)" ] && echo yes)"
  a_step BONAFIDE_PROGRAM="$bonafide" BONAFIDE_IMAGES="$(printf '\n%s\r\n%s\n' "$layout/signed:v1.0.0" "$layout/other-signer:v1.0.0")" \
    BONAFIDE_ARGUMENTS="$arguments" "$step/verify.sh"
  told "action, a stranger's image beside it" "1 rejected 1" "$code $(output_of verdict) $(grep -c '^::error ' "$work/told.log")"
  told "action, nothing to deploy" "" "$(output_of digest)$(output_of pinned)"
  a_step BONAFIDE_PROGRAM="$bonafide" BONAFIDE_IMAGES= "$step/verify.sh"
  told "action, no image" 2 "$code"
  # shellcheck disable=SC2016 # it must stay as it is
  a_step BONAFIDE_PROGRAM="$bonafide" BONAFIDE_IMAGES='--no-policy
$(touch hacked)' BONAFIDE_ARGUMENTS="$arguments" "$step/verify.sh"
  told "action, images that are flags and commands" "2 no" "$code $([ -e "$work/step/hacked" ] && echo yes || echo no)"
}

# of_script TITLE FILE EXPECTED IMAGES [ARGUMENT…] — the script of a file, by the shell of its runner
of_script() {
  local title=$1 file=$2 expected=$3 images=$4 code
  shift 4
  python3 "$here/script_of.py" "$root/integrations/$file" >"$work/script.sh"
  a_step BONAFIDE_IMAGES="$images" BONAFIDE_IMAGE="$images" RESULT="$work/step/pinned" \
    BONAFIDE_ARGUMENTS="$(printf '%s\n' --offline "--trusted-root=$root/fixtures/trust/lab.trusted_root.json" --repo=acme/shop)" \
    sh "$work/script.sh" "$@"
  told "$title" "$expected" "$code"
}

# in_argo IMAGE… — the container of the PreSync Job: its command, variables and user, on a root of its own that it cannot write; sets code
in_argo() {
  local job=$root/integrations/argo-cd/presync.yaml command home user
  mapfile -t command < <(sed -n 's/^ *command: \(\[.*\]\)$/\1/p' "$job" | jq -r '.[]')
  home=$(sed -n '/name: HOME/{n;s/^ *value: //p}' "$job")
  user=$(sed -n 's/^ *runAsUser: //p' "$job")
  code=0
  env -i PATH=/usr/bin:/bin HOME="$home" "$(command -v chroot)" --userspec="$user:$user" "$work/argo" "${command[@]}" "$@" \
    >"$work/told.log" 2>&1 || code=$?
}

# Argo CD's hook: the same program, the ConfigMap and the empty folder where the Job mounts them. No cluster starts it.
argo_cd() {
  local registry=$LAB_REGISTRY image tag library house=$work/argo code signed foreign
  [ "$(id -u)" = 0 ] || { no_reader "chroot, which only root may use," && return; }
  mkdir -p "$house/usr/bin" "$house/etc/bonafide" "$house/tmp"
  chmod 1777 "$house/tmp"
  cp "$bonafide" "$house/usr/bin/bonafide"
  for library in $(ldd "$bonafide" 2>/dev/null | grep -o '/[^ ]*'); do
    mkdir -p "$house$(dirname "$library")"
    cp -L "$library" "$house$library"
  done
  cp "$LAB_TRUST/trusted_root.json" "$house/etc/bonafide/"
  printf '%s\n' 'version: 1' 'trust: [trusted_root.json]' 'images:' '- match: "**"' '  signers: [{github: acme/shop}]' '  require: [signature]' \
    >"$house/etc/bonafide/bonafide.yaml"
  chmod -R go+rX "$house"
  push argo
  signed=$image
  sign rekor2 "$release" "$signed"
  push argo-foreign
  foreign=$image
  sign rekor2 alice@lab.example "$foreign"
  push argo-unsigned
  in_argo "$signed"
  told "argo-cd/presync.yaml, a signed image" 0 "$code"
  in_argo "$signed" "$foreign"
  told "argo-cd/presync.yaml, a stranger's beside it" 1 "$code"
  in_argo "$image"
  told "argo-cd/presync.yaml, an unsigned image" 4 "$code"
  in_argo --no-policy
  told "argo-cd/presync.yaml, a flag instead of image" 2 "$code"
  rm "$house/etc/bonafide/bonafide.yaml"
  in_argo "$signed"
  told "argo-cd/presync.yaml, no ConfigMap" 2 "$code"
}

integrations() {
  local layout=oci:$root/fixtures/images file lint venv
  echo "--- action.yml and integrations/"
  the_action
  ln -sf "$bonafide" "$work/bin/bonafide"
  for file in gitlab/bonafide.yml jenkins/Jenkinsfile circleci/config.yml; do
    of_script "$file, a signed image" "$file" 0 "$layout/signed:v1.0.0"
    of_script "$file, a stranger's beside it" "$file" 1 "$(printf '%s\n' "$layout/signed:v1.0.0" "$layout/other-signer:v1.0.0")"
    # shellcheck disable=SC2016 # it must stay as it is
    of_script "$file, a command instead of an image" "$file" 2 '$(touch hacked) ; touch hacked'
    told "$file, the command was not run" no "$([ -e "$work/step/hacked" ] && echo yes || echo no)"
  done
  local flags=(--offline "--trusted-root=$root/fixtures/trust/lab.trusted_root.json" --repo=acme/shop)
  of_script "tekton/task.yaml, a signed image" tekton/task.yaml 0 "$layout/signed:v1.0.0" "${flags[@]}"
  told "tekton/task.yaml, its result" 1 "$(grep -c '@sha256:' "$work/step/pinned")"
  of_script "tekton/task.yaml, a stranger's image" tekton/task.yaml 1 "$layout/other-signer:v1.0.0" "${flags[@]}"
  told "tekton/task.yaml, no result" 0 "$(grep -c '@sha256:' "$work/step/pinned")"

  argo_cd
  lint=$BONAFIDE_LAB/actionlint
  if [ -x "$lint/actionlint" ] || GOBIN=$lint go install "github.com/rhysd/actionlint/cmd/actionlint@v$actionlint_version" >/dev/null 2>&1; then
    code=0
    "$lint/actionlint" "$root"/.github/workflows/*.yml >"$work/told.log" 2>&1 || code=$?
    told "workflows, actionlint" 0 "$code"
  else
    no_reader actionlint
  fi
  venv=$BONAFIDE_LAB/ci-readers
  if { [ -x "$venv/bin/pip" ] || python3 -m venv "$venv"; } &&
    "$venv/bin/pip" install --quiet --disable-pip-version-check "zizmor==$zizmor_version" "pre-commit==$pre_commit_version" >/dev/null 2>&1; then
    code=0
    "$venv/bin/zizmor" --offline "$root/action.yml" "$root/.github/workflows" >"$work/told.log" 2>&1 || code=$?
    told "action.yml and workflows, zizmor" 0 "$code"
    of_pre_commit "$venv/bin/pre-commit"
  else
    no_reader "zizmor and pre-commit"
  fi
}

# of_pre_commit PROGRAM — the hook in a repository: a good policy is committed, and one with a mistake is not
of_pre_commit() {
  local repository=$work/pre-commit code
  mkdir -p "$repository"
  cp "$root/integrations/pre-commit/.pre-commit-config.yaml" "$repository/"
  git -C "$repository" init -q
  printf "version: 1\nimages:\n- match: '**'\n  signers: [{github: {repository: acme/shop, ref: 'refs/tags/v*'}}]\n  require: [signature]\n" \
    >"$repository/bonafide.yaml"
  git -C "$repository" add .
  code=0
  (cd "$repository" && PATH="$work/bin:$PATH" "$1" run --all-files) >"$work/told.log" 2>&1 || code=$?
  told "pre-commit, a good policy" 0 "$code"
  echo 'version: 1' >"$repository/bonafide.yaml"
  git -C "$repository" add .
  code=0
  (cd "$repository" && PATH="$work/bin:$PATH" "$1" run --all-files) >"$work/told.log" 2>&1 || code=$?
  told "pre-commit, a policy with a mistake" 1 "$code"
}
