//! What runs without allocating.
