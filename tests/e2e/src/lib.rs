//! Flows through the whole system, and rules about the repository and its template: see `tests/it`.
