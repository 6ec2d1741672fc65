//! What each package of a lock file is installed for.

use std::collections::VecDeque;

use crate::oci::NpmPackage;

/// What a package is installed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The direct dependency that brings it; nothing of one that is direct itself.
    pub because: Option<String>,
    /// Whether it is installed for development alone.
    pub development: bool,
    /// Whether it may be left out where it cannot be installed.
    pub optional: bool,
}

impl Dependency {
    /// The same package, installed for this too.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            because: self.because.zip(other.because).map(|(own, _)| own),
            development: self.development && other.development,
            optional: self.optional && other.optional,
        }
    }
}

/// How the project needs a direct dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Always,
    Development,
    Optional,
}

struct Root {
    package: usize,
    name: String,
    need: Need,
}

struct Edge {
    to: usize,
    optional: bool,
}

/// Packages by number, and which of them needs which.
pub(super) struct Graph {
    edges: Vec<Vec<Edge>>,
    roots: Vec<Root>,
    count: usize,
}

/// Dependencies that are followed. A file with more says nothing of what its packages are for.
const MOST_EDGES: usize = 400_000;

impl Graph {
    pub(super) fn of(packages: usize) -> Self {
        Self { edges: (0..packages).map(|_| Vec::new()).collect(), roots: Vec::new(), count: 0 }
    }

    /// The project itself needs this package.
    pub(super) fn root(&mut self, package: usize, name: &str, need: Need) {
        // Shown as a reason, so it is a name and nothing else.
        if NpmPackage::new(name, "0.0.0").is_ok() && self.may_grow() {
            self.roots.push(Root { package, name: name.to_owned(), need });
        }
    }

    /// One package needs another.
    pub(super) fn edge(&mut self, from: usize, to: usize, optional: bool) {
        if self.may_grow() {
            self.edges[from].push(Edge { to, optional });
        }
    }

    fn may_grow(&mut self) -> bool {
        self.count += 1;
        self.count <= MOST_EDGES
    }

    /// Whether another package needs this one.
    pub(super) fn needed(&self) -> Vec<bool> {
        let mut needed = vec![false; self.edges.len()];
        for (from, edges) in self.edges.iter().enumerate() {
            edges.iter().filter(|edge| edge.to != from).for_each(|edge| needed[edge.to] = true);
        }
        needed
    }

    /// Returns what each package is installed for; nothing of one that nothing needs.
    pub(super) fn dependencies(&self) -> Vec<Option<Dependency>> {
        if self.count > MOST_EDGES {
            return vec![None; self.edges.len()];
        }
        let always = self.reached(|root| root.need != Need::Development, |_| true);
        let demanded = self.reached(|root| root.need != Need::Optional, |edge| !edge.optional);
        let because = self.reached(|_| true, |_| true);
        let of = |package: usize| {
            let because = &self.roots[because[package]?];
            Some(Dependency {
                because: Some(because.name.clone()).filter(|_| because.package != package),
                development: always[package].is_none(),
                optional: demanded[package].is_none(),
            })
        };
        (0..self.edges.len()).map(of).collect()
    }

    /// The root by which each package is reached first: one that is a root itself is reached by itself.
    fn reached(&self, begins: impl Fn(&Root) -> bool, goes: impl Fn(&Edge) -> bool) -> Vec<Option<usize>> {
        let mut reached = vec![None; self.edges.len()];
        let mut open = VecDeque::new();
        for (number, root) in self.roots.iter().enumerate().filter(|(_, root)| begins(root)) {
            if reached[root.package].is_none() {
                reached[root.package] = Some(number);
                open.push_back(root.package);
            }
        }
        while let Some(package) = open.pop_front() {
            for edge in self.edges[package].iter().filter(|edge| goes(edge)) {
                if reached[edge.to].is_none() {
                    reached[edge.to] = reached[package];
                    open.push_back(edge.to);
                }
            }
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(graph: &Graph) -> Vec<String> {
        let text = |one: &Option<Dependency>| match one {
            None => "nothing".to_owned(),
            Some(one) => {
                let words = [(one.development, " dev"), (one.optional, " optional")];
                let words: String = words.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
                format!("{}{words}", one.because.as_deref().unwrap_or("direct"))
            }
        };
        graph.dependencies().iter().map(text).collect()
    }

    #[test]
    fn each_package_is_brought_by_the_nearest_direct_one() {
        let mut graph = Graph::of(7);
        graph.root(0, "a", Need::Always);
        graph.root(1, "b", Need::Development);
        graph.root(2, "c", Need::Optional);
        for (from, to, optional) in
            [(0, 3, false), (1, 3, false), (1, 4, false), (3, 5, true), (2, 5, false), (5, 3, false)]
        {
            graph.edge(from, to, optional);
        }
        assert_eq!(said(&graph), ["direct", "direct dev", "direct optional", "a", "b dev", "c optional", "nothing"]);
        assert_eq!(graph.needed(), [false, false, false, true, true, true, false]);
    }

    #[test]
    fn a_direct_dependency_of_two_kinds_is_the_stronger_one() {
        let mut graph = Graph::of(2);
        graph.root(0, "a", Need::Development);
        graph.root(0, "a", Need::Always);
        graph.root(1, "../\u{1b}b", Need::Always);
        assert_eq!(said(&graph), ["direct", "nothing"]);
    }

    #[test]
    fn two_entries_of_one_package_are_told_together() {
        let of = |because: Option<&str>, development, optional| Dependency {
            because: because.map(str::to_owned),
            development,
            optional,
        };
        assert_eq!(of(Some("a"), true, true).and(of(Some("b"), false, true)), of(Some("a"), false, true));
        assert_eq!(of(Some("a"), true, false).and(of(None, true, true)), of(None, true, false));
    }
}
