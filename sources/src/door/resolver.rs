//! The resolver of the door's clients: what it answers is what is connected to.

use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolving};

use super::address::is_public;
use super::error::Blocked;

/// Most addresses of one name that are looked at.
const MOST: usize = 64;

/// Finds the addresses of a name. The door checks every answer; an implementation need not.
pub trait Resolve: Debug + Send + Sync + 'static {
    /// The addresses of `name`, in the order in which they are to be tried. Asked anew for each connection.
    ///
    /// # Errors
    /// Where the name has none, or nobody answers.
    fn resolve(&self, name: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
}

/// The resolver of the system, its hosts file included.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// A resolver between another and a client: refuses a name of which any address is not public. The client connects to the
/// very addresses that were checked, since it gets no others.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) by: Arc<dyn Resolve>,
    /// Private addresses are given out too: only for hosts with an exception.
    pub(super) private: bool,
}

impl reqwest::dns::Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (by, private) = (self.by.clone(), self.private);
        Box::pin(async move {
            let mut found = by.resolve(name.as_str().to_owned()).await?;
            found.truncate(MOST);
            if found.is_empty() {
                return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address").into());
            }
            if !private {
                check(name.as_str(), &found)?;
            }
            // The client puts the URL's port in the place of 0.
            Ok(Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}

/// One private address among several is enough to refuse: which of them is connected to is not ours to choose.
pub(super) fn check(name: &str, found: &[IpAddr]) -> Result<(), Blocked> {
    match found.iter().find(|address| !is_public(**address)) {
        Some(address) => Err(Blocked { name: name.to_owned(), address: *address }),
        None => Ok(()),
    }
}
