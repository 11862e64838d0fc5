//! Hostile texts: what a page says to a model, and what a draft would do to a site, a reader or a judge.

mod pages;
mod texts;
mod desk;
mod site;

mod injected;
mod run;
mod markup;
mod judged;
