# shellcheck shell=bash
# Completion scripts in the real shells: what a person gets who presses the tab key. Sourced by run.sh.
# shellcheck disable=SC2154 # bonafide, work, passed and failed: set by run.sh

# completed_by SHELL LINE — what the shell offers at the end of a command line, one on each line
completed_by() {
  local shell=$1 line=$2
  case $shell in
    bash)
      # shellcheck disable=SC2016 # for the inner shell
      LINE=$line bash --norc -c 'source "$0/bonafide.bash"
        read -ra COMP_WORDS <<<"$LINE"
        [ "${LINE%" "}" = "$LINE" ] || COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        COMP_LINE=$LINE COMP_POINT=${#LINE}
        read -ra registered <<<"$(complete -p bonafide)"
        for ((i = 0; i < ${#registered[@]}; i++)); do [ "${registered[i]}" = -F ] && function=${registered[i + 1]}; done
        "$function" bonafide "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf "%s\n" "${COMPREPLY[@]}"' "$work/completions"
      ;;
    fish)
      # shellcheck disable=SC2016 # for the inner shell
      LINE=$line fish --no-config -c 'source $argv[1]/bonafide.fish; complete -C "$LINE"' "$work/completions" | cut -f1
      ;;
    zsh)
      # A pseudo-terminal with a person at it: zsh completes nowhere else.
      # shellcheck disable=SC2016 # for the inner shell
      LINE=$line zsh -f -c 'zmodload zsh/zpty
        zpty z "zsh -f -i"
        zpty -w z "stty cols 200 rows 100; PS1=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D; LISTMAX=0; setopt autolist; bindkey ^I complete-word; print rea""dy"
        all=; while [[ $all != *ready* ]]; do zpty -r -t z more && all+=$more || sleep 0.1; done
        zpty -w -n z "$LINE"$'"'\\t'"'
        all=; for i in {1..30}; do sleep 0.1; while zpty -r -t z more; do all+=$more; done; done
        zpty -d z
        print -r -- $all' zsh "$work/completions" | sed 's/\x1b\[[0-9;?]*[A-Za-z]//g' | tr -s ' \r' '\n\n' | sed 's/=$//'
      ;;
  esac
}

# completes SHELL LINE WORD… — each word is offered
completes() {
  local shell=$1 line=$2 word said result=ok
  shift 2
  said=$(completed_by "$shell" "$line")
  for word; do grep -qxF -- "$word" <<<"$said" || result="NOT OK, no $word"; done
  row "$shell, $line" - - - "${result:0:6}" "$*" ||
    { echo "$result; it offers:" && head -n 20 <<<"$said"; } | sed 's/^/  | /'
}

# of_layout SHELL — how a shell offers an image of the layout: bash completes what stands behind the last colon
of_layout() { if [ "$1" = bash ]; then echo v1.0.0; else echo "oci:$work/images:v1.0.0"; fi; }

shells() {
  local shell PATH=$work/completions:$PATH
  mkdir -p "$work/completions"
  # The scripts ask the program for the images of a layout.
  ln -sf "$(realpath "$bonafide")" "$work/completions/bonafide"
  cp -r "$root/fixtures/images/signed" "$work/images"
  "$bonafide" completions bash >"$work/completions/bonafide.bash"
  "$bonafide" completions fish >"$work/completions/bonafide.fish"
  "$bonafide" completions zsh >"$work/completions/_bonafide"
  for shell in bash zsh fish; do
    completes "$shell" 'bonafide verify --require ' signature provenance sbom vulnerabilities
    completes "$shell" 'bonafide verify --outp' --output
    completes "$shell" 'bonafide verify --trust ' public-good github
    completes "$shell" 'bonafide explain signer-' signer-identity signer-issuer
    completes "$shell" 'bonafide schema ' report policy
    completes "$shell" "bonafide verify oci:$work/images:" "$(of_layout "$shell")"
    completes "$shell" 'bonafide completions ' powershell
  done
}
