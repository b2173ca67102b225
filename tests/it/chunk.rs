//! `chunk!`: what it can say, that the chunk is the one a builder would make, and where its errors are.
//! What it refuses is in `tests/ui/chunk_*.rs`.

mod forms;
mod later;
mod programs;
