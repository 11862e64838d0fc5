//! Publishing against real repositories: bare ones in folders, one over HTTP with a hook, and a forge that keeps state.

mod forge;
mod http;
mod repository;
mod support;
mod text;
