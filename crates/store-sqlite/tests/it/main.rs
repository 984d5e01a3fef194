//! The contract of every store, and what only this one promises: about its file, its batches and its WAL.

mod batches;
mod checkpoints;
mod contract;
mod disk;
mod opening;
mod workplace;
