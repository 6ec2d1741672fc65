//! Inputs made from good ones by a few changes, the same ones in every run.

use crate::targets::arrays::{in_arrays, objects};

/// What changes the meaning of text more often than chance would.
const PIECES: [&[u8]; 16] = [
    b"\"",
    b"{}",
    b"[]",
    b"null",
    b"\\u0000",
    b"\\u202e",
    "\u{202e}".as_bytes(),
    b"\x1b[2J",
    b"\n::error::",
    b"18446744073709551616",
    b"-1",
    b"1e999",
    b"\xff\xfe",
    b"\x00",
    b"sha512:",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
];

/// Mutations of seeds, without an end.
pub(crate) struct Mutations<'a> {
    seeds: &'a [Vec<u8>],
    state: u64,
}

impl<'a> Mutations<'a> {
    pub(crate) fn of(seeds: &'a [Vec<u8>]) -> Mutations<'a> {
        Mutations { seeds, state: 0x5eed_0005 }
    }

    /// Numbers that look random and are the same in every run (Marsaglia's xorshift).
    fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state % end.max(1) as u64).expect("below a usize")
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        let length = self.below(input.len() - at + 1).min(64);
        match self.below(7) {
            0 | 1 => {
                let mask = 1 << self.below(8);
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= mask;
                }
            }
            2 => drop(input.drain(at..at + length)),
            3 => {
                let again = input[at..at + length].to_vec();
                input.splice(at..at, again);
            }
            4 => {
                let place = self.below(objects(input));
                if let Some([values, _]) = in_arrays(input, place) {
                    *input = values;
                }
            }
            5 => {
                let piece = PIECES[self.below(PIECES.len())];
                input.splice(at..at, piece.iter().copied());
            }
            _ => {
                let other = &self.seeds[self.below(self.seeds.len())];
                let from = self.below(other.len() + 1);
                let to = (from + length).min(other.len());
                input.splice(at..at + length, other[from..to].iter().copied());
            }
        }
    }
}

impl Iterator for Mutations<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut input = self.seeds[self.below(self.seeds.len())].clone();
        for _ in 0..=self.below(3) {
            self.change(&mut input);
        }
        Some(input)
    }
}
