//! Values as generators write them: a value of the wrong type is skipped and noted, never refused. If a rule would have
//! read it, the note makes the package undecided (A295); a `null` is a missing field.
//!
//! Texts are borrowed from the document; nothing is allocated for skipped values.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::json;

use super::model::Text;

/// Entries that a list within one element may have. Lists of elements have limits of their own.
pub(super) const MAX_ENTRIES: usize = 1_000_000;
/// How the error begins that says that a list has more.
pub(super) const TOO_MANY: &str = "a list within one element has more entries than are read";

/// A text, or nothing where a value of another type stands; and whether one does.
#[derive(Debug, Clone, Default)]
pub(super) struct LenientStr<'a>(pub(super) Option<Text<'a>>, pub(super) bool);

impl<'a> LenientStr<'a> {
    /// SPDX 2.3 §3: `NOASSERTION` and `NONE` say that nothing is said.
    pub(super) fn stated(self) -> Option<Text<'a>> {
        self.0.filter(|text| !matches!(text.trim(), "" | "NOASSERTION" | "NONE"))
    }

    /// The same of a date; those of year 1 are none.
    pub(super) fn stated_date(self) -> Option<Text<'a>> {
        self.stated().filter(|text| json::stated_date(text).is_some())
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// An object, or nothing where a value of another type stands.
#[derive(Debug)]
pub(super) struct Object<T>(pub(super) Option<T>);

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> PassedOver for Object<T> {
    fn passed_over() -> Self {
        Self(None)
    }
}

/// A list of objects, or nothing where a value of another type stands; and whether one does, in the list or in its place.
#[derive(Debug)]
pub(super) struct Objects<T>(pub(super) Vec<T>, pub(super) bool);

impl<T> Default for Objects<T> {
    fn default() -> Self {
        Self(Vec::new(), false)
    }
}

/// A list of texts, or one text alone, which JSON-LD takes for the same; and whether a value of another type stands in the list or
/// in its place.
#[derive(Debug, Clone, Default)]
pub(super) struct LenientStrs<'a>(pub(super) Vec<Text<'a>>, pub(super) bool);

/// What stands where a value of another type should.
pub(super) trait PassedOver {
    fn passed_over() -> Self;
}

impl PassedOver for () {
    fn passed_over() -> Self {}
}

impl PassedOver for LenientStr<'_> {
    fn passed_over() -> Self {
        Self(None, true)
    }
}

impl PassedOver for LenientStrs<'_> {
    fn passed_over() -> Self {
        Self(Vec::new(), true)
    }
}

impl<T> PassedOver for Objects<T> {
    fn passed_over() -> Self {
        Self(Vec::new(), true)
    }
}

impl<T> PassedOver for Option<T> {
    fn passed_over() -> Self {
        None
    }
}

impl PassedOver for Count {
    fn passed_over() -> Self {
        Self(0)
    }
}

impl<T> PassedOver for TextOr<'_, T> {
    fn passed_over() -> Self {
        Self::Nothing
    }
}

/// One item of a list: an object, `null`, or a value of another type.
#[derive(Default)]
enum Item<T> {
    Object(T),
    #[default]
    Nothing,
    Other,
}

impl<T> PassedOver for Item<T> {
    fn passed_over() -> Self {
        Self::Other
    }
}

/// How many items a list has.
#[derive(Debug, Default)]
pub(super) struct Count(pub(super) u64);

/// A text, an object, or nothing where a value of another type stands.
#[derive(Debug, Default)]
pub(super) enum TextOr<'a, T> {
    #[default]
    Nothing,
    Text(Text<'a>),
    Object(T),
}

/// A document whose fields are read in place, in one pass and in any order.
pub(super) trait ReadFields<'de> {
    /// What its fields are called.
    type Field: Deserialize<'de>;

    /// What should stand there, for errors.
    const WHAT: &'static str;

    /// Reads the value of a field.
    fn read<A: MapAccess<'de>>(&mut self, field: Self::Field, values: &mut A) -> Result<(), A::Error>;
}

/// Reads every field of a document.
pub(super) fn read_fields<'a, D: ReadFields<'a>>(document: &mut D, text: &'a str) -> Result<(), json::Error> {
    struct Walk<'b, D>(&'b mut D);

    impl<'de, D: ReadFields<'de>> DeserializeSeed<'de> for Walk<'_, D> {
        type Value = ();

        fn deserialize<E: Deserializer<'de>>(self, deserializer: E) -> Result<(), E::Error> {
            deserializer.deserialize_map(self)
        }
    }

    impl<'de, D: ReadFields<'de>> Visitor<'de> for Walk<'_, D> {
        type Value = ();

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str(D::WHAT)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
            while let Some(field) = fields.next_key()? {
                self.0.read(field, &mut fields)?;
            }
            Ok(())
        }
    }

    json::read_part(text, Walk(document))
}

/// Hands every object of a list to a function, one at a time, so that the list is never held.
pub(super) struct Each<T, F> {
    take: F,
    /// What the items are, where one of another type makes the document unreadable.
    strict: Option<&'static str>,
    kind: PhantomData<T>,
}

impl<T, F: FnMut(T)> Each<T, F> {
    pub(super) fn new(take: F) -> Self {
        Self { take, strict: None, kind: PhantomData }
    }

    /// Refuses the document where something else than an object stands in the list or in its place.
    pub(super) fn strict(what: &'static str, take: F) -> Self {
        Self { take, strict: Some(what), kind: PhantomData }
    }
}

/// Implements what a visitor does with values that it has no use for.
macro_rules! pass_over {
    ($($kind:ident)+) => { $(pass_over!(@ $kind);)+ };
    (@ scalars) => {
        pass_over!(@@ visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64);
        fn visit_unit<E>(self) -> Result<Self::Value, E> { Ok(Self::Value::default()) }
    };
    (@ text) => {
        pass_over!(@@ visit_str: &str);
    };
    (@ list) => {
        fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
            $crate::attestation::sbom::lenient::skip_items(items)
                .map(|()| $crate::attestation::sbom::lenient::PassedOver::passed_over())
        }
    };
    (@ object) => {
        fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
            $crate::attestation::sbom::lenient::skip_entries(entries)
                .map(|()| $crate::attestation::sbom::lenient::PassedOver::passed_over())
        }
    };
    (@@ $($visit:ident: $type:ty),+) => {
        $(fn $visit<E>(self, _: $type) -> Result<Self::Value, E> {
            Ok($crate::attestation::sbom::lenient::PassedOver::passed_over())
        })+
    };
}

pub(super) use pass_over;

pub(super) fn skip_items<'de, A: SeqAccess<'de>>(mut items: A) -> Result<(), A::Error> {
    while items.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

pub(super) fn skip_entries<'de, A: MapAccess<'de>>(mut entries: A) -> Result<(), A::Error> {
    while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

impl<'de: 'a, 'a> Deserialize<'de> for LenientStr<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;

        impl<'de> Visitor<'de> for Texts {
            type Value = LenientStr<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("any value")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<LenientStr<'de>, E> {
                Ok(LenientStr(Some(Cow::Borrowed(text)), false))
            }

            fn visit_str<E>(self, text: &str) -> Result<LenientStr<'de>, E> {
                Ok(LenientStr(Some(Cow::Owned(text.to_owned())), false))
            }

            pass_over!(scalars list object);
        }

        deserializer.deserialize_any(Texts)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct One<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for One<T> {
            type Value = Object<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("any value")
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Object<T>, A::Error> {
                T::deserialize(de::value::MapAccessDeserializer::new(entries)).map(|one| Object(Some(one)))
            }

            pass_over!(scalars text list);
        }

        deserializer.deserialize_any(One(PhantomData))
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for TextOr<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = TextOr<'de, T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("any value")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(TextOr::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(TextOr::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
                T::deserialize(de::value::MapAccessDeserializer::new(entries)).map(TextOr::Object)
            }

            pass_over!(scalars list);
        }

        deserializer.deserialize_any(Either(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Item<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct One<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for One<T> {
            type Value = Item<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("any value")
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Item<T>, A::Error> {
                T::deserialize(de::value::MapAccessDeserializer::new(entries)).map(Item::Object)
            }

            pass_over!(scalars text list);
        }

        deserializer.deserialize_any(One(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Objects<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Listed<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Listed<T> {
            type Value = Objects<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("any value")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut all = Objects::default();
                while let Some(item) = items.next_element::<Item<T>>()? {
                    match item {
                        Item::Object(one) => all.0.push(one),
                        Item::Other => all.1 = true,
                        Item::Nothing => {}
                    }
                    if all.0.len() > MAX_ENTRIES {
                        return Err(de::Error::custom(TOO_MANY));
                    }
                }
                Ok(all)
            }

            pass_over!(scalars text object);
        }

        deserializer.deserialize_any(Listed(PhantomData))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for LenientStrs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;

        impl<'de> Visitor<'de> for Texts {
            type Value = LenientStrs<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("any value")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<LenientStrs<'de>, E> {
                Ok(LenientStrs(vec![Cow::Borrowed(text)], false))
            }

            fn visit_str<E>(self, text: &str) -> Result<LenientStrs<'de>, E> {
                Ok(LenientStrs(vec![Cow::Owned(text.to_owned())], false))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<LenientStrs<'de>, A::Error> {
                let (mut words, mut is_other) = (Vec::new(), false);
                while let Some(word) = items.next_element::<LenientStr<'de>>()? {
                    words.extend(word.0);
                    is_other |= word.1;
                    if words.len() > MAX_ENTRIES {
                        return Err(de::Error::custom(TOO_MANY));
                    }
                }
                Ok(LenientStrs(words, is_other))
            }

            pass_over!(scalars object);
        }

        deserializer.deserialize_any(Texts)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items;

        impl<'de> Visitor<'de> for Items {
            type Value = Count;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("any value")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Count, A::Error> {
                let mut count = 0;
                while items.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Count(count))
            }

            pass_over!(scalars text object);
        }

        deserializer.deserialize_any(Items)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> DeserializeSeed<'de> for Each<T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Each<T, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.strict {
            Some(what) => write!(formatter, "a list of {what}"),
            None => formatter.write_str("any value"),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<Item<T>>()? {
            match (item, self.strict) {
                (Item::Object(one), _) => (self.take)(one),
                (Item::Other, Some(what)) => {
                    return Err(de::Error::custom(format_args!("something else than an object in the list of {what}")));
                }
                (Item::Other | Item::Nothing, _) => {}
            }
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        self.other(de::Unexpected::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        self.other(de::Unexpected::Signed(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        self.other(de::Unexpected::Unsigned(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        self.other(de::Unexpected::Float(value))
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<(), E> {
        self.other(de::Unexpected::Other("a text"))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<(), A::Error> {
        self.other(de::Unexpected::Map)?;
        skip_entries(entries)
    }
}

impl<T, F> Each<T, F> {
    fn other<E: de::Error>(&self, found: de::Unexpected<'_>) -> Result<(), E> {
        self.strict.map_or(Ok(()), |what| Err(E::invalid_type(found, &format!("a list of {what}").as_str())))
    }
}
