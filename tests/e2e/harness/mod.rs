//! The world of the end-to-end tests.
//!
//! Each fake is a process of its own to the program under test: a server on loopback with state, on a thread of the test
//! process, so that it outlives a program that is killed. Each keeps a [`ledger::Ledger`] of what it was asked; the
//! ledger, not the program's database, is the oracle.
#![allow(dead_code, reason = "each test uses its own part of the world")]

pub(crate) mod ledger;
pub(crate) mod server;

pub(crate) mod invent;
pub(crate) mod web;

pub(crate) mod answers;
pub(crate) mod model;
pub(crate) mod obedient;
pub(crate) mod replies;

pub(crate) mod gpu_box;

pub(crate) mod bare;
pub(crate) mod forge;
pub(crate) mod site;

pub(crate) mod desk;

use std::path::{Path, PathBuf};
use std::sync::Once;

/// The root of the workspace.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of recorded data: `PIPELINE_TEST_DATA`, or `../shared/data` beside the workspace. `None` where it is missing.
pub(crate) fn data_dir() -> Option<PathBuf> {
    let dir = std::env::var_os("PIPELINE_TEST_DATA").map_or_else(|| workspace().join("../shared/data"), PathBuf::from);
    dir.is_dir().then_some(dir)
}

/// The Hugo binary: `PIPELINE_HUGO`, or `.tools/hugo` in the workspace. `None` where it is missing.
pub(crate) fn hugo() -> Option<PathBuf> {
    let binary = std::env::var_os("PIPELINE_HUGO").map_or_else(|| workspace().join(".tools/hugo"), PathBuf::from);
    binary.is_file().then_some(binary)
}

/// Says loudly that a test did not run, and why. The test returns after it.
#[allow(clippy::print_stderr, reason = "a skipped test has no other way to say so")]
pub(crate) fn skip(why: &str) {
    let thread = std::thread::current();
    eprintln!("SKIPPED {}: {why}", thread.name().unwrap_or("test"));
}

/// An HTTP client for the tests themselves: no proxy, no redirects followed, ten seconds at most.
pub(crate) fn client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // An error means that another test of this process was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(std::time::Duration::from_secs(10))
        .build()
        .expect("a client without special options can be built")
}
