//! Dockerfiles, as BuildKit reads them (docker docs, Dockerfile reference): the images of all stages, and those that files are copied
//! from.

use std::collections::HashMap;

use parse_dockerfile::{Flag, FromInstruction, Instruction, parse_iter};

use super::images::Images;
use super::model::{FromError, Open, Position};
use super::variables::{Expanded, Spelling, expand};

pub(super) const NAME: &str = "a Dockerfile";

/// Values of the platform that is built for or on, which every build has. Nothing in the file says them.
const OF_PLATFORM: [&str; 8] = [
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETARCH",
    "TARGETVARIANT",
];

/// Whether a file of this path is one by its name.
pub(super) fn is_name(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_ascii_lowercase();
    let ends_otherwise = [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end));
    ["dockerfile", "containerfile"].iter().any(|word| {
        name == *word
            || (name.strip_prefix(word).is_some_and(|rest| rest.starts_with('.')) && !ends_otherwise)
            || name.strip_suffix(word).is_some_and(|rest| rest.ends_with('.'))
    })
}

/// Whether the first instruction of a text is one that a Dockerfile begins with.
pub(super) fn looks_like_one(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let first = lines.next().unwrap_or_default();
    let word = first.split_whitespace().next().unwrap_or_default();
    first.len() > word.len() && ["from", "arg"].iter().any(|known| word.eq_ignore_ascii_case(known))
}

pub(super) fn read(text: &str, images: &mut Images<'_>) -> Result<(), FromError> {
    let lines = Lines::of(text);
    if let Some((at, image)) = frontend(text) {
        images.expanded(image, Ok(vec![image.to_owned()]), lines.position(at), "syntax");
    }
    let refused = |error: parse_dockerfile::Error| FromError::Syntax {
        at: Position { line: error.line().max(1), column: error.column().max(1) },
        message: error.to_string().split(" at line ").next().unwrap_or_default().to_owned(),
        hint: "correct it there: `docker build --check` says what BuildKit finds".to_owned(),
    };
    let instructions: Vec<Instruction<'_>> =
        parse_iter(text).map_err(refused)?.collect::<Result<_, _>>().map_err(refused)?;
    let stages = Stages::of(&instructions);
    let mut file = File { stages, arguments: HashMap::new(), escape: escape(text), passed: 0, lines };
    for instruction in &instructions {
        file.instruction(instruction, images);
    }
    Ok(())
}

/// The names of the stages, in their order.
struct Stages(Vec<Option<String>>);

impl Stages {
    fn of(instructions: &[Instruction<'_>]) -> Self {
        let name = |instruction: &Instruction<'_>| match instruction {
            Instruction::From(from) => Some(from.as_.as_ref().map(|(_, name)| name.value.to_lowercase())),
            _ => None,
        };
        Self(instructions.iter().filter_map(name).collect())
    }

    /// Whether a name is that of a stage among the first so many.
    fn have(&self, name: &str, among: usize) -> bool {
        let name = name.to_lowercase();
        self.0.iter().take(among).flatten().any(|stage| *stage == name)
    }
}

struct File<'t> {
    stages: Stages,
    /// The arguments before the first stage, with their defaults.
    arguments: HashMap<String, Option<Vec<String>>>,
    escape: char,
    /// How many stages have begun.
    passed: usize,
    lines: Lines<'t>,
}

impl File<'_> {
    fn instruction(&mut self, instruction: &Instruction<'_>, images: &mut Images<'_>) {
        match instruction {
            // "An ARG declared before a FROM is outside of a build stage": no other is used in a FROM.
            Instruction::Arg(arg) if self.passed == 0 => self.argument(&arg.arguments.value),
            Instruction::From(from) => self.stage(from, images),
            Instruction::Copy(copy) => {
                let from = copy.options.iter().filter(|flag| flag.name.value.eq_ignore_ascii_case("from"));
                for value in from.filter_map(|flag| flag.value.as_ref()) {
                    self.other(&value.value, value.span.start, "COPY --from", images);
                }
            }
            Instruction::Run(run) => run.options.iter().for_each(|flag| self.mount(flag, images)),
            Instruction::Onbuild(onbuild) => self.instruction(&onbuild.instruction, images),
            _ => {}
        }
    }

    fn expand(&self, text: &str) -> Expanded {
        let spelling = Spelling { doubles: false, shell: Some(self.escape) };
        expand(text, spelling, &|name| self.arguments.get(name).cloned().flatten())
    }

    /// `ARG <name>[=<default value>] [<name>[=<default value>]...]`
    fn argument(&mut self, text: &str) {
        for word in words(text, self.escape) {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, self.expand(value).ok()),
                None => (word.as_str(), None),
            };
            self.arguments.insert(name.to_owned(), value);
        }
    }

    /// `FROM [--platform=<platform>] <image> [AS <name>]`. A stage is known to those behind it.
    fn stage(&mut self, from: &FromInstruction<'_>, images: &mut Images<'_>) {
        let before = self.passed;
        self.passed += 1;
        let text = &*from.image.value;
        let platform = from.options.iter().find(|flag| flag.name.value.eq_ignore_ascii_case("platform"));
        let platform = platform.and_then(|flag| flag.value.as_ref()).and_then(|value| {
            let values = self.expand(&value.value).ok()?;
            values.first()?.parse().ok()
        });
        let expanded = match self.expand(text) {
            Ok(names) => Ok(names
                .into_iter()
                .filter(|name| !name.eq_ignore_ascii_case("scratch") && !self.stages.have(name, before))
                .collect()),
            Err(open) if self.is_stage_by_platform(text, &open, before) => Ok(Vec::new()),
            Err(open) => Err(open),
        };
        let place = self.lines.position(from.image.span.start);
        images.on_platform(text, expanded, (place, "FROM"), platform.as_ref());
    }

    /// `FROM build-${TARGETARCH}` with the stages `build-amd64` and `build-arm64` chooses one of them.
    fn is_stage_by_platform(&self, text: &str, open: &[String], before: usize) -> bool {
        if !open.iter().all(|name| OF_PLATFORM.contains(&name.as_str())) {
            return false;
        }
        let marked = expand(text, Spelling { doubles: false, shell: Some(self.escape) }, &|name| {
            if OF_PLATFORM.contains(&name) {
                Some(vec!["\0".to_owned()])
            } else {
                self.arguments.get(name).cloned().flatten()
            }
        });
        let Ok([marked]) = marked.as_deref() else { return false };
        let marked = marked.to_lowercase();
        let Some((first, last)) = marked.split_once('\0').filter(|(_, last)| !last.contains('\0')) else {
            return false;
        };
        let is_one =
            |name: &String| name.len() >= first.len() + last.len() && name.starts_with(first) && name.ends_with(last);
        !(first.is_empty() && last.is_empty()) && self.stages.0.iter().take(before).flatten().any(is_one)
    }

    /// `RUN --mount=type=bind,from=<image>,…`, in the quotes of CSV perhaps.
    fn mount(&self, flag: &Flag<'_>, images: &mut Images<'_>) {
        let Some(value) = flag.value.as_ref().filter(|_| flag.name.value.eq_ignore_ascii_case("mount")) else { return };
        for field in value.value.split(',') {
            let field = field.trim().trim_matches('"');
            if let Some((key, from)) = field.split_once('=').filter(|(key, _)| key.trim().eq_ignore_ascii_case("from"))
            {
                let within = value.value.find(field).unwrap_or_default() + key.len() + 1;
                self.other(from.trim_matches('"'), value.span.start + within, "RUN --mount", images);
            }
        }
    }

    /// What files come from: a stage by name or number, or an image. No variable is replaced there.
    fn other(&self, text: &str, offset: usize, role: &str, images: &mut Images<'_>) {
        let text = text.trim_matches(['"', '\'']);
        let is_stage = text.bytes().all(|byte| byte.is_ascii_digit()) || self.stages.have(text, usize::MAX);
        if is_stage || text.eq_ignore_ascii_case("scratch") {
            return;
        }
        let place = self.lines.position(offset);
        if text.contains('$') {
            return images.open(
                text.to_owned(),
                Open::Form("no variable is replaced there: name a stage"),
                place,
                role,
            );
        }
        images.expanded(text, Ok(vec![text.to_owned()]), place, role);
    }
}

/// The words of a line, with their quotes.
fn words(text: &str, escape: char) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut is_escaped = false;
    for character in text.chars() {
        match character {
            _ if is_escaped => is_escaped = false,
            other if other == escape && quote != Some('\'') => is_escaped = true,
            '\'' | '"' if quote == Some(character) => quote = None,
            '\'' | '"' if quote.is_none() => quote = Some(character),
            other if other.is_whitespace() && quote.is_none() => {
                words.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(word) = words.last_mut() {
            word.push(character);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The directives at the top of a file: comments of the form `# key=value`, before anything else.
fn directives(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let directive = |line| {
        let (key, value) = str::trim_start(line).strip_prefix('#')?.split_once('=')?;
        let key = key.trim();
        let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_key.then_some((key, value.trim()))
    };
    text.lines().map_while(directive)
}

fn escape(text: &str) -> char {
    let value = directives(text).find(|(key, _)| key.eq_ignore_ascii_case("escape")).map(|(_, value)| value);
    if value == Some("`") { '`' } else { '\\' }
}

/// The image that reads the file itself: `# syntax=docker/dockerfile:1`.
fn frontend(text: &str) -> Option<(usize, &str)> {
    let (_, value) = directives(text).find(|(key, _)| key.eq_ignore_ascii_case("syntax"))?;
    let image = value.split_whitespace().next()?;
    Some((image.as_ptr() as usize - text.as_ptr() as usize, image))
}

/// Where the lines of a text begin.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(ends).collect() }
    }

    fn position(&self, offset: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line.saturating_sub(1)];
        let before = self.text.get(start..offset).unwrap_or_default();
        Position { line, column: before.chars().count() + 1 }
    }
}
