//! Death at any moment, and what must not change by it: nothing is lost, nothing is proposed twice, and no answer that was
//! committed is bought again.

pub(crate) mod world;

pub(crate) mod store;

mod points;

mod anytime;

mod answers;

mod lost_replies;

mod stops;
