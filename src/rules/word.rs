//! The scalars of the query language: words that remember where they stand in their file, so that a
//! wrong one can be pointed at.

use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_saphyr::Spanned;

use crate::span::Span;

/// A word of a rule file and its byte range in it.
#[derive(Clone, Debug)]
pub struct Word {
    pub text: String,
    pub at: Span,
}

impl Word {
    fn new<T>(text: String, spanned: &Spanned<T>) -> Word {
        Word { text, at: span_of(spanned.referenced) }
    }
}

/// The byte range of a YAML location.
pub(crate) fn span_of(location: serde_saphyr::Location) -> Span {
    let span = location.span();
    let start = span.byte_offset().unwrap_or(0);
    Span::new(start as usize, (start + span.byte_len().unwrap_or(0)) as usize)
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Word, D::Error> {
        let spanned = Spanned::<String>::deserialize(deserializer)?;
        Ok(Word::new(spanned.value.clone(), &spanned))
    }
}

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// A condition on one fact: `value`, `[value, value]`, or `{not: …}`. `T` is the vocabulary.
#[derive(Debug)]
pub struct Match<T> {
    /// The condition is that none of the words fits.
    pub not: bool,
    pub words: Vec<Word>,
    vocabulary: PhantomData<fn() -> T>,
}

impl<T> Clone for Match<T> {
    fn clone(&self) -> Self {
        Match { not: self.not, words: self.words.clone(), vocabulary: PhantomData }
    }
}

/// Free text, in which `*` stands for any run of characters.
#[derive(Debug, JsonSchema)]
#[schemars(inline)]
pub struct Text(#[allow(dead_code)] String);

/// A condition on one fact of an item: as a [`Match`], or `{above: AMOUNT}` where it is a count.
#[derive(Clone, Debug)]
pub enum Measure {
    Fits(Match<Text>),
    Above(Word),
}

impl Measure {
    /// A word of the condition, to point at.
    pub fn first_word(&self) -> &Word {
        match self {
            Measure::Fits(text) => &text.words[0],
            Measure::Above(amount) => amount,
        }
    }
}

/// What stands at the place of a [`Match`] or [`Measure`], before its own location is known.
enum Raw {
    One(String),
    Many(Vec<Word>),
    Not(Vec<Word>),
    Above(Word),
}

struct RawVisitor {
    nested: bool,
    /// Whether `{above: …}` may stand here.
    measure: bool,
}

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.nested {
            "a value or a list of values"
        } else {
            "a value, a list of values, or `{not: …}`"
        })
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::One(text.to_owned()))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::One(if value { "yes" } else { "no" }.to_owned()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::One(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
        let mut words = Vec::new();
        while let Some(word) = seq.next_element()? {
            words.push(word);
        }
        if words.is_empty() {
            return Err(de::Error::custom("an empty list can never match"));
        }
        Ok(Raw::Many(words))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        if self.nested {
            return Err(de::Error::custom("`not` cannot be nested"));
        }
        let mut raw = None;
        while let Some(key) = map.next_key::<String>()? {
            raw = Some(match key.as_str() {
                "not" => {
                    let inner: Spanned<Nested> = map.next_value()?;
                    Raw::Not(match inner.value.0.clone() {
                        Raw::One(text) => vec![Word::new(text, &inner)],
                        Raw::Many(words) | Raw::Not(words) => words,
                        Raw::Above(word) => vec![word],
                    })
                }
                "above" if self.measure => Raw::Above(map.next_value()?),
                _ if self.measure => return Err(de::Error::unknown_field(&key, &["not", "above"])),
                _ => return Err(de::Error::unknown_field(&key, &["not"])),
            });
        }
        raw.ok_or_else(|| de::Error::missing_field("not"))
    }
}

impl Clone for Raw {
    fn clone(&self) -> Raw {
        match self {
            Raw::One(text) => Raw::One(text.clone()),
            Raw::Many(words) => Raw::Many(words.clone()),
            Raw::Not(words) => Raw::Not(words.clone()),
            Raw::Above(word) => Raw::Above(word.clone()),
        }
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(RawVisitor { nested: false, measure: false })
    }
}

#[derive(Clone)]
struct RawMeasure(Raw);

impl<'de> Deserialize<'de> for RawMeasure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RawMeasure, D::Error> {
        deserializer.deserialize_any(RawVisitor { nested: false, measure: true }).map(RawMeasure)
    }
}

struct Nested(Raw);

impl<'de> Deserialize<'de> for Nested {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Nested, D::Error> {
        deserializer.deserialize_any(RawVisitor { nested: true, measure: false }).map(Nested)
    }
}

impl<'de, T> Deserialize<'de> for Match<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Spanned::<Raw>::deserialize(deserializer)?;
        Ok(Match::new(raw.value.clone(), &raw))
    }
}

impl<T> Match<T> {
    fn new<S>(raw: Raw, at: &Spanned<S>) -> Match<T> {
        let (not, words) = match raw {
            Raw::One(text) => (false, vec![Word::new(text, at)]),
            Raw::Above(word) => (false, vec![word]),
            Raw::Many(words) => (false, words),
            Raw::Not(words) => (true, words),
        };
        Match { not, words, vocabulary: PhantomData }
    }
}

impl<'de> Deserialize<'de> for Measure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Spanned::<RawMeasure>::deserialize(deserializer)?;
        Ok(match raw.value.0.clone() {
            Raw::Above(amount) => Measure::Above(amount),
            other => Measure::Fits(Match::new(other, &raw)),
        })
    }
}

impl Serialize for Measure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Measure::Fits(text) => text.serialize(serializer),
            Measure::Above(amount) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("above", amount)?;
                map.end()
            }
        }
    }
}

impl<T> Serialize for Match<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.not {
            let mut map = serializer.serialize_map(Some(1))?;
            map.serialize_entry("not", &self.words)?;
            map.end()
        } else if let [word] = &*self.words {
            word.serialize(serializer)
        } else {
            self.words.serialize(serializer)
        }
    }
}

impl<T: JsonSchema> JsonSchema for Match<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Match_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        match_schema(generator.subschema_for::<T>())
    }
}

/// The schema of a [`Match`] whose single values have the schema `value`.
pub(super) fn match_schema(value: Schema) -> Schema {
    let list = json_schema!({"type": "array", "items": value, "minItems": 1});
    json_schema!({
        "anyOf": [
            value,
            list,
            {
                "type": "object",
                "properties": {"not": {"anyOf": [value, list]}},
                "required": ["not"],
                "additionalProperties": false,
            },
        ]
    })
}
