//! What hosted models cost: a list that ships with the program, and how a model is found in it.

use serde::{Deserialize, Serialize};
use states::words::{NanoUsd, Prices};

/// The list that ships with the program.
const BUILT_IN: &str = include_str!("prices.toml");

/// What one model costs, in dollars for a million tokens.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedPrice {
    /// The model's name at the vendor, without a date.
    pub model: String,
    /// Tokens of the prompt.
    #[serde(rename = "in")]
    pub input: f64,
    /// Those read from the vendor's cache; `None` costs as much as the others.
    #[serde(default)]
    pub cached_in: Option<f64>,
    /// Those written into the vendor's cache; `None` costs as much as the others.
    #[serde(default)]
    pub cache_write: Option<f64>,
    /// Tokens of the answer.
    pub out: f64,
    /// Tokens of the prompt up to which these prices hold.
    #[serde(default)]
    pub up_to: Option<u32>,
    /// Tokens of prompt and answer together.
    #[serde(default)]
    pub context: Option<u32>,
    /// The most tokens of the answer.
    #[serde(default)]
    pub max_output: Option<u32>,
    /// What a batch costs, as a part of the price; `None` takes the vendor's.
    #[serde(default)]
    pub batch: Option<f64>,
}

/// Whose models they are, and where that is said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vendor {
    /// Its name, which `price_as` begins with.
    pub name: String,
    /// The hosts at which these prices hold.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Where the prices are from.
    #[serde(default)]
    pub source: String,
    /// When they were last seen there.
    #[serde(default)]
    pub seen: String,
    /// What a batch costs, as a part of the price.
    #[serde(default)]
    pub batch: Option<f64>,
    /// Its models.
    #[serde(default)]
    pub models: Vec<ListedPrice>,
}

/// A list of prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceList {
    /// Whose models are in it.
    #[serde(rename = "vendor", default)]
    pub vendors: Vec<Vendor>,
}

impl Default for PriceList {
    /// The list that ships with the program.
    fn default() -> Self {
        // A test reads it.
        Self::parse(BUILT_IN).unwrap_or(Self { vendors: Vec::new() })
    }
}

impl PriceList {
    /// Reads a list.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let list: Self = toml::from_str(text).map_err(|e| e.to_string())?;
        for vendor in &list.vendors {
            if vendor.name.is_empty() {
                return Err("a [[vendor]] needs a `name`".into());
            }
            for model in &vendor.models {
                let given = [Some(model.input), model.cached_in, model.cache_write, Some(model.out)];
                let prices_hold = given.into_iter().flatten().all(is_price);
                let batch_holds = [model.batch, vendor.batch].into_iter().flatten().all(|b| (0.0..=1.0).contains(&b));
                if model.model.is_empty() || !prices_hold || !batch_holds {
                    return Err(format!(
                        "the model `{}` of `{}`: prices are dollars for a million tokens, 0 or more; `batch` is a part, 0 to 1",
                        model.model, vendor.name
                    ));
                }
            }
        }
        Ok(list)
    }

    /// This list with another one put over it: a vendor's hosts are added to, a model that both have is taken from `over`.
    #[must_use]
    pub fn with(mut self, over: Self) -> Self {
        for vendor in over.vendors {
            let Some(known) = self.vendors.iter_mut().find(|v| v.name == vendor.name) else {
                self.vendors.push(vendor);
                continue;
            };
            known.hosts.extend(vendor.hosts);
            known.batch = vendor.batch.or(known.batch);
            for model in vendor.models {
                known.models.retain(|m| m.model != model.model);
                known.models.push(model);
            }
        }
        self
    }

    /// The price of a model at a host.
    pub fn at_host(&self, host: &str, model: &str) -> Option<ListedPrice> {
        self.vendors.iter().filter(|v| v.hosts.iter().any(|h| h.eq_ignore_ascii_case(host))).find_map(|v| v.find(model))
    }

    /// The price of a model by its vendor's name, written `vendor/model`: for gateways that pass the vendor's price on.
    pub fn named(&self, name: &str) -> Option<ListedPrice> {
        let (vendor, model) = name.split_once('/')?;
        self.vendors.iter().filter(|v| v.name == vendor).find_map(|v| v.find(model))
    }
}

impl Vendor {
    /// The longest name that `model` is, or begins with, followed by nothing but a date.
    fn find(&self, model: &str) -> Option<ListedPrice> {
        let fits = |listed: &&ListedPrice| model.strip_prefix(listed.model.as_str()).is_some_and(is_dated);
        let mut found = self.models.iter().filter(fits).max_by_key(|listed| listed.model.len())?.clone();
        found.batch = found.batch.or(self.batch);
        Some(found)
    }
}

impl ListedPrice {
    /// In nano-dollars for a million tokens.
    pub fn prices(&self) -> Prices {
        let input = NanoUsd::from_usd(self.input);
        Prices {
            input,
            cached: self.cached_in.map_or(input, NanoUsd::from_usd),
            cache_write: self.cache_write.map_or(input, NanoUsd::from_usd),
            output: NanoUsd::from_usd(self.out),
        }
    }
}

/// Dollars for a million tokens that somebody may ask for.
pub fn is_price(price: f64) -> bool {
    price.is_finite() && (0.0..1e6).contains(&price)
}

/// What may follow a model's name: nothing, `-latest`, or a date or short number (`-2026-09-22`, `-20260922`, `-001`).
fn is_dated(rest: &str) -> bool {
    let Some(date) = rest.strip_prefix('-') else { return rest.is_empty() };
    let digits = date.bytes().filter(u8::is_ascii_digit).count();
    date == "latest" || ((3..=8).contains(&digits) && date.bytes().all(|b| b.is_ascii_digit() || b == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_that_ships_can_be_read_and_says_where_it_is_from() {
        let list = PriceList::parse(BUILT_IN).unwrap();
        assert!(list.vendors.len() >= 5);
        for vendor in &list.vendors {
            assert!(vendor.source.starts_with("https://") && !vendor.hosts.is_empty(), "{}", vendor.name);
            assert!(vendor.seen.parse::<jiff::civil::Date>().is_ok(), "{}: {}", vendor.name, vendor.seen);
            for model in &vendor.models {
                // Reading from a cache is never dearer; every name finds itself.
                assert!(model.cached_in.is_none_or(|c| c <= model.input), "{}", model.model);
                assert_eq!(vendor.find(&model.model).unwrap().model, model.model);
            }
        }
    }

    #[test]
    fn a_model_is_found_by_host_and_longest_name() {
        let list = PriceList::default();
        let price = |host: &str, model: &str| list.at_host(host, model).map(|p| (p.input, p.out));
        assert_eq!(price("api.openai.com", "gpt-5.4"), Some((2.5, 15.0)));
        assert_eq!(price("API.openai.com", "gpt-5.4-mini-2026-03-17"), Some((0.75, 4.5)));
        assert_eq!(price("api.anthropic.com", "claude-haiku-4-5-20251001"), Some((1.0, 5.0)));
        assert_eq!(price("api.anthropic.com", "claude-opus-5-5"), Some((4.0, 20.0)));
        assert_eq!(price("api.anthropic.com", "claude-opus-5-20260801"), Some((5.0, 25.0)));
        assert_eq!(price("generativelanguage.googleapis.com", "gemini-3.5-flash-latest"), Some((1.5, 9.0)));
        assert_eq!(price("api.groq.com", "openai/gpt-oss-20b"), Some((0.075, 0.3)));
        for (host, model) in [
            ("api.openai.com", "gpt-5.4-turbo"),
            ("api.openai.com", "gpt-5"),
            ("api.openai.com", "gpt-5.5-pro"),
            ("api.openai.com", "claude-opus-5"),
            ("gateway.example", "gpt-5.4"),
        ] {
            assert_eq!(price(host, model), None, "{model} at {host}");
        }
        assert_eq!(list.named("anthropic/claude-sonnet-5").unwrap().prices().cache_write, NanoUsd(2_500_000_000));
        assert_eq!((list.named("claude-sonnet-5"), list.named("nobody/claude-sonnet-5")), (None, None));
        assert_eq!(list.at_host("api.openai.com", "gpt-6-sol").unwrap().batch, Some(0.5));
    }

    #[test]
    fn a_list_of_ones_own_goes_over_the_built_in_one() {
        let own = PriceList::parse(
            "[[vendor]]\nname = \"openai\"\nhosts = [\"eu.api.openai.com\"]\nmodels = [{ model = \"gpt-6-sol\", in = 2.2, out = 11.0 }]\n\
             [[vendor]]\nname = \"ours\"\nhosts = [\"models.example\"]\nmodels = [{ model = \"m\", in = 0, out = 0 }]\n",
        )
        .unwrap();
        let list = PriceList::default().with(own);
        assert_eq!(list.at_host("eu.api.openai.com", "gpt-6-sol").map(|p| p.input), Some(2.2));
        assert_eq!(list.at_host("api.openai.com", "gpt-6-luna").map(|p| p.input), Some(0.1));
        assert_eq!(list.at_host("models.example", "m").map(|p| p.prices().bills()), Some(false));
    }

    #[test]
    fn a_list_that_makes_no_sense_is_refused() {
        for (text, said) in [
            ("[[vendor]]\nname = \"\"\n", "needs a `name`"),
            ("[[vendor]]\nname = \"x\"\nmodels = [{ model = \"m\", in = -1, out = 0 }]\n", "0 or more"),
            ("[[vendor]]\nname = \"x\"\nbatch = 2.0\nmodels = [{ model = \"m\", in = 1, out = 0 }]\n", "0 to 1"),
            ("[[vendor]]\nname = \"x\"\nprice = 3\n", "unknown field `price`"),
        ] {
            let error = PriceList::parse(text).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
