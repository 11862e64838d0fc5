//! The fakes themselves: a test of the program is worth what its fakes are.

mod web;

mod invent;

mod model;

mod gpu_box;

mod forge;

mod desk;
