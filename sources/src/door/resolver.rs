//! The resolver of the door's clients: what it answers is what is connected to.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::is_public;
use super::error::Blocked;

/// Resolves by the system, and refuses a name of which any address is not public.
#[derive(Debug)]
pub(super) struct Resolver {
    /// Private addresses are given out too: only for hosts with an exception.
    pub(super) private: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if !private {
                check(name.as_str(), &found)?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// One private address among several is enough to refuse: which of them is connected to is not ours to choose.
pub(super) fn check(name: &str, found: &[SocketAddr]) -> Result<(), Blocked> {
    match found.iter().find(|address| !is_public(address.ip())) {
        Some(address) => Err(Blocked { name: name.to_owned(), address: address.ip() }),
        None => Ok(()),
    }
}
