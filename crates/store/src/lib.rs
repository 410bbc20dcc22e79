//! SQLite and PostgreSQL behind one concrete type: facts, history, plans, orders, journal.
