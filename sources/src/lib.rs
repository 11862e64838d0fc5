//! From the web to a fingerprinted candidate.
//!
//! A source is polled and gives entries; an entry is fetched and gives a snapshot; a snapshot's text is fingerprinted. Every
//! URL that came from outside goes through the one [`door`], and [`polite`] keeps its manners. Nothing here knows a store, tells the
//! time or draws a number: what must be remembered is handed back ([`PollState`], [`HostMemory`]), and `now` is an argument.

pub mod canonical;
pub mod door;
pub mod extract;
pub mod fetch;
pub mod fingerprint;
pub mod interval;
pub mod polite;
pub mod source;

mod autodiscovery;
mod charset;
mod dates;
mod feed;
mod files;
mod github;
mod hackernews;
mod json;
mod listing;
mod opml;
mod pace;
mod plain;
mod reddit;
mod sitemap;
mod robots;

pub use autodiscovery::{FeedForm, FoundFeed, feeds_of, guesses};
pub use canonical::canonical;
pub use door::{Conditional, Door, DoorError, DoorOptions, Extra, Resolve, Response, Retry, SystemResolver, Wire};
pub use extract::{EXTRACTOR, ExtractError, Extracted, Image, extract};
pub use feed::{FeedRead, read_feed};
pub use fetch::{Carried, FetchError, Fetched, FetchedVia, fetch};
pub use fingerprint::{Comparing, Fingerprint, Likeness, Preset, Relation, Thresholds, compare};
pub use github::{GithubSource, GithubVia};
pub use hackernews::{HackernewsList, HackernewsSource};
pub use opml::{OpmlError, OpmlFeed, OpmlLeftOut, OpmlList, read_opml};
pub use polite::{HostMemory, Manners, Polite, Rest};
pub use reddit::{RedditSort, RedditSource};
pub use robots::RobotsFile;
pub use sitemap::SitemapSource;
pub use source::{Entry, Look, PollState, Polled, SourceError, SourceSpec, Token, look, poll};
