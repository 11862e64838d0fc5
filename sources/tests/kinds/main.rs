//! Kinds of source that are asked through an interface, polled from a web on loopback.

mod github;
mod hackernews;
mod hostile;
mod reddit;
mod sitemap;
mod web;
