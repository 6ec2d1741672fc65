//! Numbers and texts in a run of bytes, which is how records are kept: a value on the heap for each text would cost more than the
//! texts do.
//!
//! This text was written in the same process: it never comes from outside.

/// Writes one value after the other.
#[derive(Debug, Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    /// Returns how many bytes were written: where the next value is.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Seven bits in each byte, the lowest first; the highest bit of a byte says that another one follows.
    pub(super) fn number(&mut self, mut number: u64) {
        while number > 0x7f {
            let [low, ..] = number.to_le_bytes();
            self.0.push(low | 0x80);
            number >>= 7;
        }
        let [low, ..] = number.to_le_bytes();
        self.0.push(low);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    /// A text that may be missing.
    pub(super) fn option(&mut self, text: Option<&str>) {
        self.number(u64::from(text.is_some()));
        if let Some(text) = text {
            self.text(text);
        }
    }

    pub(super) fn finish(self) -> Box<[u8]> {
        self.0.into_boxed_slice()
    }
}

/// Reads one value after the other, in the order in which they were written.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn number(&mut self) -> u64 {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let (byte, rest) = self.0.split_first().expect("a number was written here");
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        number
    }

    pub(super) fn text(&mut self) -> &'a str {
        let length = usize::try_from(self.number()).expect("a length in memory");
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        std::str::from_utf8(text).expect("a text was written here")
    }

    pub(super) fn option(&mut self) -> Option<&'a str> {
        (self.number() != 0).then(|| self.text())
    }

    pub(super) fn texts(&mut self) -> Vec<&'a str> {
        (0..self.number()).map(|_| self.text()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_in_the_same_order() {
        let numbers = [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, u64::from(u32::MAX), u64::MAX];
        let mut writer = Writer::default();
        for number in numbers {
            writer.number(number);
        }
        writer.text("é");
        writer.option(None);
        writer.option(Some(""));
        let bytes = writer.finish();
        let mut reader = Reader::new(&bytes);
        assert!(numbers.iter().all(|number| reader.number() == *number));
        assert_eq!((reader.text(), reader.option(), reader.option()), ("é", None, Some("")));
        assert!(reader.0.is_empty());
    }
}
