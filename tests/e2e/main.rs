//! End-to-end tests: the program as a child process, the world around it as stateful fakes on loopback.

mod harness;

mod fakes;

mod kills;
mod world;

mod demo;

mod worker;
mod readiness;
mod awake;
mod worker_cli;
mod recipes;
mod gate;
mod models;
mod llama;
mod routes;
mod limits;
mod batch;
mod clients;
mod cost;
mod revisions;
mod stories;
mod bad_input;
mod invisible;
mod sites;
mod hostile;
mod sources;
mod real;
mod store;
mod replay;
mod backtest;
