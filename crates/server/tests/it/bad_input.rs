//! Bad input, tried on the program as it is: each case names the place and the remedy, ends with the right code, loses
//! nothing, and the next good run works.

mod feed;
mod output;
mod project;
mod store;
mod support;
mod words;
