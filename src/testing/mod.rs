//! Emulated Entra.
