//! Answers in JSON, read so that no type or size in them can do harm: what is not as expected is left out, and what is too
//! much is passed over without being kept.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::door::{Response, shown};
use crate::source::SourceError;

/// Longest text that is kept, in bytes.
const LONGEST: usize = 1024 * 1024;

/// Reads an answer.
///
/// # Errors
/// [`SourceError::Answer`] with what is wrong and what was expected.
pub(crate) fn read<'a, T: Deserialize<'a>>(response: &'a Response, expected: &str) -> Result<T, SourceError> {
    serde_json::from_slice(&response.body).map_err(|error| SourceError::Answer {
        url: shown(&response.final_url),
        why: format!("the answer is not {expected} ({error}); see whether the address is an interface of this kind"),
    })
}

/// One value, where it is of the kind that is wanted.
macro_rules! lenient {
    ($(#[$doc:meta])* $name:ident, $inner:ty, { $($visit:item)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub(crate) struct $name(pub(crate) Option<$inner>);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct V;
                impl<'de> Visitor<'de> for V {
                    type Value = Option<$inner>;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a value")
                    }
                    fn visit_unit<E>(self) -> Result<Self::Value, E> {
                        Ok(None)
                    }
                    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                        while seq.next_element::<IgnoredAny>()?.is_some() {}
                        Ok(None)
                    }
                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                        Ok(None)
                    }
                    $($visit)*
                }
                deserializer.deserialize_any(V).map(Self)
            }
        }
    };
}

lenient!(
    /// A text; nothing where it is another kind of value or absurdly long.
    Text, String, {
        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Some(text).filter(|text| text.len() <= LONGEST).map(str::to_owned))
        }
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
);

lenient!(
    /// A whole number; a number with a fraction is cut, and nothing is taken for one that is none.
    Number, i64, {
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_i64<E>(self, n: i64) -> Result<Self::Value, E> {
            Ok(Some(n))
        }
        fn visit_u64<E>(self, n: u64) -> Result<Self::Value, E> {
            Ok(i64::try_from(n).ok())
        }
        fn visit_f64<E>(self, n: f64) -> Result<Self::Value, E> {
            // Saturates at the ends.
            Ok(n.is_finite().then_some(n as i64))
        }
    }
);

lenient!(
    /// True, false, or nothing where it is neither.
    Flag, bool, {
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
            Ok(Some(value))
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
);

impl Text {
    /// The text without space around it, where there is any.
    pub(crate) fn line(&self) -> Option<String> {
        let line = crate::extract::one_line(self.0.as_deref()?);
        Some(line.chars().take(500).collect::<String>()).filter(|line| !line.is_empty())
    }
}

impl Flag {
    /// True where it says so.
    pub(crate) fn is_set(&self) -> bool {
        self.0 == Some(true)
    }
}

/// The first `N` elements of a list; the others are passed over without being kept.
#[derive(Debug)]
pub(crate) struct First<T, const N: usize>(pub(crate) Vec<T>);

impl<T, const N: usize> Default for First<T, N> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for First<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V<T, const N: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const N: usize> Visitor<'de> for V<T, N> {
            type Value = Vec<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
                let mut kept = Vec::new();
                while kept.len() < N {
                    match seq.next_element()? {
                        Some(element) => kept.push(element),
                        None => return Ok(kept),
                    }
                }
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(kept)
            }
        }
        deserializer.deserialize_seq(V::<T, N>(PhantomData)).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_kind_is_no_value_and_no_error() {
        for other in ["null", "[1,[2]]", "{\"a\":{\"b\":1}}", "true", "7", "-7", "1.5"] {
            assert_eq!(serde_json::from_str::<Text>(other).unwrap(), Text(None), "{other}");
        }
        for other in ["null", "[1]", "{}", "true", "\"7\"", "1e999999"] {
            assert!(serde_json::from_str::<Number>(other).map_or(true, |n| n == Number(None)), "{other}");
        }
        assert_eq!(serde_json::from_str::<Number>("1456821458.9").unwrap(), Number(Some(1_456_821_458)));
        assert_eq!(serde_json::from_str::<Flag>("\"yes\"").unwrap(), Flag(None));
        assert_eq!(serde_json::from_str::<Text>("\" a\\u0000 \\n b \"").unwrap().line().as_deref(), Some("a b"));
    }

    #[test]
    fn of_a_list_only_the_first_are_kept() {
        assert_eq!(serde_json::from_str::<First<u64, 2>>("[1,2,3,\"x\"]").unwrap().0, [1, 2]);
        assert!(serde_json::from_str::<First<u64, 2>>("{}").is_err());
        let deep = "[".repeat(100_000);
        assert!(serde_json::from_str::<First<Text, 2>>(&deep).is_err());
    }
}
