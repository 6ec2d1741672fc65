//! `bonafide completions`: a script for a shell, and the images of layouts, which the script asks the program for.

use std::fs;
use std::path::Path;

use clap_complete::Shell;

use crate::collect::{Limits, evidence_stem, list_layout_tags};
use crate::oci::Reference;

use super::args::CompletionsArgs;
use super::command::command;
use super::diagnostics::Diagnostic;
use super::output::print;
use super::words;

/// The most references that a shell is offered.
const MOST: usize = 1000;

/// Bash completes what stands behind the last colon of a word, unless the user wants it otherwise.
const BASH: &str = r#"
_bonafide_images() {
    local line="${COMP_LINE:0:COMP_POINT}" image cut=""
    local word="${line##*[[:space:]]}"
    case "$word" in
        oci:*|oci-archive:*)
            [[ "$COMP_WORDBREAKS" == *:* ]] && cut="${word%"${word##*:}"}"
            COMPREPLY=()
            while IFS= read -r image; do
                COMPREPLY+=("${image#"$cut"}")
            done < <("$1" completions bash --word "$word" 2>/dev/null)
            compopt -o nospace 2>/dev/null
            ;;
        *)
            _bonafide "$@"
            ;;
    esac
}

complete -F _bonafide_images -o bashdefault -o default bonafide
"#;

/// Before the end of the script, which runs the first completion.
const ZSH: &str = r#"_bonafide_images() {
    local -a images
    case $PREFIX in
        oci:*|oci-archive:*)
            images=(${(f)"$(bonafide completions zsh --word "$PREFIX" 2>/dev/null)"})
            compadd -S '' -- $images
            ;;
        *)
            _default
            ;;
    esac
}

"#;

const FISH: &str = r#"complete -c bonafide -n "__fish_bonafide_using_subcommand verify audit inspect doctor" -a "(bonafide completions fish --word (commandline -ct) 2>/dev/null)"
"#;

/// Prints the script, or the completions of a word.
pub(super) fn run(args: &CompletionsArgs) -> Result<u8, Diagnostic> {
    match &args.word {
        Some(word) => print(lines(&references(word)).as_bytes()),
        None => print(script(args.shell).as_bytes()),
    }
}

fn lines(references: &[String]) -> String {
    references.iter().flat_map(|reference| [reference.as_str(), "\n"]).collect()
}

fn script(shell: Shell) -> String {
    let (mut bytes, mut program) = (Vec::new(), command());
    clap_complete::generate(shell, &mut program, "bonafide", &mut bytes);
    let script = String::from_utf8(bytes).expect("the generator writes text");
    match shell {
        Shell::Bash => script + BASH,
        Shell::Fish => script + &words::for_fish(&program) + FISH,
        Shell::Zsh => with_images(&script),
        _ => script,
    }
}

/// Completes references by the images of layouts, and by files as before.
fn with_images(script: &str) -> String {
    let mut whole = String::with_capacity(script.len() + ZSH.len());
    for line in script.lines() {
        if line.starts_with("if [ \"$funcstack[1]\"") {
            whole.push_str(ZSH);
        }
        if line.starts_with("'*::references -- ") {
            whole.push_str(&line.replace(":_default'", ":_bonafide_images'"));
        } else {
            whole.push_str(line);
        }
        whole.push('\n');
    }
    whole
}

/// Returns the completions of a reference to a layout: its images, or folders and archives with that prefix.
fn references(word: &str) -> Vec<String> {
    let found = word.split_once(':').map(|(transport, rest)| match rest.split_once(':') {
        Some((path, tag)) => images(&format!("{transport}:{path}"), tag),
        None => places(transport, rest),
    });
    // A shell would split or run any other text.
    let is_plain = |text: &String| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._/:+@-".contains(&byte));
    found.unwrap_or_default().into_iter().filter(is_plain).take(MOST).collect()
}

fn images(layout: &str, tag: &str) -> Vec<String> {
    let Ok(Reference::Layout(reference)) = layout.parse() else { return Vec::new() };
    let listed = list_layout_tags(&reference, &Limits::default()).unwrap_or_default();
    let tags = listed.tags.into_iter().map(|(found, _)| found.to_string());
    let is_meant = |found: &String| found.starts_with(tag) && evidence_stem(found).is_none();
    tags.filter(is_meant).map(|found| format!("{layout}:{found}")).collect()
}

fn places(transport: &str, start: &str) -> Vec<String> {
    let (folder, name) = start.rsplit_once('/').map_or(("", start), |(folder, name)| (&start[..=folder.len()], name));
    let entries = fs::read_dir(if folder.is_empty() { Path::new(".") } else { Path::new(folder) });
    let mut found: Vec<String> = entries
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let is_meant = |own: &String| own.starts_with(name) && (name.starts_with('.') || !own.starts_with('.'));
            let own = entry.file_name().into_string().ok().filter(is_meant)?;
            let path = entry.path();
            match (transport, path.is_dir()) {
                ("oci", true) if path.join("oci-layout").exists() => Some(format!("oci:{folder}{own}:")),
                ("oci" | "oci-archive", true) => Some(format!("{transport}:{folder}{own}/")),
                ("oci-archive", false) => Some(format!("{transport}:{folder}{own}:")),
                _ => None,
            }
        })
        .collect();
    found.sort();
    found
}
