//! Hostile servers, names, addresses and documents, all on loopback. The ledgers of the listeners are the oracle.

mod addresses;
mod exceptions;
mod loopback;
mod markup;
mod names;
mod redirects;
mod slow;
