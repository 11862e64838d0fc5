//! `[money]`: what things cost, and in which currency it is told; and what a provider's answers cost.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sources::door::{is_local_name, is_public};
use states::words::{Amount, NanoUsd, Prices};
use url::{Host, Url};

use super::{Config, ProviderKind, ProviderSection};
use crate::models::{ListedPrice, PriceList, is_price};

/// What things cost, and in which currency it is told. Models bill in US dollars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Money {
    /// A file of prices that is put over the built-in list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prices: Option<PathBuf>,
    /// The currency of electricity and of the box.
    pub currency: String,
    /// Units of the currency for a US dollar.
    pub usd_rate: f64,
    /// Units of the currency for a kilowatt-hour.
    pub kwh_price: f64,
    /// US dollars for an hour of a rented GPU that would do.
    pub rent_usd_per_hour: f64,
    /// Units of the currency for a box of one's own; without it owning is not compared with renting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub box_price: Option<f64>,
    /// The years over which the box is paid off.
    pub box_years: f64,
    /// The naive way's model: dollars for a million prompt tokens.
    pub naive_price_in: f64,
    /// The naive way's model: dollars for a million answer tokens.
    pub naive_price_out: f64,
}

impl Default for Money {
    fn default() -> Self {
        Self {
            prices: None,
            currency: "USD".into(),
            usd_rate: 1.0,
            kwh_price: 0.30,
            rent_usd_per_hour: 0.50,
            box_price: None,
            box_years: 4.0,
            naive_price_in: 3.0,
            naive_price_out: 15.0,
        }
    }
}

impl Money {
    pub(super) fn check(&self) -> Result<(), String> {
        let named = !self.currency.is_empty()
            && self.currency.len() <= 8
            && self.currency.chars().all(|c| c.is_ascii_alphanumeric());
        if !named {
            return Err("[money]: `currency` is a short name such as USD or EUR".into());
        }
        let positive = |name: &str, n: f64| match n.is_finite() && n > 0.0 && n < 1e6 {
            true => Ok(()),
            false => Err(format!("[money]: `{name}` must be above 0")),
        };
        positive("usd_rate", self.usd_rate)?;
        positive("box_years", self.box_years)?;
        for (name, price) in [
            ("kwh_price", Some(self.kwh_price)),
            ("rent_usd_per_hour", Some(self.rent_usd_per_hour)),
            ("box_price", self.box_price),
            ("naive_price_in", Some(self.naive_price_in)),
            ("naive_price_out", Some(self.naive_price_out)),
        ] {
            if price.is_some_and(|p| !is_price(p)) {
                return Err(format!("[money]: `{name}` must be 0 or more"));
            }
        }
        Ok(())
    }

    /// The price of a kilowatt-hour.
    pub fn per_kwh(&self) -> Amount {
        Amount::from_units(self.kwh_price)
    }

    /// What the naive way's model takes.
    pub fn naive(&self) -> Prices {
        Prices::plain(NanoUsd::from_usd(self.naive_price_in), NanoUsd::from_usd(self.naive_price_out))
    }
}

/// On which terms a provider answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// It is somebody else's, or bills: a gateway on a private address may do so.
    pub hosted: bool,
    /// What it takes for a million tokens.
    pub prices: Prices,
    /// What a batch costs, in thousandths of the prices.
    pub batch_thousandths: u32,
}

impl Terms {
    /// `hosted` or `local`, as the ledger calls it.
    pub fn tier(&self) -> &'static str {
        if self.hosted { "hosted" } else { "local" }
    }
}

impl Config {
    /// Puts the file of `[money] prices` over the built-in list.
    pub(super) fn read_prices(&mut self) -> Result<(), String> {
        let Some(file) = self.money.prices.as_ref().map(|file| self.path(file)) else { return Ok(()) };
        let wrong = |why: &dyn std::fmt::Display| {
            format!(
                "[money] prices: {}: {why}\n  next: mend it, or leave `prices` out; docs/money.md shows the form",
                file.display()
            )
        };
        let text = std::fs::read_to_string(&file).map_err(|e| wrong(&e))?;
        let over = PriceList::parse(&text).map_err(|e| wrong(&e))?;
        self.price_list = std::mem::take(&mut self.price_list).with(over);
        Ok(())
    }

    /// On which terms a provider answers: what it says of prices, else what the list says, else nothing for a model of one's
    /// own.
    ///
    /// # Errors
    /// When a hosted model's price is neither given nor listed, or does not hold for its context: every cent is booked, so
    /// that nobody's price is guessed.
    pub fn terms(&self, provider: &ProviderSection) -> Result<Terms, String> {
        let free = Terms { hosted: false, prices: Prices::default(), batch_thousandths: 1_000 };
        if provider.kind == ProviderKind::Replay {
            return Ok(free);
        }
        let wrong = |why: String| Err(format!("the provider `{}`: {why}", provider.name));
        let given = [provider.price_in, provider.price_cached, provider.price_cache_write, provider.price_out];
        if given.into_iter().flatten().any(|p| !is_price(p)) {
            return wrong("prices are dollars for a million tokens: 0 or more".into());
        }
        if provider.batch_price.is_some_and(|part| !(0.0..=1.0).contains(&part)) {
            return wrong("`batch_price` is a part of the price: 0 to 1".into());
        }
        let hosted = provider.is_hosted();
        let listed = match &provider.price_as {
            Some(name) => match self.price_list.named(name) {
                Some(listed) => Some(listed),
                None => {
                    return wrong(format!(
                        "`price_as = \"{name}\"` is not in the price list: `vendor/model` is expected"
                    ));
                }
            },
            None => provider.host().filter(|_| hosted).and_then(|host| self.price_list.at_host(&host, &provider.model)),
        };
        let free_said = provider.price_in == Some(0.0) && provider.price_out.is_none();
        let whole = provider.price_in.is_some() && provider.price_out.is_some();
        if hosted && listed.is_none() && !whole && !free_said {
            return wrong(format!(
                "no price is known of `{}` at {}\n  next: give `price_in` and `price_out` (dollars for a million tokens; `price_in = 0` \
                 alone says that it is free), or `price_as = \"vendor/model\"` for a listed one",
                provider.model,
                provider.host().unwrap_or_else(|| provider.base_url.clone()),
            ));
        }
        let limit = listed.as_ref().and_then(|l| l.up_to).filter(|_| !whole);
        if let Some(limit) = limit.filter(|limit| provider.context_tokens > *limit) {
            return wrong(format!(
                "the listed price of `{}` holds for prompts of up to {limit} tokens\n  next: set `context_tokens` to {limit} or less, or give \
                 `price_in` and `price_out`",
                provider.model
            ));
        }
        let prices = if free_said { Prices::default() } else { provider.prices_over(listed.as_ref()) };
        let batch = provider.batch_price.or(listed.and_then(|l| l.batch));
        let batch = batch.unwrap_or(if provider.batch.is_empty() { 1.0 } else { 0.5 });
        Ok(Terms { hosted: hosted || prices.bills(), prices, batch_thousandths: (batch * 1_000.0).round() as u32 })
    }

    /// True when answers of this provider cost money.
    pub fn bills(&self, provider: &ProviderSection) -> bool {
        self.terms(provider).is_ok_and(|terms| terms.prices.bills())
    }
}

impl ProviderSection {
    /// What is given beats what is listed. Where the price of the prompt is given, the listed prices of the cache, which are
    /// parts of another one, do not hold.
    fn prices_over(&self, listed: Option<&ListedPrice>) -> Prices {
        let listed = listed.map(ListedPrice::prices).unwrap_or_default();
        let input = self.price_in.map_or(listed.input, NanoUsd::from_usd);
        // Anthropic's cache of five minutes: a tenth for what is read from it, five quarters for what is written.
        let [read, write] = if self.kind == ProviderKind::Anthropic { [(1, 10), (5, 4)] } else { [(1, 1); 2] };
        let cache = |given: Option<f64>, listed: NanoUsd, (part, of): (i64, i64)| match given {
            Some(given) => NanoUsd::from_usd(given),
            None if self.price_in.is_some() => NanoUsd(input.0.saturating_mul(part) / of),
            None => listed,
        };
        Prices {
            input,
            cached: cache(self.price_cached, listed.cached, read),
            cache_write: cache(self.price_cache_write, listed.cache_write, write),
            output: self.price_out.map_or(listed.output, NanoUsd::from_usd),
        }
    }

    fn host(&self) -> Option<String> {
        Url::parse(self.address()).ok()?.host_str().map(str::to_owned)
    }

    /// True when it is somebody else's: it runs on no worker and on no private address.
    pub fn is_hosted(&self) -> bool {
        let Ok(url) = Url::parse(self.address()) else { return false };
        let public = match url.host() {
            Some(Host::Ipv4(ip)) => is_public(ip.into()),
            Some(Host::Ipv6(ip)) => is_public(ip.into()),
            Some(Host::Domain(name)) => !is_local_name(name),
            None => false,
        };
        self.kind != ProviderKind::Replay && self.worker.is_none() && public
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(text: &str) -> ProviderSection {
        toml::from_str(&format!("name = \"p\"\n{text}")).unwrap()
    }

    fn terms(text: &str) -> Result<Terms, String> {
        Config::default().terms(&provider(text))
    }

    fn usd(prices: Prices) -> [f64; 4] {
        [prices.input, prices.cached, prices.cache_write, prices.output].map(NanoUsd::usd)
    }

    #[test]
    fn whose_a_model_is_follows_from_where_it_runs() {
        for (base, hosted) in [
            ("https://api.openai.com/v1", true),
            ("https://8.8.8.8/v1", true),
            ("http://127.0.0.1:11434/v1", false),
            ("http://192.168.1.20:11434", false),
            ("http://100.101.1.2:8080/v1", false),
            ("http://[fd00::1]:8080/v1", false),
            ("http://box:8080/v1", false),
            ("http://gpu.lan/v1", false),
        ] {
            assert_eq!(provider(&format!("base_url = \"{base}\"")).is_hosted(), hosted, "{base}");
        }
        assert!(!provider("base_url = \"https://gpu.example/v1\"\nworker = \"box\"").is_hosted());
    }

    #[test]
    fn what_is_given_beats_what_is_listed() {
        let openai = "base_url = \"https://api.openai.com/v1\"\nmodel = \"gpt-6-luna-2026-09-22\"\n";
        let listed = terms(openai).unwrap();
        assert_eq!(
            (usd(listed.prices), listed.batch_thousandths, listed.tier()),
            ([0.10, 0.01, 0.125, 0.50], 500, "hosted")
        );
        let over = |given: &str| usd(terms(&format!("{openai}{given}")).unwrap().prices);
        assert_eq!(over("price_out = 0.6"), [0.10, 0.01, 0.125, 0.6]);
        assert_eq!(over("price_in = 0.2"), [0.2, 0.2, 0.2, 0.5]);
        assert_eq!(over("price_in = 0.2\nprice_cached = 0.05"), [0.2, 0.05, 0.2, 0.5]);
        assert_eq!(over("price_in = 0"), [0.0; 4], "free is said");
        let gateway = "base_url = \"https://gateway.example/v1\"\nmodel = \"x\"\nprice_as = \"openai/gpt-6-luna\"";
        assert_eq!(usd(terms(gateway).unwrap().prices), [0.10, 0.01, 0.125, 0.50]);
    }

    #[test]
    fn a_price_that_nobody_knows_is_refused_and_ones_own_box_is_free() {
        let unknown = "base_url = \"https://models.example/v1\"\nmodel = \"m\"\n";
        for text in [unknown.to_owned(), format!("{unknown}price_in = 0.1"), format!("{unknown}price_out = 0")] {
            let error = terms(&text).unwrap_err();
            assert!(
                error.contains("no price is known of `m` at models.example") && error.contains("`price_in = 0`"),
                "{error}"
            );
        }
        assert!(!terms(&format!("{unknown}price_in = 0")).unwrap().prices.bills());
        assert!(terms(&format!("{unknown}price_in = 0.1\nprice_out = 0.4")).unwrap().prices.bills());
        assert_eq!(terms("model = \"m\"").unwrap().tier(), "local");
        assert!(!terms("model = \"m\"").unwrap().prices.bills());
        assert_eq!(terms("price_in = 0.1").unwrap().tier(), "hosted", "a gateway at home that bills");
        assert!(terms("kind = \"replay\"\nbase_url = \"https://models.example/v1\"").is_ok());
        assert!(terms("price_as = \"nobody/m\"").unwrap_err().contains("not in the price list"));
        assert!(terms("price_in = -1.0").unwrap_err().contains("0 or more"));
        assert!(terms("batch_price = 2.0").unwrap_err().contains("0 to 1"));
    }

    #[test]
    fn a_context_beyond_the_listed_price_is_refused() {
        let long =
            "base_url = \"https://api.anthropic.com/v1\"\nmodel = \"claude-haiku-5-5\"\ncontext_tokens = 150000\n";
        let error = terms(long).unwrap_err();
        assert!(error.contains("up to 100000 tokens") && error.contains("context_tokens"), "{error}");
        assert!(terms(&format!("{long}price_in = 0.5\nprice_out = 2.5")).is_ok());
    }

    #[test]
    fn what_money_says_is_checked() {
        let error = |text: &str| {
            let text = format!("[money]\n{text}\n[[site]]\nname = \"a\"\nrepo = \"r\"\n");
            Config::parse(&text, std::path::Path::new("/nowhere/pipeline.toml")).unwrap_err().to_string()
        };
        assert!(error("currency = \"\"").contains("a short name"));
        assert!(error("usd_rate = 0.0").contains("`usd_rate` must be above 0"));
        assert!(error("kwh_price = -1.0").contains("`kwh_price` must be 0 or more"));
        let missing = error("prices = \"prices.toml\"");
        assert!(missing.contains("/nowhere/prices.toml") && missing.contains("next:"), "{missing}");
    }
}
